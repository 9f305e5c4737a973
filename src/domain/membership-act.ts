/** What the acts of callers on one membership have in common. */
import { type Caller, perform } from './act.ts';
import { demand, demandOwner, type MembershipPlace, membershipOf } from './authorize.ts';
import { NotFoundError } from './errors.ts';
import { placeOf } from './membership-change.ts';
import { hasOwnerRole } from './owner.ts';
import type { PermissionName } from './permission.ts';
import type { Principal } from './principal.ts';
import type { Transaction } from './transaction.ts';

export type MembershipAuthority = {
  /** What it takes of those whose membership it is not. */
  permission: PermissionName;
  /** Whether it is something that members do to their own membership, where nothing more is demanded. */
  isOwnAffair?(principal: Principal, place: MembershipPlace): boolean;
  /** Throws when the input asks for what takes more than the permission. */
  demandMore?(principal: Principal, place: MembershipPlace): void;
};

/**
 * Does an act on one membership (uuid) that is there, under the lock of its organization. Only owners do it to an
 * owner, a suspended one too, unless it is their own affair. What `work` returns joins the result.
 *
 * @throws NotFoundError, PolicyError, ForbiddenError, BusyError, and what `work` throws.
 */
export async function changeMembership<Result extends object>(
  caller: Caller,
  membershipId: string,
  { permission, isOwnAffair, demandMore }: MembershipAuthority,
  work: (tx: Transaction, organizationId: string) => Promise<Result>,
): Promise<Result & { membershipId: string }> {
  const place = await placeOf(caller.runner.prisma, membershipId);
  if (place === null) {
    throw new NotFoundError('membership');
  }
  const { organizationId } = place;
  return perform(caller, {
    organizations: [organizationId],
    authorize(principal) {
      if (!isOwnAffair?.(principal, place)) {
        demand(principal, permission, membershipOf(place));
        demandMore?.(principal, place);
      }
    },
    async work(tx) {
      if (!isOwnAffair?.(tx.principal, place) && (await hasOwnerRole(tx, membershipId))) {
        demandOwner(tx.principal, permission, organizationId);
      }
      return { ...(await work(tx, organizationId)), membershipId };
    },
  });
}
