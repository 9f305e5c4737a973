/** How callers change what an organization keeps about a member. Ids are uuids. */
import type { Caller } from './act.ts';
import { demandOwner, demandTrusted } from './authorize.ts';
import { changeMembership } from './membership-act.ts';
import { type MembershipUpdate, updateMembership } from './membership-update.ts';

/** Binds the act to a caller. */
export function membershipUpdateActs(caller: Caller) {
  return {
    /**
     * Changes a membership. Trusted fields are for those who write them, and breakglass is for owners.
     *
     * @throws WrongIdentityModelError, ConflictError, DuplicateError, InvalidTransitionError, RoleTooHighError,
     *   SingleMembershipError, and as every act
     */
    update: (input: MembershipUpdate) =>
      changeMembership(
        caller,
        input.membershipId,
        'membership:update',
        async (tx, organizationId) => {
          await updateMembership(tx, organizationId, input);
          return {};
        },
        (principal, organizationId) => {
          const { externalId, metadata, isBreakglass } = input;
          demandTrusted(principal, { externalId, metadata });
          if (isBreakglass !== undefined) {
            demandOwner(principal, 'membership:update', organizationId);
          }
        },
      ),
  };
}
