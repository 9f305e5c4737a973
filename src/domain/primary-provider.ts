/** By which provider a membership was entered first. */
import type { Transaction } from './transaction.ts';

/**
 * Notes in those memberships (of the organizations, uuids, which are locked) that nobody signed in for before, by which
 * provider it happened first.
 */
export async function enterMemberships(
  tx: Transaction,
  userId: string,
  provider: string,
  organizationIds: string[],
): Promise<void> {
  const entered = await tx.db.$queryRaw<{ id: string; organizationId: string }[]>`
    UPDATE membership SET primary_identity_provider = ${provider}, version = version + 1,
      updated_at = ${tx.now.toISOString()}::timestamptz
    WHERE user_id = ${userId}::uuid AND organization_id = ANY(${organizationIds}::uuid[])
      AND status = 'ACTIVE' AND primary_identity_provider IS NULL
    RETURNING id, organization_id AS "organizationId"`;
  for (const { id, organizationId } of entered) {
    tx.append({
      type: 'MEMBERSHIP_UPDATED',
      cause: 'UPDATED',
      organizationId,
      membershipId: id,
      userId,
      detail: {
        changes: [{ field: 'primaryIdentityProvider', before: null, after: provider }],
      },
    });
  }
}
