/** What the acts of callers on one membership have in common. */
import { type Caller, perform } from './act.ts';
import { NotFoundError } from './errors.ts';
import { demandToDo, type MembershipAuthority } from './membership-authority.ts';
import { placeOf } from './membership-change.ts';
import { hasOwnerRole } from './owner.ts';
import { mayTouchOwners } from './permission.ts';
import type { Transaction } from './transaction.ts';

/**
 * Does an act on one membership (uuid) that is there, under the lock of its organization. Only owners do it to an
 * owner, a suspended one too, unless it is their own affair. What `work` returns joins the result.
 *
 * @throws NotFoundError, PolicyError, ForbiddenError, BusyError, and what `work` throws.
 */
export async function changeMembership<Result extends object>(
  caller: Caller,
  membershipId: string,
  authority: MembershipAuthority,
  work: (tx: Transaction, organizationId: string) => Promise<Result>,
): Promise<Result & { membershipId: string }> {
  const place = await placeOf(caller.runner.prisma, membershipId);
  if (place === null) {
    throw new NotFoundError('membership');
  }
  const { organizationId } = place;
  return perform(caller, {
    organizations: [organizationId],
    // Whether it is an owner's is known under the lock alone.
    authorize: (principal) => demandToDo(principal, authority, place, false),
    async work(tx) {
      const isAsked = !mayTouchOwners(tx.principal, organizationId);
      const isOwner = isAsked && (await hasOwnerRole(tx, membershipId));
      demandToDo(tx.principal, authority, place, isOwner);
      return { ...(await work(tx, organizationId)), membershipId };
    },
  });
}
