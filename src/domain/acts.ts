/** All that can be done through the API, bound to whoever calls. */
import type { Caller } from './act.ts';
import { apiKeyActs } from './api-key-acts.ts';
import { environmentActs } from './environment-acts.ts';
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

export type Acts = ReturnType<typeof createActs>;

/** Binds the acts to a caller. Every act throws a DomainError when it is refused, and then has changed nothing. */
export function createActs(caller: Caller) {
  return {
    /** Does `act`, which is one of these, unless it was done with the caller's idempotency key. */
    once: <Result>(act: () => Promise<Result>) => once(caller, act),
    environment: environmentActs(caller),
    permissions: permissionActs(caller),
    organizations: { ...organizationActs(caller), ...organizationJoinActs(caller) },
    users: userActs(caller),
    memberships: {
      ...membershipActs(caller),
      ...membershipUpdateActs(caller),
      ...membershipRoleActs(caller),
    },
    invitations: invitationActs(caller),
    roles: roleActs(caller),
    apiKeys: apiKeyActs(caller),
  };
}
