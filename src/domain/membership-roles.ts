/** Roles of members: giving them and taking them away. */
import type { EventCause, RoleSource } from '../db/generated/prisma/enums.ts';
import { actorId } from './actor.ts';
import { demandOwner } from './authorize.ts';
import { settleDeadlines } from './deadline.ts';
import { isOwnerRole } from './environment.ts';
import { ConflictError, InputError, InvalidTransitionError, NotFoundError } from './errors.ts';
import { readInput } from './input.ts';
import { loadMemberships, type MembershipRecord } from './membership-record.ts';
import { assertOwnerRemains, loadOwners } from './owner.ts';
import {
  type HeldRole,
  loadHeldRoles,
  loadRoles,
  type RoleNames,
  type RoleRef,
  readRoleNames,
  resolveRoles,
  rolesInDetail,
} from './role.ts';
import { demandToHoldRoles, loadEffectivePermissions } from './role-grant.ts';
import type { Transaction } from './transaction.ts';

/** Exactly one of `roleIds` and `roleKeys`, with at least one role. Ids are uuids. */
export type RoleChange = RoleNames & { membershipId: string; expectedVersion?: number | null };

/** What the organization gave; the other sources give and take by themselves. */
const OWN_SOURCES: ReadonlySet<RoleSource> = new Set(['DIRECT', 'DEFAULT', 'INVITATION']);

/**
 * Gives roles to a member of the organization (uuid), which is locked. What they were given already stays as it is.
 *
 * @throws InputError, NotFoundError, ConflictError, InvalidTransitionError, RoleTooHighError
 */
export async function assignRoles(
  tx: Transaction,
  organizationId: string,
  input: RoleChange,
): Promise<void> {
  const { membership, roles, held } = await loadChange(tx, organizationId, input);
  const direct = new Set(held.filter(({ source }) => source === 'DIRECT').map(({ id }) => id));
  const added = roles
    .filter(({ id }) => !direct.has(id))
    .map((role): HeldRole => ({ ...role, source: 'DIRECT' }));
  const given = await loadEffectivePermissions(
    tx,
    added.map(({ id }) => id),
  );
  demandToHoldRoles(tx, given, added, organizationId);
  if (added.some(isOwnerRole)) {
    demandOwner(tx.principal, 'role:assign', organizationId);
  }
  await changeRoles(tx, membership, 'ROLE_ASSIGNED', { added, removed: [] });
}

/**
 * Takes roles away from a member of the organization (uuid), which is locked, the last one too.
 *
 * @throws InputError, NotFoundError, ConflictError, InvalidTransitionError, ForbiddenError, LastOwnerError
 */
export async function unassignRoles(
  tx: Transaction,
  organizationId: string,
  input: RoleChange,
): Promise<void> {
  const { membership, roles, held } = await loadChange(tx, organizationId, input);
  const removed = held.filter(
    ({ id, source }) => OWN_SOURCES.has(source) && roles.some((role) => role.id === id),
  );
  demandRemovable(input, roles, held, removed);
  if (!removed.some(isOwnerRole)) {
    await changeRoles(tx, membership, 'ROLE_UNASSIGNED', { added: [], removed });
    return;
  }
  demandOwner(tx.principal, 'role:assign', organizationId);
  const owners = await loadOwners(tx, [organizationId]);
  await changeRoles(tx, membership, 'ROLE_UNASSIGNED', { added: [], removed });
  await assertOwnerRemains(tx, [...owners.keys()]);
}

/**
 * A membership of the organization (uuid), which is locked.
 *
 * @throws NotFoundError or ConflictError
 */
export async function loadMember(
  tx: Transaction,
  organizationId: string,
  membershipId: string,
  expectedVersion?: number | null,
): Promise<MembershipRecord> {
  await settleDeadlines(tx, [organizationId]);
  const [membership] = await loadMemberships(tx, [membershipId]);
  if (membership?.organizationId !== organizationId) {
    throw new NotFoundError('membership');
  }
  if (expectedVersion != null && expectedVersion !== membership.version) {
    throw new ConflictError(membership.version);
  }
  return membership;
}

