/** The roles that an invitation offers. */
import { demandOwner } from './authorize.ts';
import { isOwnerRole } from './environment.ts';
import type { HeldRole } from './role.ts';
import { demandToHoldRoles, loadEffectivePermissions } from './role-grant.ts';
import type { Transaction } from './transaction.ts';

/** The roles on offer by an invitation (uuid); their source says whether somebody chose them. */
export function loadOffer(tx: Transaction, invitationId: string): Promise<HeldRole[]> {
  return tx.db.$queryRaw`
    SELECT role.id, role.scope_id AS "scopeId", role.key, source
    FROM invitation_role JOIN role ON role.id = role_id
    WHERE invitation_id = ${invitationId}::uuid ORDER BY role.key, role.id`;
}

/**
 * Demands that the caller may offer in the organization (uuid) what an invitation (uuid) offers.
 *
 * @throws RoleTooHighError, or ForbiddenError where only owners may
 */
export async function demandToOffer(
  tx: Transaction,
  invitationId: string,
  organizationId: string,
): Promise<void> {
  const offered = await loadOffer(tx, invitationId);
  const chosen = offered.filter(({ source }) => source === 'INVITATION');
  const given = await loadEffectivePermissions(
    tx,
    chosen.map(({ id }) => id),
  );
  demandToHoldRoles(tx, given, chosen, organizationId);
  if (chosen.some(isOwnerRole)) {
    demandOwner(tx.principal, 'membership:invite', organizationId);
  }
}
