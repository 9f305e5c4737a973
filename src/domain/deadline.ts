/** Deadlines: what has become of memberships by the clock is written down before anything else is. */
import type { MembershipStatus } from '../db/generated/prisma/enums.ts';
import { assertLocked } from './lock.ts';
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
 * Settles the memberships of these organizations (uuids, locked) whose deadline has passed: they change as of the
 * deadline, each with its event. Every act on members of an organization begins with it. Returns how many there were.
 */
export async function settleDeadlines(tx: Transaction, organizationIds: string[]): Promise<number> {
  assertLocked(tx.locked, organizationIds);
  const unsettled = organizationIds.filter((id) => !tx.settled.has(id));
  if (unsettled.length === 0) {
    return 0;
  }
  for (const id of unsettled) {
    tx.settled.add(id);
  }
  const now = tx.now.toISOString();
  const overdue = await tx.db.$queryRaw<Overdue[]>`
    SELECT id, organization_id AS "organizationId", user_id AS "userId", status AS "previousStatus",
      status_deadline AS deadline
    FROM membership
    WHERE organization_id = ANY(${unsettled}::uuid[]) AND status IN ('PENDING_INVITE', 'SUSPENDED')
      AND status_deadline <= ${now}::timestamptz
    ORDER BY status_deadline, id`;
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
