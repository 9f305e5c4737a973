/** Moves of memberships that exist, many at once. */
import type { Prisma } from '../db/generated/prisma/client.ts';
import type { MembershipPlace } from './authorize.ts';
import { settleDeadlines } from './deadline.ts';
import { ConflictError, LastOwnerError, SeatLimitError } from './errors.ts';
import type { NewEvent } from './event.ts';
import { encodeId } from './id.ts';
import type { Reader } from './input.ts';
import { assertLocked } from './lock.ts';
import { refuseMove } from './membership-claim.ts';
import { loadMemberships, type MembershipRecord } from './membership-record.ts';
import { type MembershipAct, move } from './membership-status.ts';
import { saveMemberships } from './membership-store.ts';
import { changeSeat, type OrganizationRules } from './organization-rules.ts';
import { type Outcome, type Refused, refused } from './outcome.ts';
import { assertOwnerRemains, loadOwnersBeside, takeOwner } from './owner.ts';
import type { Transaction } from './transaction.ts';

/** What acts on memberships (uuids) that exist say. Null and absent are the same. */
export type ChangeInput = {
  membershipId: string;
  reason?: string | null;
  expectedVersion?: number | null;
};

/** A row that is valid in itself: which membership (uuid), and why. */
export type ChangeRow = {
  membershipId: string;
  reason: string | null;
  /** Null or left out: whatever it is. */
  expectedVersion?: number | null;
};

export type ChangePlan<Row extends ChangeRow> = {
  act: MembershipAct;
  /** What else than the status the move changes. */
  change(record: MembershipRecord, row: Row): Partial<MembershipRecord>;
  /** What the event says besides. */
  describe?(record: MembershipRecord): Partial<NewEvent>;
  /** Of a move that may take a seat: those of the organizations, by their ids. */
  seats?: Map<string, OrganizationRules>;
};

const MAX_REASON_LENGTH = 1000;

/** Reads what every row says. */
export function readChange(read: Reader, row: ChangeInput): ChangeRow {
  return {
    membershipId: row.membershipId,
    expectedVersion: row.expectedVersion,
    reason: read.paragraph('reason', row.reason, MAX_REASON_LENGTH),
  };
}

/** The organizations (uuids) of these memberships (uuids): those to lock. A membership never moves to another. */
export async function organizationsOf(
  db: Pick<Prisma.TransactionClient, '$queryRaw'>,
  membershipIds: string[],
): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT DISTINCT organization_id AS id FROM membership WHERE id = ANY(${membershipIds}::uuid[])`;
  return rows.map(({ id }) => id);
}

/** Where a membership (uuid) is, and whose: uuids; null when there is none. */
export async function placeOf(
  db: Pick<Prisma.TransactionClient, '$queryRaw'>,
  membershipId: string,
): Promise<MembershipPlace | null> {
  const [place] = await db.$queryRaw<MembershipPlace[]>`
    SELECT organization_id AS "organizationId", user_id AS "userId" FROM membership WHERE id = ${membershipId}::uuid`;
  return place ?? null;
}

/** Memberships by their ids, and the owners of their organizations by the organizations' ids. */
export type Changing = { records: Map<string, MembershipRecord>; owners: Map<string, Set<string>> };

/**
 * Loads the memberships of an act, whose organizations must be locked. Overdue deadlines there are settled before.
 */
export async function loadForChange(tx: Transaction, membershipIds: string[]): Promise<Changing> {
  await settleDeadlines(tx, [...tx.locked]);
  const [loaded, owners] = await Promise.all([
    loadMemberships(tx, membershipIds),
    loadOwnersBeside(tx, membershipIds),
  ]);
  assertLocked(
    tx.locked,
    loaded.map(({ organizationId }) => organizationId),
  );
  return { records: new Map(loaded.map((record) => [record.id, record])), owners };
}

/**
 * Makes the same move with each membership, one after the other, by `plan`. Whoever would be the last owner to go is
 * refused.
 */
export async function changeMembers<Row extends ChangeRow>(
  tx: Transaction,
  { records, owners }: Changing,
  rows: (Row | Refused)[],
  plan: ChangePlan<Row>,
): Promise<Outcome[]> {
  const owned = new Map([...owners].map(([id, those]) => [id, those.size]));
  const outcomes = rows.map((row): Outcome => {
    if ('outcome' in row) {
      return row;
    }
    const record = records.get(row.membershipId);
    if (record && row.expectedVersion != null && row.expectedVersion !== record.version) {
      return refused(new ConflictError(record.version));
    }
    const step = move(record?.status ?? null, plan.act);
    if (step === 'unchanged' || typeof step === 'string' || record === undefined) {
      return refused(refuseMove(typeof step === 'string' ? step : 'NOT_FOUND', record));
    }
    if (!takeOwner(owners, record.organizationId, record.id)) {
      return refused(new LastOwnerError([encodeId('org', record.organizationId)]));
    }
    const next: MembershipRecord = {
      ...record,
      status: step.to,
      statusReason: row.reason,
      statusChangedAt: tx.now,
      statusDeadline: null,
      ...plan.change(record, row),
      isChanged: true,
    };
    const seats = plan.seats?.get(record.organizationId);
    if (seats && !changeSeat(seats, record, next)) {
      return refused(new SeatLimitError(seats.seatLimit ?? 0));
    }
    records.set(record.id, next);
    tx.append({
      type: 'MEMBERSHIP_STATUS_CHANGED',
      cause: step.cause,
      organizationId: record.organizationId,
      membershipId: record.id,
      userId: record.userId,
      previousStatus: record.status,
      status: step.to,
      reason: row.reason,
      ...plan.describe?.(record),
    });
    return { outcome: 'changed', id: record.id };
  });
  await saveMemberships(tx, records.values());
  const left = [...owners].filter(([id, those]) => those.size !== owned.get(id));
  await assertOwnerRemains(
    tx,
    left.map(([id]) => id),
  );
  return outcomes;
}
