/** All that can be done through the API, bound to whoever calls. */
import type { Caller } from './act.ts';
import { once } from './idempotency.ts';
import { membershipActs } from './membership-acts.ts';

export type Acts = ReturnType<typeof createActs>;

/** Binds the acts to a caller. Every act throws a DomainError when it is refused, and then has changed nothing. */
export function createActs(caller: Caller) {
  return {
    /** Does `act`, which is one of these, unless it was done with the caller's idempotency key. */
    once: <Result>(act: () => Promise<Result>) => once(caller, act),
    memberships: membershipActs(caller),
  };
}
