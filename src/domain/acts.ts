/** All that can be done through the API, bound to whoever calls. */
import type { Caller } from './act.ts';
import { membershipActs } from './membership-acts.ts';
import { membershipRoleActs } from './membership-role-acts.ts';
import { membershipUpdateActs } from './membership-update-acts.ts';

export type Acts = ReturnType<typeof createActs>;

/** Binds the acts to a caller. Every act throws a DomainError when it is refused, and then has changed nothing. */
export function createActs(caller: Caller) {
  return {
    memberships: {
      ...membershipActs(caller),
      ...membershipUpdateActs(caller),
      ...membershipRoleActs(caller),
    },
  };
}
