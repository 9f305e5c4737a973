/** Deleting a user: everything that is known about a person goes for good. */
import { startOverUnlessLocked } from './act-following.ts';
import { normalizeEmail } from './email.ts';
import { InputError } from './errors.ts';
import { deleteMembers } from './membership-delete.ts';
import { retireAccounts } from './retired-identity.ts';
import type { Transaction } from './transaction.ts';
import { byId, lockUser } from './user-lock.ts';

export type UserDelete = {
  /** uuid */
  userId: string;
  /** Must be the user's address, in any spelling. */
  confirmEmail: string;
  expectedVersion?: number | null;
};

/** The organizations (uuids) that a user (uuid) has a membership in, whatever its status. */
export async function organizationsOfUser(
  db: Pick<Transaction['db'], '$queryRaw'>,
  userId: string,
): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT organization_id AS id FROM membership WHERE user_id = ${userId}::uuid`;
  return rows.map(({ id }) => id);
}

/**
 * Deletes a user with their memberships, invitations, accounts, and what events told of them; the events themselves
 * stay, as ids and times. The organizations of the user are locked, or the act starts over.
 *
 * @throws NotFoundError, ConflictError, InputError, or LastOwnerError with all organizations that would have no owner.
 */
export async function deleteUser(tx: Transaction, input: UserDelete): Promise<void> {
  const { id, values } = await lockUser(tx, byId(input.userId), input.expectedVersion);
  if (normalizeEmail(input.confirmEmail) !== values.email) {
    throw new InputError([{ path: ['confirmEmail'], message: "must be the user's address" }]);
  }
  // Asked under the user's lock, without which nobody gets a membership: now the set is what it will be.
  startOverUnlessLocked(tx, await organizationsOfUser(tx.db, id));
  const memberships = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT id FROM membership WHERE user_id = ${id}::uuid`;
  await deleteMembers(
    tx,
    memberships.map((membership) => membership.id),
  );
  await retireAccounts(tx, await tx.db.identity.findMany({ where: { userId: id } }));
  await eraseDetails(tx, id);
  await eraseFormerOffers(tx, id, values.email);
  await tx.db.$executeRaw`DELETE FROM "user" WHERE id = ${id}::uuid`;
  tx.append({ type: 'USER_DELETED', cause: 'DELETED', userId: id });
}

/** A membership that was theirs and became another user's has an event of that user, which says both addresses. */
async function eraseDetails(tx: Transaction, userId: string): Promise<void> {
  await tx.db.$executeRaw`DELETE FROM event_detail WHERE user_id = ${userId}::uuid`;
  await tx.db.$executeRaw`
    DELETE FROM event_detail WHERE event_id IN (
      SELECT id FROM event WHERE cause = 'EMAIL_CHANGED' AND membership_id IN (
        SELECT membership_id FROM event WHERE user_id = ${userId}::uuid))`;
}

/** A membership that was theirs and became another user's keeps the invitations by which they came. */
async function eraseFormerOffers(tx: Transaction, userId: string, email: string): Promise<void> {
  await tx.db.$executeRaw`
    DELETE FROM invitation WHERE email = ${email} AND membership_id IN (
      SELECT membership_id FROM event WHERE user_id = ${userId}::uuid)`;
}
