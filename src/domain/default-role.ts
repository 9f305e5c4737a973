/** The roles of those who came without another: chosen by the environment, or by an organization for itself. */

import { demandToHold } from './authorize.ts';
import { BUILT_IN_ROLE_IDS, readEnvironment } from './environment.ts';
import type { Reader } from './input.ts';
import type { RoleRef } from './role.ts';
import { loadEffectivePermissions } from './role-grant.ts';
import type { Transaction } from './transaction.ts';

/** Ids are uuids. In an organization null is the environment's. */
export type DefaultRoles = { creatorRoleId: string | null; memberRoleId: string | null };

const NAMES = ['creatorRoleId', 'memberRoleId'] as const;

/** The roles (uuids) that `given` names. */
export function defaultRoleIds(given: Partial<DefaultRoles>): string[] {
  return NAMES.flatMap((name) => given[name] ?? []);
}

/**
 * What becomes of `base`: absent leaves, null clears. `roleOf` finds the roles that can be chosen. Nobody becomes an
 * owner by joining.
 */
export function readDefaultRoles(
  read: Reader,
  given: Partial<DefaultRoles>,
  base: DefaultRoles,
  roleOf: (id: string) => RoleRef | undefined,
  path: readonly string[] = [],
): DefaultRoles {
  for (const name of NAMES) {
    const id = given[name];
    if (id != null && roleOf(id) === undefined) {
      read.fail([...path, name], 'must name a role that can be assigned here');
    }
  }
  if (given.memberRoleId === BUILT_IN_ROLE_IDS.owner) {
    read.fail([...path, 'memberRoleId'], 'must not be the role of owners');
  }
  const { creatorRoleId = base.creatorRoleId, memberRoleId = base.memberRoleId } = given;
  return { creatorRoleId, memberRoleId };
}

/**
 * Demands that the caller holds, in the organization (uuid) or in the environment as a whole, what the roles give that
 * were chosen anew, be it by going back to the environment's (null or left out).
 *
 * @throws RoleTooHighError
 */
export async function demandToHoldDefaults(
  tx: Transaction,
  before: DefaultRoles,
  after: Partial<DefaultRoles>,
  organizationId?: string,
): Promise<void> {
  const changed = NAMES.filter((name) => (after[name] ?? null) !== before[name]);
  if (changed.length === 0) {
    return;
  }
  const environment = await readEnvironment(tx);
  const chosen = changed.map((name) => after[name] ?? environment[name]);
  const given = await loadEffectivePermissions(tx, chosen);
  demandToHold(tx.principal, [...new Set([...given.values()].flat())], organizationId);
}
