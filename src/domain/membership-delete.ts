/** Deleting memberships: everything that an organization knows about a person goes for good. */
import { settleDeadlines } from './deadline.ts';
import { ConflictError, InputError, NotFoundError } from './errors.ts';
import { readInput } from './input.ts';
import { organizationsOf } from './membership-change.ts';
import { loadMemberships } from './membership-record.ts';
import { assertOwnerRemains, loadOwners } from './owner.ts';
import type { Transaction } from './transaction.ts';
import { lockUserIds } from './user-directory.ts';

/** `confirmEmail` must be the member's address, in any spelling. */
export type DeleteInput = {
  membershipId: string;
  confirmEmail: string;
  expectedVersion?: number | null;
};

/**
 * Deletes a membership (uuid), whose organization is locked, when the address confirms that it is the one meant.
 *
 * @throws InputError, NotFoundError, ConflictError or LastOwnerError
 */
export async function deleteMember(tx: Transaction, input: DeleteInput): Promise<void> {
  const valid = readInput((read) => ({ email: read.email('confirmEmail', input.confirmEmail) }));
  if (valid instanceof InputError) {
    throw valid;
  }
  const [found] = await tx.db.$queryRaw<{ email: string; version: number }[]>`
    SELECT email, membership.version FROM membership JOIN "user" ON "user".id = user_id
    WHERE membership.id = ${input.membershipId}::uuid`;
  if (found === undefined) {
    throw new NotFoundError('membership');
  }
  if (input.expectedVersion != null && input.expectedVersion !== found.version) {
    throw new ConflictError(found.version);
  }
  if (valid.email !== found.email) {
    throw new InputError([{ path: ['confirmEmail'], message: "must be the member's address" }]);
  }
  await deleteMembers(tx, [input.membershipId]);
}

/**
 * Deletes memberships (uuids), whose organizations are locked, with their roles, their invitations, and what events
 * told of them; the events themselves stay, as ids and times. Users stay. What does not exist is passed over.
 *
 * @throws LastOwnerError, naming all organizations that would have no owner left.
 */
export async function deleteMembers(tx: Transaction, ids: string[]): Promise<void> {
  const organizationIds = await organizationsOf(tx.db, ids);
  await settleDeadlines(tx, organizationIds);
  const records = await loadMemberships(tx, ids);
  // Their counts change: users come after organizations, in the order of their ids.
  await lockUserIds(
    tx,
    records.map(({ userId }) => userId),
  );
  const owners = await loadOwners(tx, organizationIds);
  const gone = new Set(records.map(({ id }) => id));
  for (const event of tx.events) {
    if (event.membershipId && gone.has(event.membershipId)) {
      event.detail = undefined;
      event.reason = null;
    }
  }
  await tx.db.$executeRaw`DELETE FROM event_detail WHERE membership_id = ANY(${[...gone]}::uuid[])`;
  await tx.db.$executeRaw`DELETE FROM membership WHERE id = ANY(${[...gone]}::uuid[])`;
  for (const { id, organizationId, userId, status } of records) {
    tx.append({
      type: 'MEMBERSHIP_DELETED',
      cause: 'DELETED',
      organizationId,
      membershipId: id,
      userId,
      lostStatus: status,
    });
  }
  await assertOwnerRemains(tx, [...owners.keys()]);
}
