/** Roles, as acts name them: by key or by id, of the environment or of the organization. */
import type { RoleSource } from '../db/generated/prisma/enums.ts';
import { InputError, type InputIssue } from './errors.ts';
import { NIL_UUID } from './id.ts';
import type { Reader } from './input.ts';
import { isStorableText } from './text.ts';
import type { Transaction } from './transaction.ts';

/** Ids are uuids; the scope is the organization, or the nil UUID for the environment. */
export type RoleRef = { id: string; scopeId: string; key: string };

/** A role as a membership holds it, or as an invitation offers it. */
export type HeldRole = RoleRef & { source: RoleSource };

/** How an act names roles: at most one of the two. */
export type RoleNames = { roleKeys?: string[] | null; roleIds?: string[] | null };

const MAX_ROLES = 100;

/** The roles that may be meant in some organizations. */
export type RoleBook = {
  all: readonly RoleRef[];
  /** An organization's own role comes before the environment's of the same key. */
  byKey(organizationId: string, key: string): RoleRef | undefined;
  byId(organizationId: string, id: string): RoleRef | undefined;
};

/** Reads how a row names roles. */
export function readRoleNames(read: Reader, { roleKeys, roleIds }: RoleNames): RoleNames {
  if (roleKeys?.length && roleIds?.length) {
    read.fail('roleIds', 'must be left out where roleKeys are given');
  }
  for (const [field, names] of Object.entries({ roleKeys, roleIds })) {
    if (names && names.length > MAX_ROLES) {
      read.fail(field, `must be at most ${MAX_ROLES} roles`);
    } else if (names && !names.every(isStorableText)) {
      read.fail(field, 'must name roles that can be assigned here');
    }
  }
  return { roleKeys, roleIds };
}

/** Loads the roles with these keys or ids (uuids) that can be assigned in the organizations. */
export async function loadRoles(
  tx: Transaction,
  organizationIds: string[],
  keys: Iterable<string>,
  ids: Iterable<string>,
): Promise<RoleBook> {
  const scopes = [NIL_UUID, ...organizationIds];
  const rows = await tx.db.$queryRaw<RoleRef[]>`
    SELECT id, scope_id AS "scopeId", key FROM role
    WHERE scope_id = ANY(${scopes}::uuid[])
      AND (key = ANY(${[...new Set(keys)]}::text[]) OR id = ANY(${[...new Set(ids)]}::uuid[]))`;
  const byId = new Map(rows.map((role) => [role.id, role]));
  const byKey = new Map(rows.map((role) => [`${role.scopeId} ${role.key}`, role]));
  return {
    all: rows,
    byKey: (organizationId, key) =>
      byKey.get(`${organizationId} ${key}`) ?? byKey.get(`${NIL_UUID} ${key}`),
    byId(organizationId, id) {
      const role = byId.get(id);
      return role?.scopeId === organizationId || role?.scopeId === NIL_UUID ? role : undefined;
    },
  };
}

/**
 * The roles that `names` mean in the organization, each once; null when it names none.
 *
 * @throws InputError for names that mean none.
 */
export function resolveRoles(
  book: RoleBook,
  organizationId: string,
  names: RoleNames,
): RoleRef[] | null {
  const { roleKeys, roleIds } = names;
  const field = roleKeys?.length ? 'roleKeys' : 'roleIds';
  const wanted = (roleKeys?.length ? roleKeys : roleIds) ?? [];
  if (wanted.length === 0) {
    return null;
  }
  const found = new Map<string, RoleRef>();
  const issues: InputIssue[] = [];
  for (const [index, name] of wanted.entries()) {
    const role =
      field === 'roleKeys' ? book.byKey(organizationId, name) : book.byId(organizationId, name);
    if (role === undefined) {
      issues.push({
        path: [field, String(index)],
        message: 'must name a role that can be assigned here',
      });
    } else {
      found.set(role.id, role);
    }
  }
  if (issues.length > 0) {
    throw new InputError(issues);
  }
  return [...found.values()];
}

/** The roles of memberships (uuids), by membership. */
export async function loadHeldRoles(
  tx: Transaction,
  membershipIds: string[],
): Promise<Map<string, HeldRole[]>> {
  const rows = await tx.db.$queryRaw<(HeldRole & { membershipId: string })[]>`
    SELECT membership_id AS "membershipId", role.id, role.scope_id AS "scopeId", role.key, source
    FROM role_assignment JOIN role ON role.id = role_id
    WHERE membership_id = ANY(${membershipIds}::uuid[])
    ORDER BY role.key, role.id, source`;
  const held = new Map<string, HeldRole[]>();
  for (const { membershipId, ...role } of rows) {
    held.set(membershipId, [...(held.get(membershipId) ?? []), role]);
  }
  return held;
}

/** How roles stand in the detail of an event: they may be gone when it is read. */
export function rolesInDetail(
  roles: readonly HeldRole[],
): { id: string; key: string; source: RoleSource }[] {
  return roles.map(({ id, key, source }) => ({ id, key, source }));
}
