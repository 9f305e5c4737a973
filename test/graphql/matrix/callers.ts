/** Who may call, as the design's table of rights sees them: nothing here asks the code what it thinks. */

/** The organizations of the matrix. */
export type Tenant = 'A' | 'B';

export type Code = 'AUTH_METHOD_NOT_ALLOWED' | 'MFA_REQUIRED';

export type Caller = {
  name: string;
  /** A key or a token; null for nobody. */
  credential: string | null;
  kind: 'nobody' | 'key' | 'person';
  /** The permissions that count, where they count. */
  holds: Record<Tenant | 'environment', readonly string[]>;
  /** Where they act on owners. */
  mayTouchOwners: readonly Tenant[];
  /** The address of a person. */
  email: string | null;
  /** Whether the sign-in vouches for the whole person, and not in one organization only. */
  isWhole: boolean;
  /** Whose user they are. */
  userId: string | null;
  /** Their memberships that the sign-in reaches. */
  own: Partial<Record<Tenant, { id: string; isActive: boolean; status: Part['status'] }>>;
  /** Their memberships that it does not reach. */
  beyond: Partial<Record<Tenant, string>>;
  /** Why they have no rights although they are members. */
  refused: Partial<Record<Tenant, Code>>;
  /** Where the domain of their verified address lets them in by themselves. */
  joins: readonly Tenant[];
  /** Where their verified address can take them: there, and where they are members, invited or suspended. */
  mayEnter: readonly Tenant[];
  /** What the sign-in lacks where it can take them. */
  lacks: Partial<Record<Tenant, Code>>;
};

/** Permissions of an organization. */
export const OF_ORGANIZATION = [
  'organization:read',
  'organization:update',
  'organization:delete',
  'settings:update',
  'membership:read',
  'membership:readDetails',
  'membership:invite',
  'membership:update',
  'membership:suspend',
  'membership:remove',
  'role:read',
  'role:assign',
  'role:manage',
  'event:read',
  'apikey:manage',
] as const;

/** Permissions that only keys of the environment hold. */
export const OF_ENVIRONMENT = [
  'environment:read',
  'environment:update',
  'organization:create',
  'user:read',
  'user:create',
  'user:update',
  'user:delete',
  'membership:create',
  'trusted:write',
] as const;

export type Permission = (typeof OF_ORGANIZATION | typeof OF_ENVIRONMENT)[number];

/** What the built-in roles hold. */
export const ROLES: Record<string, readonly Permission[]> = {
  owner: OF_ORGANIZATION,
  admin: OF_ORGANIZATION.filter((name) => name !== 'organization:delete'),
  member: ['organization:read', 'membership:read', 'role:read'],
};

const NOTHING: Caller = {
  name: 'anonymous',
  credential: null,
  kind: 'nobody',
  holds: { A: [], B: [], environment: [] },
  mayTouchOwners: [],
  email: null,
  isWhole: false,
  userId: null,
  own: {},
  beyond: {},
  refused: {},
  joins: [],
  mayEnter: [],
  lacks: {},
};

export const ANONYMOUS = NOTHING;

/** A key of the environment with these permissions. */
export function environmentKey(name: string, credential: string, held: readonly string[]): Caller {
  const inside = held.filter((permission) => OF_ORGANIZATION.some((own) => own === permission));
  return {
    ...NOTHING,
    name,
    credential,
    kind: 'key',
    holds: { A: inside, B: inside, environment: held },
    mayTouchOwners: inside.length === OF_ORGANIZATION.length ? ['A', 'B'] : [],
  };
}

/** A key of an organization with these permissions. */
export function organizationKey(
  name: string,
  credential: string,
  tenant: Tenant,
  held: readonly string[],
): Caller {
  return {
    ...NOTHING,
    name,
    credential,
    kind: 'key',
    holds: { ...NOTHING.holds, [tenant]: held },
    mayTouchOwners: held.length === OF_ORGANIZATION.length ? [tenant] : [],
  };
}

/** What a person is in an organization. */
export type Part = {
  id: string;
  userId: string;
  isOwner: boolean;
  status: 'ACTIVE' | 'SUSPENDED' | 'REMOVED' | 'PENDING_INVITE';
  /** Of their role. */
  permissions: readonly string[];
  refused?: Code;
};

const LEADS_INSIDE: readonly Part['status'][] = ['ACTIVE', 'SUSPENDED', 'PENDING_INVITE'];

/** A person with what they are in the organizations that their sign-in reaches. */
export function person(
  name: string,
  credential: string,
  email: string,
  parts: Partial<Record<Tenant, Part>>,
  isWhole = true,
  { joins = [], lacks, beyond = {} }: Partial<Pick<Caller, 'joins' | 'lacks' | 'beyond'>> = {},
): Caller {
  const caller: Caller = {
    ...NOTHING,
    name,
    credential,
    kind: 'person',
    holds: { ...NOTHING.holds },
    email,
    isWhole,
    own: {},
    beyond,
    refused: {},
    joins,
    mayEnter: joins,
  };
  for (const tenant of ['A', 'B'] as const) {
    const part = parts[tenant];
    if (part !== undefined) {
      const isActive = part.status === 'ACTIVE';
      const permissions = isActive && part.refused === undefined ? part.permissions : [];
      caller.holds[tenant] = permissions;
      caller.own[tenant] = { id: part.id, isActive, status: part.status };
      caller.userId = part.userId;
      if (part.isOwner && permissions.length > 0) {
        caller.mayTouchOwners = [...caller.mayTouchOwners, tenant];
      }
      if (part.refused !== undefined) {
        caller.refused[tenant] = part.refused;
      }
      if (LEADS_INSIDE.includes(part.status) && !joins.includes(tenant)) {
        caller.mayEnter = [...caller.mayEnter, tenant];
      }
    }
  }
  caller.lacks = lacks ?? caller.refused;
  return caller;
}

/** Whether nothing that they are, hold or may become reaches into B. */
export function isStrangerToB({ holds, own, mayEnter }: Caller): boolean {
  const holdsNothing = holds.B.length + holds.environment.length === 0;
  return holdsNothing && own.B === undefined && !mayEnter.includes('B');
}

/** Strangers to B with one permission in A, of whom there are many: what B is to them, it is to all strangers. */
export function isOneOfMany(caller: Caller): boolean {
  return isStrangerToB(caller) && caller.holds.A.length === 1;
}
