/** What callers do to the roles of members. Ids are uuids. */
import { type Caller, perform } from './act.ts';
import { demand, demandOwner, membershipOf } from './authorize.ts';
import { NotFoundError } from './errors.ts';
import { changeMembership } from './membership-act.ts';
import { ASSIGN_ROLES } from './membership-authority.ts';
import { placeOf } from './membership-change.ts';
import { assignRoles, type RoleChange, unassignRoles } from './membership-roles.ts';
import { type OwnershipTransfer, transferOwnership } from './ownership.ts';

/** Binds the acts to a caller. */
export function membershipRoleActs(caller: Caller) {
  return {
    /** Gives roles. @throws InvalidTransitionError, RoleTooHighError, ConflictError, and as every act */
    assignRoles: (input: RoleChange) =>
      changeMembership(caller, input.membershipId, ASSIGN_ROLES, async (tx, organizationId) => {
        await assignRoles(tx, organizationId, input);
        return {};
      }),

    /** Takes roles away. @throws InvalidTransitionError, LastOwnerError, ConflictError, and as every act */
    unassignRoles: (input: RoleChange) =>
      changeMembership(caller, input.membershipId, ASSIGN_ROLES, async (tx, organizationId) => {
        await unassignRoles(tx, organizationId, input);
        return {};
      }),

    /** Hands the organization over; for owners. @throws InvalidTransitionError, ConflictError, and as every act */
    async transferOwnership(input: OwnershipTransfer) {
      const { fromMembershipId, toMembershipId } = input;
      const place = await placeOf(caller.runner.prisma, fromMembershipId);
      if (place === null) {
        throw new NotFoundError('membership');
      }
      const { organizationId } = place;
      return perform(caller, {
        organizations: [organizationId],
        // Of all permissions, this is the one that nobody holds but owners.
        authorize(principal) {
          demand(principal, 'organization:delete', membershipOf(place));
          demandOwner(principal, 'organization:delete', organizationId);
        },
        async work(tx) {
          await transferOwnership(tx, organizationId, input);
          return { fromMembershipId, toMembershipId };
        },
      });
    },
  };
}
