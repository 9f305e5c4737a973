/** What can be permitted, what the built-in roles hold, and the one function that decides. */
import type { Principal } from './principal.ts';

/** Gatehouse's own permissions, those of an organization first. */
const CATALOGUE = {
  'organization:read': ['organization', 'See the organization and its seats.'],
  'organization:update': ['organization', 'Change the name, slug and logo of the organization.'],
  'organization:delete': ['organization', 'Delete the organization with everything in it.'],
  'settings:update': ['organization', 'Change who may join the organization and how they sign in.'],
  'membership:read': [
    'organization',
    'See memberships with name, picture, roles, status and dates.',
  ],
  'membership:readDetails': [
    'organization',
    'See addresses, metadata, external ids, reasons, role assignments, permissions and invitations.',
  ],
  'membership:invite': ['organization', 'Invite people, and resend or revoke invitations.'],
  'membership:update': ['organization', 'Change what the organization keeps about a member.'],
  'membership:suspend': ['organization', 'Suspend and reinstate members.'],
  'membership:remove': ['organization', 'Remove, reactivate and delete memberships.'],
  'role:read': ['organization', 'See the roles that may be assigned.'],
  'role:assign': ['organization', 'Assign roles to members and take them away.'],
  'role:manage': ['organization', "Create, change and delete the organization's own roles."],
  'event:read': ['organization', 'See what happened, and follow it live.'],
  'apikey:manage': ['organization', 'See, create and revoke API keys.'],
  'environment:read': ['environment', 'See the settings of the environment.'],
  'environment:update': ['environment', 'Change the environment, its roles, permissions and keys.'],
  'organization:create': ['environment', 'Create organizations.'],
  'user:read': ['environment', 'See users and their identities.'],
  'user:create': ['environment', 'Create users.'],
  'user:update': ['environment', 'Change users, and link and unlink identities.'],
  'user:delete': ['environment', 'Delete users and everything known about them.'],
  'membership:create': ['environment', 'Add members without an invitation.'],
  'trusted:write': ['environment', 'Write trusted metadata, external ids and seat limits.'],
} as const satisfies Record<string, readonly ['organization' | 'environment', string]>;

export type PermissionName = keyof typeof CATALOGUE;

/** Gatehouse's own permissions. Those of the scope `environment` are for keys of the environment only. */
export const PERMISSIONS: readonly {
  name: PermissionName;
  scope: 'organization' | 'environment';
  description: string;
}[] = (Object.keys(CATALOGUE) as PermissionName[]).map((name) => {
  const [scope, description] = CATALOGUE[name];
  return { name, scope, description };
});

/** What a key holds that may do everything, also what later versions add. */
export const ALL_PERMISSIONS = '*:*';

const ORGANIZATION_PERMISSIONS = PERMISSIONS.flatMap(({ name, scope }) =>
  scope === 'organization' ? [name] : [],
);

const FOR_KEYS = new Set<string>(
  PERMISSIONS.flatMap(({ name, scope }) => (scope === 'environment' ? [name] : [])),
);

/** The permissions of the built-in roles. */
export const BUILT_IN_ROLES = {
  owner: ORGANIZATION_PERMISSIONS,
  admin: ORGANIZATION_PERMISSIONS.filter((name) => name !== 'organization:delete'),
  member: ['organization:read', 'membership:read', 'role:read'],
} as const satisfies Record<string, readonly PermissionName[]>;

const NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,62}:(?:\*|[a-zA-Z][a-zA-Z0-9_-]{0,62})$/;

/** Whether `text` may stand in the permissions of a role or key: a permission, `resource:*`, or `*:*`. */
export function isPermissionPattern(text: string): boolean {
  return text === ALL_PERMISSIONS || NAME.test(text);
}

/** Whether one of `patterns` covers `permission`, which may itself be a wildcard. */
export function covers(patterns: readonly string[], permission: string): boolean {
  const resource = permission.slice(0, permission.indexOf(':'));
  const everyAction = `${resource}:*`;
  return patterns.some(
    (pattern) => pattern === permission || pattern === ALL_PERMISSIONS || pattern === everyAction,
  );
}

