/** Whether whoever invited still may: an invitation is worth no more than its inviter when it is accepted. */
import { isOwnerRole } from './environment.ts';
import type { StoredInvitation } from './invitation-find.ts';
import { ALL_PERMISSIONS, covers, holdsAllOfOwners } from './permission.ts';
import type { HeldRole } from './role.ts';
import { loadEffectivePermissions } from './role-grant.ts';
import type { Transaction } from './transaction.ts';

/** What an inviter holds in the organization now. */
type Standing = { permissions: string[]; makesOwners: boolean };

const NOTHING: Standing = { permissions: [], makesOwners: false };

/**
 * Whether the inviter may invite now, and holds all that the roles give which were chosen. How the inviter is signed in
 * plays no part: they need not be.
 */
export async function inviterStandsBy(
  tx: Transaction,
  invitation: StoredInvitation,
  offered: readonly HeldRole[],
): Promise<boolean> {
  const { permissions, makesOwners } = await loadStanding(tx, invitation);
  const chosen = offered.filter(({ source }) => source === 'INVITATION');
  const given = await loadEffectivePermissions(
    tx,
    chosen.map(({ id }) => id),
  );
  const needed = ['membership:invite', ...[...given.values()].flat()];
  return (
    needed.every((name) => covers(permissions, name)) && (makesOwners || !chosen.some(isOwnerRole))
  );
}

async function loadStanding(
  tx: Transaction,
  { inviterKind, inviterId, organizationId }: StoredInvitation,
): Promise<Standing> {
  if (inviterKind === 'SYSTEM') {
    return { permissions: [ALL_PERMISSIONS], makesOwners: true };
  }
  if (inviterKind === 'USER') {
    const rights = await tx.db.$queryRaw<{ permissions: string[]; isOwner: boolean }[]>`
      SELECT permissions, "isOwner"
      FROM membership_rights(${inviterId}::uuid, ${tx.now.toISOString()}::timestamptz, ARRAY[${organizationId}::uuid])`;
    return {
      permissions: rights.flatMap((byRole) => byRole.permissions),
      makesOwners: rights.some((byRole) => byRole.isOwner),
    };
  }
  const [key] = await tx.db.$queryRaw<{ permissions: string[] }[]>`
    SELECT permissions FROM api_key
    WHERE id = ${inviterId}::uuid AND revoked_at IS NULL AND coalesce(organization_id, ${organizationId}::uuid) = ${organizationId}::uuid
      AND coalesce(expires_at > ${tx.now.toISOString()}::timestamptz, true)`;
  return key
    ? { permissions: key.permissions, makesOwners: holdsAllOfOwners(key.permissions) }
    : NOTHING;
}
