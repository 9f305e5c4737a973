/** Owners: effectively ACTIVE memberships with a DIRECT assignment of the built-in role. */
import { BUILT_IN_ROLE_IDS } from './environment.ts';
import { LastOwnerError } from './errors.ts';
import { encodeId } from './id.ts';
import type { Transaction } from './transaction.ts';

/**
 * The owners (uuids of memberships) of the organizations (uuids), which are locked and have no overdue deadlines. Only
 * organizations with an owner are in the answer.
 */
export async function loadOwners(
  tx: Transaction,
  organizationIds: string[],
): Promise<Map<string, Set<string>>> {
  return byOrganization(
    await tx.db.$queryRaw<Owner[]>`
      SELECT role_assignment.organization_id AS "organizationId", membership_id AS "membershipId"
      FROM role_assignment JOIN membership ON membership.id = membership_id
      WHERE role_assignment.organization_id = ANY(${organizationIds}::uuid[])
        AND role_id = ${BUILT_IN_ROLE_IDS.owner}::uuid AND source = 'DIRECT' AND status = 'ACTIVE'`,
  );
}

/** The same for the organizations of these memberships (uuids). */
export async function loadOwnersBeside(
  tx: Transaction,
  membershipIds: string[],
): Promise<Map<string, Set<string>>> {
  return byOrganization(
    await tx.db.$queryRaw<Owner[]>`
      SELECT role_assignment.organization_id AS "organizationId", membership_id AS "membershipId"
      FROM role_assignment JOIN membership ON membership.id = membership_id
      WHERE role_assignment.organization_id IN (
          SELECT organization_id FROM membership WHERE id = ANY(${membershipIds}::uuid[]))
        AND role_id = ${BUILT_IN_ROLE_IDS.owner}::uuid AND source = 'DIRECT' AND status = 'ACTIVE'`,
  );
}

type Owner = { organizationId: string; membershipId: string };

function byOrganization(rows: Owner[]): Map<string, Set<string>> {
  const owners = new Map<string, Set<string>>();
  for (const { organizationId, membershipId } of rows) {
    owners.set(organizationId, (owners.get(organizationId) ?? new Set()).add(membershipId));
  }
  return owners;
}

/**
 * Whether the membership (uuid) has the owner's role directly. A suspended owner is none, and becomes one again when
 * reinstated, so that is for owners to decide.
 */
export async function hasOwnerRole(tx: Transaction, membershipId: string): Promise<boolean> {
  const rows = await tx.db.$queryRaw<unknown[]>`
    SELECT FROM role_assignment
    WHERE membership_id = ${membershipId}::uuid AND role_id = ${BUILT_IN_ROLE_IDS.owner}::uuid
      AND source = 'DIRECT'`;
  return rows.length > 0;
}

/** Takes an owner out of `owners`. Returns false, and takes nothing, when that would be the organization's last. */
export function takeOwner(
  owners: Map<string, Set<string>>,
  organizationId: string,
  membershipId: string,
): boolean {
  const those = owners.get(organizationId);
  if (those?.has(membershipId) && those.size === 1) {
    return false;
  }
  those?.delete(membershipId);
  return true;
}

/**
 * The last word on owners: to be called after the change, under the lock, with the organizations (uuids) that lose an
 * owner by it, or may.
 *
 * @throws LastOwnerError
 */
export async function assertOwnerRemains(
  tx: Transaction,
  organizationIds: string[],
): Promise<void> {
  if (organizationIds.length === 0) {
    return;
  }
  const owners = await loadOwners(tx, organizationIds);
  const without = organizationIds.filter((id) => !owners.has(id));
  if (without.length > 0) {
    throw new LastOwnerError(without.map((id) => encodeId('org', id)));
  }
}