/**
 * What `principal` holds in the organization (uuid), or, without one, in the environment as a whole: names and wildcards.
 * Of Gatehouse's own permissions, only `can` tells which of them count there.
 */
function heldBy(principal: Principal, organizationId?: string): readonly string[] {
  switch (principal.kind) {
    case 'system':
      return [ALL_PERMISSIONS];
    case 'apiKey': {
      const reaches =
        principal.organizationId === null || principal.organizationId === organizationId;
      return reaches ? principal.permissions : [];
    }
    case 'user':
      return organizationId === undefined
        ? []
        : (principal.rights.get(organizationId)?.permissions ?? []);
    case 'anonymous':
      return [];
  }
}

/** Whether the permissions of the environment can be the principal's at all. */
function isOfEnvironment(principal: Principal): boolean {
  return (
    principal.kind === 'system' ||
    (principal.kind === 'apiKey' && principal.organizationId === null)
  );
}

/**
 * Whether `principal` may do what `permission` opens: in the organization (uuid), or, without one, in the environment
 * as a whole. Everything that asks for a right asks here.
 */
export function can(
  principal: Principal,
  permission: PermissionName,
  organizationId?: string,
): boolean {
  return (
    (!isForKeys(permission) || isOfEnvironment(principal)) &&
    covers(heldBy(principal, organizationId), permission)
  );
}

/** Whether only keys of the environment can have the permission, whatever wildcard covers it elsewhere. */
export function isForKeys(permission: string): boolean {
  return FOR_KEYS.has(permission);
}

/** The organizations (uuids) where the principal may do all that the permissions open; null: in all there are. */
export function organizationsWhere(
  principal: Principal,
  ...permissions: PermissionName[]
): string[] | null {
  if (isOfEnvironment(principal) && permissions.every((name) => can(principal, name))) {
    return null;
  }
  const candidates =
    principal.kind === 'user'
      ? [...principal.rights.keys()]
      : principal.kind === 'apiKey' && principal.organizationId !== null
        ? [principal.organizationId]
        : [];
  // Many hold the same in very many.
  const known = new Map<readonly string[], boolean>();
  return candidates.filter((id) => {
    const held = heldBy(principal, id);
    const may = known.get(held) ?? permissions.every((name) => can(principal, name, id));
    known.set(held, may);
    return may;
  });
}

/** Whether the principal may do it in some organization, or in the environment as a whole. */
export function canSomewhere(principal: Principal, permission: PermissionName): boolean {
  return organizationsWhere(principal, permission)?.length !== 0;
}

/**
 * What `principal` holds in the organization (uuid), or, without one, in the environment as a whole: Gatehouse's own
 * permissions spelled out, then the application's as they were given, in the order of their names.
 */
export function permissionsOf(principal: Principal, organizationId?: string): string[] {
  const own = PERMISSIONS.flatMap(({ name }) =>
    can(principal, name, organizationId) ? [name] : [],
  );
  const others = new Set(heldBy(principal, organizationId).filter((name) => !(name in CATALOGUE)));
  return [...own, ...[...others].sort()];
}

/** Those of `permissions` (names and wildcards) that the principal does not hold in the organization (uuid). */
export function lacking(
  principal: Principal,
  permissions: readonly string[],
  organizationId?: string,
): string[] {
  const held = heldBy(principal, organizationId);
  return permissions.filter((name) => !covers(held, name));
}

/**
 * Whether the principal may act on owners of the organization (uuid): owners may, and keys that hold all that owners
 * do.
 */
export function mayTouchOwners(principal: Principal, organizationId: string): boolean {
  return principal.kind === 'user'
    ? principal.rights.get(organizationId)?.isOwner === true
    : holdsAllOfOwners(heldBy(principal, organizationId));
}

/** Whether a key with these permissions (names and wildcards) may act on owners. */
export function holdsAllOfOwners(permissions: readonly string[]): boolean {
  return BUILT_IN_ROLES.owner.every((name) => covers(permissions, name));
}
