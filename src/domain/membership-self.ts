/** People who come into an organization by themselves. */
import { addMembers } from './membership.ts';
import { single } from './outcome.ts';
import type { UserPrincipal } from './principal.ts';
import type { Transaction } from './transaction.ts';

/**
 * Makes the caller a member of the organization (uuid), which is locked. The address is as verified there as it is of the
 * user. Returns the uuid of the membership.
 *
 * @throws AlreadyMemberError, InvalidTransitionError, SeatLimitError, SingleMembershipError
 */
export async function enterThemselves(
  tx: Transaction,
  organizationId: string,
  principal: UserPrincipal,
  act: 'create' | 'join',
): Promise<string> {
  const { provider: primaryIdentityProvider } = principal.signIn;
  const row = { organizationId, userId: principal.id, primaryIdentityProvider };
  const { membershipId } = single(await addMembers(tx, [row], { act }));
  await showVerified(tx, membershipId);
  await endBreakglass(tx, organizationId, membershipId, principal.id);
  return membershipId;
}

/** Where each organization keeps an address of its own, it is as verified in a membership (uuid) as it is of the user. */
export async function showVerified(tx: Transaction, membershipId: string): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE membership SET email_verified = "user".email_verified FROM "user"
    WHERE membership.id = ${membershipId}::uuid AND "user".id = user_id
      AND (SELECT identity_model FROM environment) = 'ISOLATED'`;
}

/** Owners say who may come in past the policy; who was removed does not bring that back by themselves. */
export async function endBreakglass(
  tx: Transaction,
  organizationId: string,
  membershipId: string,
  userId: string,
): Promise<void> {
  const ended = await tx.db.$executeRaw`
    UPDATE membership SET is_breakglass = false WHERE id = ${membershipId}::uuid AND is_breakglass`;
  if (ended > 0) {
    tx.append({
      type: 'MEMBERSHIP_UPDATED',
      cause: 'UPDATED',
      organizationId,
      membershipId,
      userId,
      detail: { changes: [{ field: 'isBreakglass', before: true, after: false }] },
    });
  }
}
