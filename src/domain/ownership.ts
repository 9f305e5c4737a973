/** Handing an organization over. */
import { BUILT_IN_ROLE_IDS, isOwnerRole } from './environment.ts';
import { InputError, InvalidTransitionError } from './errors.ts';
import { NIL_UUID } from './id.ts';
import { changeRoles, loadMember } from './membership-roles.ts';
import { assertOwnerRemains, loadOwners } from './owner.ts';
import { type HeldRole, loadHeldRoles } from './role.ts';
import type { Transaction } from './transaction.ts';

/** Ids are uuids of memberships; the version is that of `toMembershipId`. */
export type OwnershipTransfer = {
  fromMembershipId: string;
  toMembershipId: string;
  expectedVersion?: number | null;
};

const OWNER = direct('owner');
const ADMIN = direct('admin');

/**
 * Makes a member of the organization (uuid), which is locked, its owner in the place of another, who becomes an admin.
 * Each keeps the other roles they have.
 *
 * @throws InputError, NotFoundError, ConflictError, InvalidTransitionError
 */
export async function transferOwnership(
  tx: Transaction,
  organizationId: string,
  { fromMembershipId, toMembershipId, expectedVersion }: OwnershipTransfer,
): Promise<void> {
  if (fromMembershipId === toMembershipId) {
    throw new InputError([{ path: ['toMembershipId'], message: 'must be another membership' }]);
  }
  const from = await loadMember(tx, organizationId, fromMembershipId);
  const to = await loadMember(tx, organizationId, toMembershipId, expectedVersion);
  const owners = await loadOwners(tx, [organizationId]);
  if (!owners.get(organizationId)?.has(from.id)) {
    throw new InputError([{ path: ['fromMembershipId'], message: 'must be that of an owner' }]);
  }
  if (to.status !== 'ACTIVE') {
    throw new InvalidTransitionError(to.status);
  }
  const held = await loadHeldRoles(tx, [from.id, to.id]);
  const lacks = (id: string, wanted: HeldRole) =>
    held.get(id)?.some((role) => role.id === wanted.id && role.source === wanted.source)
      ? []
      : [wanted];
  tx.append({
    type: 'OWNERSHIP_TRANSFERRED',
    cause: 'TRANSFERRED',
    organizationId,
    membershipId: to.id,
    userId: to.userId,
    detail: { fromMembershipId: from.id },
  });
  await changeRoles(tx, to, 'TRANSFERRED', { added: lacks(to.id, OWNER), removed: [] });
  await changeRoles(tx, from, 'TRANSFERRED', {
    added: lacks(from.id, ADMIN),
    removed: (held.get(from.id) ?? []).filter(isOwnerRole),
  });
  await assertOwnerRemains(tx, [organizationId]);
}

function direct(key: keyof typeof BUILT_IN_ROLE_IDS): HeldRole {
  return { id: BUILT_IN_ROLE_IDS[key], scopeId: NIL_UUID, key, source: 'DIRECT' };
}
