/** Another address for a member, where each organization has its own: the membership becomes another user's. */
import type { MembershipStatus, ProvisioningMethod } from '../db/generated/prisma/enums.ts';
import { demandOwner } from './authorize.ts';
import type { EnvironmentRules } from './environment.ts';
import { DuplicateError, InvalidTransitionError, SingleMembershipError } from './errors.ts';
import { encodeId } from './id.ts';
import { countsAsSingle } from './membership-status.ts';
import { loadHeldRoles } from './role.ts';
import { demandToHoldRoles, loadEffectivePermissions } from './role-grant.ts';
import type { Transaction } from './transaction.ts';
import {
  enlist,
  lockUsers,
  saveUsers,
  type UserDirectory,
  type UserRecord,
} from './user-directory.ts';

/** Whose membership it was, and whose it shall be: the same, unless the address is another. */
export type Addressee = { directory: UserDirectory; former: UserRecord; user: UserRecord };

/** Locks the user (uuid) of a membership, and whoever has the (normalized) address that it shall have. */
export async function lockAddressee(
  tx: Transaction,
  userId: string,
  email: string | null,
): Promise<Addressee> {
  const present = { userId, email: null, userExternalId: null };
  const wanted = email === null ? present : { email, userId: null, userExternalId: null };
  const directory = await lockUsers(tx, [present, wanted]);
  const former = directory.find(present);
  const user = directory.find(wanted);
  if (former === undefined || user === undefined) {
    throw new Error(`The user ${userId} of a membership does not exist.`);
  }
  return { directory, former, user };
}

/**
 * Hands the membership of one user to another, who gets its roles with it. Returns the columns that change; the rest is
 * written. Only who is a member has an address that can change: an invitation goes to the one that it was made for.
 *
 * @throws InvalidTransitionError, DuplicateError, SingleMembershipError, RoleTooHighError, ForbiddenError
 */
export async function moveToAddressee(
  tx: Transaction,
  membership: {
    id: string;
    organizationId: string;
    status: MembershipStatus;
    singleUserId: string | null;
    isBreakglass: boolean;
    provisioningMethod: ProvisioningMethod;
  },
  { directory, former, user }: Addressee,
  { membershipsPerUser }: EnvironmentRules,
): Promise<{
  userId: string;
  singleUserId: string | null;
  emailVerified: false;
  provisioningMethod: ProvisioningMethod;
}> {
  const { id, organizationId, status, isBreakglass } = membership;
  if (!countsAsSingle(status)) {
    throw new InvalidTransitionError(status);
  }
  await demandToHoldAll(tx, id, organizationId);
  if (isBreakglass) {
    // It goes to the other person too, and owners alone say who has it.
    demandOwner(tx.principal, 'membership:update', organizationId);
  }
  await demandNoOther(tx, organizationId, user);
  const singleUserId = membershipsPerUser === 'ONE' ? user.id : null;
  if (singleUserId !== null && (await tx.db.membership.count({ where: { singleUserId } })) > 0) {
    throw new SingleMembershipError();
  }
  enlist(tx, user, 'CREATED');
  await saveUsers(tx, directory);
  await tx.db.$executeRaw`
    UPDATE "user" SET membership_count = membership_count + CASE id WHEN ${user.id}::uuid THEN 1 ELSE -1 END
    WHERE id IN (${former.id}::uuid, ${user.id}::uuid)`;
  tx.append({
    type: 'MEMBERSHIP_UPDATED',
    cause: 'EMAIL_CHANGED',
    organizationId,
    membershipId: id,
    userId: user.id,
    detail: { changes: [{ field: 'emailAddress', before: former.email, after: user.email }] },
  });
  const provisioningMethod = BY_THEMSELVES.has(membership.provisioningMethod)
    ? 'ADDED'
    : membership.provisioningMethod;
  return { userId: user.id, singleUserId, emailVerified: false, provisioningMethod };
}

/**
 * How people come in by themselves, which opens the organization to others of their domain. Whoever has the new address
 * has not: else giving a member somebody else's address would claim a domain.
 */
const BY_THEMSELVES = new Set<ProvisioningMethod>(['CREATOR', 'INVITATION', 'JIT']);

/** Otherwise whoever may change addresses could take the rights of any member by making them their own. */
async function demandToHoldAll(
  tx: Transaction,
  membershipId: string,
  organizationId: string,
): Promise<void> {
  const held = (await loadHeldRoles(tx, [membershipId])).get(membershipId) ?? [];
  const given = await loadEffectivePermissions(
    tx,
    held.map((role) => role.id),
  );
  demandToHoldRoles(tx, given, held, organizationId);
}

async function demandNoOther(
  tx: Transaction,
  organizationId: string,
  user: UserRecord,
): Promise<void> {
  const other = await tx.db.membership.findUnique({
    where: { organizationId_userId: { organizationId, userId: user.id } },
    select: { id: true },
  });
  if (other !== null) {
    throw new DuplicateError(
      'DUPLICATE_EMAIL',
      'emailAddress',
      encodeId('mbr', other.id),
      'Another membership of the organization has this address.',
    );
  }
}
