/** The end of a role: what used it goes over to another. */
import { actorId } from './actor.ts';
import { demandToHold } from './authorize.ts';
import { ConflictError, InputError, RoleInUseError, type RoleUse } from './errors.ts';
import { readInput } from './input.ts';
import type { RoleRef } from './role.ts';
import { loadEffectivePermissions } from './role-grant.ts';
import { moveDefaults, moveHeirs } from './role-heirs.ts';
import { assertLineage, findRole, readRole } from './role-lineage.ts';
import type { RoleRecord } from './role-record.ts';
import type { Transaction } from './transaction.ts';

/** Ids are uuids. Null and absent are the same. */
export type RoleDeleteInput = {
  roleId: string;
  /** What takes its place. Left out: nothing uses it. */
  reassignToRoleId?: string | null;
  expectedVersion?: number | null;
};

/**
 * Deletes a role that is not built in and whose scope is locked. For a role of the environment that is all of the
 * environment, since any organization may use it.
 *
 * @throws ConflictError, InputError, RoleInUseError, RoleCycleError, RoleTooHighError.
 */
export async function deleteRole(
  tx: Transaction,
  role: RoleRecord,
  input: RoleDeleteInput,
): Promise<void> {
  if (input.expectedVersion != null && input.expectedVersion !== role.version) {
    throw new ConflictError(role.version);
  }
  const heir = await readHeir(tx, role, input.reassignToRoleId);
  const use = await loadUse(tx, role);
  if (heir !== null) {
    const given = await loadEffectivePermissions(tx, [heir.id]);
    demandToHold(tx.principal, given.get(heir.id) ?? [], role.organizationId ?? undefined);
    if (use.roles > 0) {
      await assertLineage(tx, 'reassignToRoleId', heir.id, { id: role.id, goes: true });
    }
    await moveAssignments(tx, role, heir);
    await moveOffers(tx, role, heir);
    await moveHeirs(tx, role, heir);
    await moveDefaults(tx, role, heir);
  } else if (Object.values(use).some((count) => count > 0)) {
    throw new RoleInUseError(use);
  }
  await tx.db.$executeRaw`DELETE FROM invitation_role WHERE role_id = ${role.id}::uuid`;
  await tx.db.role.delete({ where: { id: role.id } });
  tx.append({
    type: 'ROLE_DELETED',
    cause: 'DELETED',
    organizationId: role.organizationId,
    roleId: role.id,
    detail: { key: role.key, ...(heir !== null && { reassignedToRoleId: heir.id }) },
  });
}

async function readHeir(
  tx: Transaction,
  role: RoleRecord,
  id: string | null | undefined,
): Promise<RoleRef | null> {
  const found = await findRole(tx, id, role.organizationId);
  const heir = readInput((read) => {
    if (id === role.id) {
      read.fail('reassignToRoleId', 'must name another role');
    }
    return readRole(read, 'reassignToRoleId', id, found);
  });
  if (heir instanceof InputError) {
    throw heir;
  }
  return heir;
}

/** An invitation whose deadline has passed is not open, though nobody may have noted it yet. */
async function loadUse(
  tx: Transaction,
  { id, scopeId, organizationId }: RoleRecord,
): Promise<RoleUse> {
  const [use] = await tx.db.$queryRaw<RoleUse[]>`
    SELECT
      (SELECT count(DISTINCT membership_id)::int FROM role_assignment WHERE role_id = ${id}::uuid) AS memberships,
      (SELECT count(*)::int FROM invitation_role JOIN invitation ON invitation.id = invitation_id
        WHERE role_id = ${id}::uuid AND status = 'PENDING' AND expires_at > ${tx.now.toISOString()}::timestamptz
      ) AS invitations,
      (SELECT count(*)::int FROM role WHERE (extends_scope_id, extends_role_id) = (${scopeId}::uuid, ${id}::uuid)
      ) AS roles,
      (SELECT count(*)::int FROM organization WHERE ${id}::uuid IN (creator_role_id, member_role_id)
        AND id = coalesce(${organizationId}::uuid, id)
      ) + (SELECT count(*)::int FROM environment WHERE ${id}::uuid IN (creator_role_id, member_role_id)) AS defaults`;
  if (use === undefined) {
    throw new Error('The database did not count.');
  }
  return use;
}

/** Whoever has the heir from the same source already keeps it as it was granted. */
async function moveAssignments(tx: Transaction, role: RoleRecord, heir: RoleRef): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE role_assignment SET role_scope_id = ${heir.scopeId}::uuid, role_id = ${heir.id}::uuid,
      granted_by_kind = ${tx.actor.kind}::actor_kind, granted_by_id = ${actorId(tx.actor)}::uuid,
      granted_at = ${tx.now.toISOString()}::timestamptz
    WHERE role_id = ${role.id}::uuid AND NOT EXISTS (
      SELECT FROM role_assignment AS held
      WHERE (held.membership_id, held.role_id, held.source)
        = (role_assignment.membership_id, ${heir.id}::uuid, role_assignment.source))`;
  await tx.db.$executeRaw`DELETE FROM role_assignment WHERE role_id = ${role.id}::uuid`;
}

/** Expired invitations may be sent again, so they go on offering something. */
async function moveOffers(tx: Transaction, role: RoleRecord, heir: RoleRef): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE invitation_role SET role_scope_id = ${heir.scopeId}::uuid, role_id = ${heir.id}::uuid
    FROM invitation
    WHERE role_id = ${role.id}::uuid AND invitation.id = invitation_id AND status IN ('PENDING', 'EXPIRED')
      AND NOT EXISTS (
        SELECT FROM invitation_role AS offered
        WHERE (offered.invitation_id, offered.role_id) = (invitation.id, ${heir.id}::uuid))`;
}