/** Writes a change of the roles of a membership, whose organization is locked, with its event. None is no change. */
export async function changeRoles(
  tx: Transaction,
  { id, organizationId, userId }: Pick<MembershipRecord, 'id' | 'organizationId' | 'userId'>,
  cause: EventCause,
  { added, removed }: { added: HeldRole[]; removed: HeldRole[] },
): Promise<void> {
  if (added.length === 0 && removed.length === 0) {
    return;
  }
  const now = tx.now.toISOString();
  const scopeIds = added.map(({ scopeId }) => scopeId);
  const addedIds = added.map((role) => role.id);
  const sources = added.map(({ source }) => source);
  await Promise.all([
    // First of all, because it keeps the sort keys that new assignments copy as they are until this commits.
    tx.db.$executeRaw`
      UPDATE membership SET version = version + 1, updated_at = ${now}::timestamptz WHERE id = ${id}::uuid`,
    removed.length > 0 &&
      tx.db.$executeRaw`
        DELETE FROM role_assignment
        USING unnest(${removed.map((role) => role.id)}::uuid[], ${removed.map(({ source }) => source)}::role_source[])
          AS taken(id, source)
        WHERE membership_id = ${id}::uuid AND role_id = taken.id AND role_assignment.source = taken.source`,
    added.length > 0 &&
      tx.db.$executeRaw`
        INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind,
          granted_by_id, granted_at)
        SELECT ${organizationId}::uuid, ${id}::uuid, scope_id, id, source, ${tx.actor.kind}::actor_kind,
          ${actorId(tx.actor)}::uuid, ${now}::timestamptz
        FROM unnest(${scopeIds}::uuid[], ${addedIds}::uuid[], ${sources}::role_source[]) AS given(scope_id, id, source)`,
  ]);
  tx.append({
    type: 'MEMBERSHIP_ROLES_CHANGED',
    cause,
    organizationId,
    membershipId: id,
    userId,
    detail: { added: rolesInDetail(added), removed: rolesInDetail(removed) },
  });
}

async function loadChange(
  tx: Transaction,
  organizationId: string,
  input: RoleChange,
): Promise<{ membership: MembershipRecord; roles: RoleRef[]; held: HeldRole[] }> {
  const names = readNames(input);
  const { membershipId, expectedVersion } = input;
  const [membership, book, held] = await Promise.all([
    loadMember(tx, organizationId, membershipId, expectedVersion),
    loadRoles(tx, [organizationId], names.roleKeys ?? [], names.roleIds ?? []),
    loadHeldRoles(tx, [membershipId]),
  ]);
  if (membership.status !== 'ACTIVE' && membership.status !== 'SUSPENDED') {
    throw new InvalidTransitionError(membership.status);
  }
  const roles = resolveRoles(book, organizationId, names) ?? [];
  return { membership, roles, held: held.get(membershipId) ?? [] };
}

function readNames(input: RoleChange): RoleNames {
  const names = readInput((read) => {
    const { roleIds, roleKeys } = input;
    if ((roleIds == null) === (roleKeys == null)) {
      read.fail('roleIds', 'or roleKeys must be given, and only one of them');
    } else if ((roleIds ?? roleKeys)?.length === 0) {
      read.fail(roleIds == null ? 'roleKeys' : 'roleIds', 'must name at least one role');
    }
    return readRoleNames(read, { roleIds, roleKeys });
  });
  if (names instanceof InputError) {
    throw names;
  }
  return names;
}

/** A role that the member has from elsewhere only cannot be taken away here. */
function demandRemovable(
  { roleIds, roleKeys }: RoleNames,
  roles: RoleRef[],
  held: HeldRole[],
  removed: HeldRole[],
): void {
  const issues = roles.flatMap(({ id, key }) => {
    const source = held.find((role) => role.id === id)?.source;
    if (source === undefined || removed.some((role) => role.id === id)) {
      return [];
    }
    const place = roleIds ? roleIds.indexOf(id) : (roleKeys ?? []).indexOf(key);
    const path = [roleIds ? 'roleIds' : 'roleKeys', String(place)];
    return [{ path, message: `must not be ${key}, which the member has from ${source}` }];
  });
  if (issues.length > 0) {
    throw new InputError(issues);
  }
}
