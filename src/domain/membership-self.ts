/** People who come into an organization by themselves. */
import { addMembers } from './membership.ts';
import { single } from './outcome.ts';
import type { UserPrincipal } from './principal.ts';
import type { Transaction } from './transaction.ts';

/**
 * Makes the caller a member of the organization (uuid), which is locked, with what their sign-in proves: the address is
 * theirs. Returns the uuid of the membership.
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
  await tx.db.$executeRaw`
    UPDATE membership SET email_verified = true
    WHERE id = ${membershipId}::uuid AND (SELECT identity_model FROM environment) = 'ISOLATED'`;
  return membershipId;
}
