/** What the tests of the acts have in common. */
import { expect } from 'vitest';
import type { MembershipStatus } from '../../src/db/generated/prisma/enums.ts';
import { BusyError } from '../../src/domain/errors.ts';
import { addMembers, type MemberInput } from '../../src/domain/membership.ts';
import { addOrganizations, type OrganizationInput } from '../../src/domain/organization.ts';
import { type Outcome, single } from '../../src/domain/outcome.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { inTransaction, type Transaction } from '../../src/domain/transaction.ts';
import type { TestDatabase } from '../support/database.ts';

let number = 0;

/** A name that no other test of the file uses. */
export function fresh(name: string): string {
  number += 1;
  return `${name}${number}`;
}

/** Runs an act of the system under the locks of the organizations; `ahead` shifts the time of the rules. */
export function act<T>(
  { runner }: TestDatabase,
  organizations: string[],
  work: (tx: Transaction) => Promise<T>,
  ahead = 0,
): Promise<T> {
  const clock = (now: Date) => new Date(now.getTime() + ahead);
  return inTransaction({ ...runner, clock }, { principal: SYSTEM, organizations }, work);
}

/** Tries again when it is told to, as callers do: a slow machine makes writers wait. */
export async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BusyError) {
      return await untilDone(work);
    }
    throw error;
  }
}

/** A new organization's uuid. */
export async function found(
  db: TestDatabase,
  input: Partial<OrganizationInput> = {},
): Promise<string> {
  const rows = [{ displayName: fresh('Organization '), ...input }];
  return single(await act(db, [], (tx) => addOrganizations(tx, rows, { act: 'create' }))).id;
}

/** A new member's uuids. */
export async function join(
  db: TestDatabase,
  organizationId: string,
  input: Partial<MemberInput> = {},
): Promise<{ id: string; membershipId: string; userId: string; email: string }> {
  const email = input.email ?? `${fresh('person')}@example.com`;
  const rows = [{ organizationId, email, ...input }];
  const member = single(
    await act(db, [organizationId], (tx) => addMembers(tx, rows, { act: 'import' })),
  );
  return { ...member, email };
}

/** The outcomes in short: the outcome, or the code of the refusal. */
export function said(outcomes: Outcome[]): string[] {
  return outcomes.map((row) => (row.outcome === 'refused' ? row.error.code : row.outcome));
}

/** The events of an organization in short. */
export async function history(db: TestDatabase, organizationId: string): Promise<string[]> {
  const rows = await db.query<{
    cause: string;
    previous_status: MembershipStatus | null;
    status: MembershipStatus | null;
  }>(
    'SELECT cause, previous_status, status FROM event WHERE organization_id = $1 ORDER BY sequence',
    [organizationId],
  );
  return rows.map(({ cause, previous_status: from, status }) =>
    status === null ? cause : `${cause}: ${from ?? '(none)'} → ${status}`,
  );
}

/** Everything that is kept twice agrees: counts, numbers, orders, events. */
export async function expectConsistent(db: TestDatabase): Promise<void> {
  const wrongCounts = await db.query(`
    SELECT id FROM organization, LATERAL (
      SELECT count(*) FILTER (WHERE status = 'PENDING_INVITE') AS pending,
        count(*) FILTER (WHERE status = 'INVITE_EXPIRED') AS expired, count(*) FILTER (WHERE status = 'ACTIVE') AS active,
        count(*) FILTER (WHERE status = 'SUSPENDED') AS suspended, count(*) FILTER (WHERE status = 'REMOVED') AS removed
      FROM membership WHERE organization_id = organization.id
    ) AS real
    WHERE (pending, expired, active, suspended, removed)
      IS DISTINCT FROM (pending_count, expired_count, active_count, suspended_count, removed_count)`);
  expect(wrongCounts, 'counts of organizations').toEqual([]);
  const wrongUsers = await db.query(`
    SELECT email FROM "user" WHERE membership_count <>
      (SELECT count(*) FROM membership WHERE user_id = "user".id AND status <> 'REMOVED')`);
  expect(wrongUsers, 'counts of users').toEqual([]);
  const holes = await db.query(`
    SELECT organization.id FROM organization LEFT JOIN event ON organization_id = organization.id
    GROUP BY organization.id
    HAVING count(event.id) <> organization.sequence OR coalesce(max(event.sequence), 0) <> organization.sequence`);
  expect(holes, 'numbers of events').toEqual([]);
  const disordered = await db.query(`
    SELECT id FROM (
      SELECT id, transaction_id, position, lag(transaction_id) OVER stream AS previous_transaction,
        lag(position) OVER stream AS previous_position, occurred_at, lag(occurred_at) OVER stream AS earlier
      FROM event WHERE organization_id IS NOT NULL
      WINDOW stream AS (PARTITION BY organization_id ORDER BY sequence)
    ) AS event
    WHERE previous_transaction > transaction_id
      OR (previous_transaction = transaction_id AND previous_position > position)`);
  expect(disordered, 'order of events').toEqual([]);
  const unexplained = await db.query(`
    SELECT membership.id FROM membership WHERE status IS DISTINCT FROM (
      SELECT event.status FROM event WHERE membership_id = membership.id AND event.status IS NOT NULL
      ORDER BY sequence DESC LIMIT 1)`);
  expect(unexplained, 'statuses by events').toEqual([]);
  const broken = await db.query(`
    SELECT id FROM (
      SELECT id, previous_status, lag(status) OVER (PARTITION BY membership_id ORDER BY sequence) AS before
      FROM event WHERE status IS NOT NULL
    ) AS event WHERE previous_status IS DISTINCT FROM before`);
  expect(broken, 'chains of statuses').toEqual([]);
}

/** A membership (uuid) as it is stored, with its user, invitations and roles. */
export function storedMembership(world: TestDatabase, id: string) {
  return world.database.prisma.membership.findUniqueOrThrow({
    where: { id },
    include: {
      user: true,
      invitations: { include: { roles: true } },
      roleAssignments: { include: { role: true } },
    },
  });
}
