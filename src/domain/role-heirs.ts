/** What refers to a role that goes: the roles that extend it, and the defaults of organizations and the environment. */
import { changesBetween } from './change.ts';
import { encodeId, NIL_UUID } from './id.ts';
import type { RoleRef } from './role.ts';
import { type RoleRecord, roleChanges } from './role-record.ts';
import type { Transaction } from './transaction.ts';

type Defaults = { creatorRoleId: string | null; memberRoleId: string | null };

/** What extended the role extends its heir instead. */
export async function moveHeirs(tx: Transaction, role: RoleRecord, heir: RoleRef): Promise<void> {
  const moved = await tx.db.$queryRaw<{ id: string; organizationId: string | null }[]>`
    UPDATE role SET extends_scope_id = ${heir.scopeId}::uuid, extends_role_id = ${heir.id}::uuid,
      version = version + 1, updated_at = ${tx.now.toISOString()}::timestamptz
    WHERE (extends_scope_id, extends_role_id) = (${role.scopeId}::uuid, ${role.id}::uuid)
    RETURNING id, organization_id AS "organizationId"`;
  const changes = roleChanges({ extendsRoleId: role.id }, { extendsRoleId: heir.id });
  for (const { id, organizationId } of moved) {
    tx.append({
      type: 'ROLE_UPDATED',
      cause: 'UPDATED',
      organizationId,
      roleId: id,
      detail: { changes },
    });
  }
}

/** Where the role was a default its heir is. */
export async function moveDefaults(
  tx: Transaction,
  role: RoleRecord,
  heir: RoleRef,
): Promise<void> {
  const now = tx.now.toISOString();
  const organizations = await tx.db.$queryRaw<(Defaults & { id: string })[]>`
    WITH before AS (
      SELECT id, creator_role_id, member_role_id FROM organization
      WHERE ${role.id}::uuid IN (creator_role_id, member_role_id)
        AND id = coalesce(${role.organizationId}::uuid, id)
    )
    UPDATE organization SET
      creator_role_id = CASE before.creator_role_id WHEN ${role.id}::uuid THEN ${heir.id}::uuid
        ELSE before.creator_role_id END,
      creator_role_scope_id = CASE before.creator_role_id WHEN ${role.id}::uuid THEN ${heir.scopeId}::uuid
        ELSE creator_role_scope_id END,
      member_role_id = CASE before.member_role_id WHEN ${role.id}::uuid THEN ${heir.id}::uuid
        ELSE before.member_role_id END,
      member_role_scope_id = CASE before.member_role_id WHEN ${role.id}::uuid THEN ${heir.scopeId}::uuid
        ELSE member_role_scope_id END,
      version = version + 1, updated_at = ${now}::timestamptz
    FROM before WHERE organization.id = before.id
    RETURNING before.id, before.creator_role_id AS "creatorRoleId", before.member_role_id AS "memberRoleId"`;
  for (const { id, ...defaults } of organizations) {
    tx.append({
      type: 'ORGANIZATION_SETTINGS_CHANGED',
      cause: 'SETTINGS_CHANGED',
      organizationId: id,
      detail: changed(defaults, role, heir),
    });
  }
  if (role.scopeId !== NIL_UUID) {
    return;
  }
  const environment = await tx.db.environment.findUniqueOrThrow({
    where: { id: NIL_UUID },
    select: { creatorRoleId: true, memberRoleId: true },
  });
  if (Object.values(environment).includes(role.id)) {
    await tx.db.environment.update({
      where: { id: NIL_UUID },
      data: { ...moved(environment, role, heir), version: { increment: 1 }, updatedAt: tx.now },
    });
    tx.append({
      type: 'ENVIRONMENT_UPDATED',
      cause: 'UPDATED',
      detail: changed(environment, role, heir),
    });
  }
}

function moved<Ids extends Defaults>(defaults: Ids, role: RoleRecord, heir: RoleRef): Ids {
  return Object.fromEntries(
    Object.entries(defaults).map(([field, id]) => [field, id === role.id ? heir.id : id]),
  ) as Ids;
}

function changed(defaults: Defaults, role: RoleRecord, heir: RoleRef) {
  return { changes: changesBetween(typeIds(defaults), typeIds(moved(defaults, role, heir))) };
}

function typeIds(defaults: Defaults): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(defaults).map(([field, id]) => [field, id && encodeId('rol', id)]),
  );
}
