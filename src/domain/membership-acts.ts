/** What callers do to memberships, one at a time. Ids are uuids. */
import type { Caller } from './act.ts';
import { type SuspendInput, suspendMembers } from './membership.ts';
import { changeMembership } from './membership-act.ts';
import { single } from './outcome.ts';

/** Binds the acts to a caller. */
export function membershipActs(caller: Caller) {
  return {
    /** Suspends a member. @throws InvalidTransitionError, LastOwnerError, ConflictError, and as every act */
    suspend: (input: SuspendInput) =>
      changeMembership(caller, input.membershipId, 'membership:suspend', async (tx) =>
        single(await suspendMembers(tx, [input])),
      ),
  };
}
