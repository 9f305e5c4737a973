/** What the acts of callers on one membership have in common. */
import { type Caller, perform } from './act.ts';
import { demand, demandOwner, membershipOf } from './authorize.ts';
import { NotFoundError } from './errors.ts';
import { organizationsOf } from './membership-change.ts';
import { hasOwnerRole } from './owner.ts';
import type { PermissionName } from './permission.ts';
import type { Principal } from './principal.ts';
import type { Transaction } from './transaction.ts';

/**
 * Does an act on one membership (uuid) that is there, under the lock of its organization. Only owners do it to an
 * owner, a suspended one too. What `work` returns joins the result. `demandMore` throws when the input asks for what
 * takes more than the permission.
 *
 * @throws NotFoundError, ForbiddenError, BusyError, and what `work` throws.
 */
export async function changeMembership<Result extends object>(
  caller: Caller,
  membershipId: string,
  permission: PermissionName,
  work: (tx: Transaction, organizationId: string) => Promise<Result>,
  demandMore?: (principal: Principal, organizationId: string) => void,
): Promise<Result & { membershipId: string }> {
  const [organizationId] = await organizationsOf(caller.runner.prisma, [membershipId]);
  if (organizationId === undefined) {
    throw new NotFoundError('membership');
  }
  return perform(caller, {
    organizations: [organizationId],
    authorize(principal) {
      demand(principal, permission, membershipOf(organizationId));
      demandMore?.(principal, organizationId);
    },
    async work(tx) {
      if (await hasOwnerRole(tx, membershipId)) {
        demandOwner(tx.principal, permission, organizationId);
      }
      return { ...(await work(tx, organizationId)), membershipId };
    },
  });
}
