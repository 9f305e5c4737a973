import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { settleDeadlines } from '../../src/domain/deadline.ts';
import { inviteMembers } from '../../src/domain/invitation.ts';
import { addMembers, suspendMembers } from '../../src/domain/membership.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { act, expectConsistent, found, fresh, history, join, said } from './world.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

afterEach(() => expectConsistent(db));

afterAll(() => db.close());

const hour = 3_600_000;

/** An organization with an invitation and a suspension that end in an hour. */
async function waiting(seatLimit?: number) {
  const organizationId = await found(db, { seatLimit });
  const guest = `${fresh('guest')}@example.com`;
  const rows = [{ organizationId, email: guest, expiresInSeconds: 3600 }];
  await act(db, [organizationId], (tx) => inviteMembers(tx, rows, { isSent: false }));
  const member = await join(db, organizationId);
  const { membershipId } = member;
  const until = new Date(Date.now() + hour);
  await act(db, [organizationId], (tx) =>
    suspendMembers(tx, [{ membershipId, until, reason: 'Leave' }]),
  );
  return { organizationId, guest, member, until };
}

test('before the deadline nothing is settled', async () => {
  const { organizationId } = await waiting();
  expect(await act(db, [organizationId], (tx) => settleDeadlines(tx, [organizationId]))).toBe(0);
});

test('after it, each change has its time, its event, and the system as its actor, once', async () => {
  const { organizationId, member, until } = await waiting();
  const settle = () =>
    act(db, [organizationId], (tx) => settleDeadlines(tx, [organizationId]), 2 * hour);
  expect((await Promise.all([settle(), settle(), settle()])).sort()).toEqual([0, 0, 2]);
  const rows = await db.database.prisma.membership.findMany({
    where: { organizationId },
    include: { invitations: true },
    orderBy: { createdAt: 'asc' },
  });
  expect(rows).toMatchObject([
    { status: 'INVITE_EXPIRED', statusDeadline: null, invitations: [{ status: 'EXPIRED' }] },
    { status: 'ACTIVE', statusDeadline: null, statusReason: null, statusChangedAt: until },
  ]);
  expect(rows[0]?.statusChangedAt).toEqual(rows[0]?.invitations[0]?.expiresAt);
  expect((await history(db, organizationId)).slice(4)).toEqual([
    'EXPIRED: PENDING_INVITE → INVITE_EXPIRED',
    'SUSPENSION_ENDED: SUSPENDED → ACTIVE',
  ]);
  const event = await db.database.prisma.event.findFirst({
    where: { membershipId: member.membershipId, cause: 'SUSPENSION_ENDED' },
  });
  expect(event?.actorKind).toBe('SYSTEM');
});

test('an act settles first: an expired invitation leaves its seat, and its person may be invited again', async () => {
  const { organizationId, guest, member } = await waiting(2);
  const rows = [{ organizationId, email: `${fresh('new')}@example.com` }];
  const add = (ahead: number) =>
    act(db, [organizationId], (tx) => addMembers(tx, rows, { act: 'add' }), ahead);
  expect(said(await add(0))).toEqual(['SEAT_LIMIT']);
  expect(said(await add(2 * hour))).toEqual(['created']);
  const again = [
    { organizationId, email: guest },
    { organizationId, email: member.email },
  ];
  const invited = await act(
    db,
    [organizationId],
    (tx) => inviteMembers(tx, again, { isSent: false }),
    2 * hour,
  );
  expect(said(invited)).toEqual(['SEAT_LIMIT', 'ALREADY_MEMBER']);
  await db.query('UPDATE organization SET seat_limit = NULL WHERE id = $1', [organizationId]);
  const free = await act(
    db,
    [organizationId],
    (tx) => inviteMembers(tx, again, { isSent: false }),
    2 * hour,
  );
  expect(said(free)).toEqual(['changed', 'ALREADY_MEMBER']);
});
