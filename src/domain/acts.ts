/** All that can be done through the API, bound to whoever calls. */
import type { Caller } from './act.ts';
import { apiKeyActs } from './api-key-acts.ts';
import { environmentActs } from './environment-acts.ts';
import { DomainError } from './errors.ts';
import { once } from './idempotency.ts';
import { invitationActs } from './invitation-acts.ts';
import { membershipActs } from './membership-acts.ts';
import { membershipRoleActs } from './membership-role-acts.ts';
import { membershipUpdateActs } from './membership-update-acts.ts';
import { organizationActs } from './organization-acts.ts';
import { organizationJoinActs } from './organization-join.ts';
import { permissionActs } from './permission-acts.ts';
import { roleActs } from './role-acts.ts';
import { userActs } from './user-acts.ts';

/**
 * The acts of a caller. Every act throws a DomainError when it is refused, and then has changed nothing. They are bound
 * when they are asked for: most requests only read.
 */
export class Acts {
  readonly #caller: Caller;
  readonly #onRefusal: (code: string) => void;

  /** `onRefusal` is told the code of every refusal. */
  constructor(caller: Caller, onRefusal: (code: string) => void = () => {}) {
    this.#caller = caller;
    this.#onRefusal = onRefusal;
  }

  /** Does `act`, which is one of these, unless it was done with the caller's idempotency key. */
  async once<Result>(act: () => Promise<Result>): Promise<Result> {
    try {
      return await once(this.#caller, act);
    } catch (error) {
      if (error instanceof DomainError) {
        this.#onRefusal(error.code);
      }
      throw error;
    }
  }

  get environment() {
    return environmentActs(this.#caller);
  }

  get permissions() {
    return permissionActs(this.#caller);
  }

  get organizations() {
    return { ...organizationActs(this.#caller), ...organizationJoinActs(this.#caller) };
  }

  get users() {
    return userActs(this.#caller);
  }

  get memberships() {
    return {
      ...membershipActs(this.#caller),
      ...membershipUpdateActs(this.#caller),
      ...membershipRoleActs(this.#caller),
    };
  }

  get invitations() {
    return invitationActs(this.#caller);
  }

  get roles() {
    return roleActs(this.#caller);
  }

  get apiKeys() {
    return apiKeyActs(this.#caller);
  }
}
