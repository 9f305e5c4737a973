/** All that can be done through the API, bound to whoever calls. */
import type { Caller } from './act.ts';
import { apiKeyActs } from './api-key-acts.ts';
import { membershipActs } from './membership-acts.ts';
import { permissionActs } from './permission-acts.ts';
import { roleActs } from './role-acts.ts';

export type Acts = ReturnType<typeof createActs>;

/** Binds the acts to a caller. Every act throws a DomainError when it is refused, and then has changed nothing. */
export function createActs(caller: Caller) {
  return {
    apiKeys: apiKeyActs(caller),
    memberships: membershipActs(caller),
    permissions: permissionActs(caller),
    roles: roleActs(caller),
  };
}
