/** Nobody grants what they do not hold: what roles give, and whether the caller holds all of it. */
import { demandToHold } from './authorize.ts';
import type { RoleRef } from './role.ts';
import type { Transaction } from './transaction.ts';

/** What roles (uuids) give, inherited permissions and wildcards included. */
export async function loadEffectivePermissions(
  tx: Transaction,
  roleIds: string[],
): Promise<Map<string, string[]>> {
  if (roleIds.length === 0) {
    return new Map();
  }
  const rows = await tx.db.$queryRaw<{ id: string; permissions: string[] }[]>`
    SELECT id, array_agg(permission ORDER BY permission) AS permissions
    FROM unnest(${roleIds}::uuid[]) AS asked(id) CROSS JOIN LATERAL role_permissions(id) GROUP BY id`;
  const given = new Map(rows.map(({ id, permissions }) => [id, permissions]));
  return new Map(roleIds.map((id) => [id, given.get(id) ?? []]));
}

/**
 * Demands that the caller holds, in the organization (uuid), everything that the roles give.
 *
 * @throws RoleTooHighError
 */
export function demandToHoldRoles(
  tx: Transaction,
  given: ReadonlyMap<string, string[]>,
  roles: readonly RoleRef[],
  organizationId: string,
): void {
  const permissions = new Set(roles.flatMap(({ id }) => given.get(id) ?? []));
  demandToHold(tx.principal, [...permissions], organizationId);
}
