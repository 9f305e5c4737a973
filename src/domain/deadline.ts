/** Deadlines: what has become of memberships by the clock is written down before anything else is. */
import type { Prisma } from '../db/generated/prisma/client.ts';
import type { MembershipStatus } from '../db/generated/prisma/enums.ts';
import { assertLocked, withoutLock } from './lock.ts';
import { move } from './membership-status.ts';
import type { Transaction } from './transaction.ts';

type Overdue = {
  id: string;
  organizationId: string;
  userId: string;
  previousStatus: MembershipStatus;
  deadline: Date;
};

/**
 * Organizations (uuids) with overdue memberships, `most` of them, chosen at random, without those that somebody is
 * writing just now: whoever writes settles them.
 */
export async function overdueOrganizations(
  db: Pick<Prisma.TransactionClient, '$queryRaw'>,
  most: number,
): Promise<string[]> {
  const overdue = await db.$queryRaw<{ id: string }[]>`
    SELECT organization_id AS id FROM membership
    WHERE status_deadline IS NOT NULL AND coalesce(status_deadline, 'infinity') <= now()
    GROUP BY organization_id ORDER BY random() LIMIT ${most}`;
  const ids = overdue.map(({ id }) => id);
  return ids.length === 0 ? [] : withoutLock(db, ids);
}

/**
 * Settles the memberships of these organizations (uuids, locked) whose deadline has passed: they change as of the
 * deadline, each with its event. Every act on members of an organization begins with it. Returns how many there were.
 * With `most` only so many are settled, the oldest first; when it returns that many, nothing else may follow.
 */
export async function settleDeadlines(
  tx: Transaction,
  organizationIds: string[],
  most?: number,
): Promise<number> {
  assertLocked(tx.locked, organizationIds);
  const unsettled = organizationIds.filter((id) => !tx.settled.has(id));
  if (unsettled.length === 0) {
    return 0;
  }
  const now = tx.now.toISOString();
  const overdue = await tx.db.$queryRaw<Overdue[]>`
    SELECT id, organization_id AS "organizationId", user_id AS "userId", status AS "previousStatus",
      status_deadline AS deadline
    FROM membership
    WHERE organization_id = ANY(${unsettled}::uuid[]) AND status IN ('PENDING_INVITE', 'SUSPENDED')
      AND status_deadline <= ${now}::timestamptz
    ORDER BY status_deadline, id LIMIT ${most ?? null}::int`;
  if (most === undefined || overdue.length < most) {
    for (const id of unsettled) {
      tx.settled.add(id);
    }
  }
  if (overdue.length === 0) {
    return 0;
  }
  const ids = overdue.map(({ id }) => id);
  await tx.db.$executeRaw`
    UPDATE membership SET status = membership_status_at(status, status_deadline, ${now}::timestamptz),
      status_changed_at = status_deadline, status_deadline = NULL, status_reason = NULL, version = version + 1,
      updated_at = ${now}::timestamptz
    WHERE id = ANY(${ids}::uuid[])`;
  const invitations = await tx.db.$queryRaw<{ id: string; membershipId: string }[]>`
    UPDATE invitation SET status = 'EXPIRED', version = version + 1, updated_at = ${now}::timestamptz
    WHERE membership_id = ANY(${ids}::uuid[]) AND status = 'PENDING'
    RETURNING id, membership_id AS "membershipId"`;
  const invitationIds = new Map(invitations.map(({ id, membershipId }) => [membershipId, id]));
  for (const { id, organizationId, userId, previousStatus, deadline } of overdue) {
    const step = move(previousStatus, { kind: 'deadline' });
    if (typeof step === 'string') {
      throw new Error(`A membership that is ${previousStatus} has a deadline.`);
    }
    tx.append({
      type: 'MEMBERSHIP_STATUS_CHANGED',
      cause: step.cause,
      organizationId,
      membershipId: id,
      userId,
      invitationId: previousStatus === 'PENDING_INVITE' ? invitationIds.get(id) : null,
      previousStatus,
      status: step.to,
      actor: { kind: 'SYSTEM' },
      detail: { deadline: deadline.toISOString() },
    });
  }
  return overdue.length;
}
