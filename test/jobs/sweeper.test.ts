import pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { Acts } from '../../src/domain/acts.ts';
import { encodeId } from '../../src/domain/id.ts';
import { inviteMembers } from '../../src/domain/invitation.ts';
import { addMembers, suspendMembers } from '../../src/domain/membership.ts';
import { single } from '../../src/domain/outcome.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { startGateway } from '../../src/gateway.ts';
import { startSweeper } from '../../src/jobs/sweeper.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import { bearer, post } from '../http/wire.ts';
import { newDataDir } from '../support/data-dir.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { holdLock } from '../support/writer.ts';

const hour = 3_600_000;
const silent = pino({ level: 'silent' });

let db: TestDatabase;

beforeEach(async () => {
  db = await createDatabase();
});

afterEach(async () => {
  expect(await brokenInvariants(db.url)).toEqual([]);
  await db.close();
});

/** Members of the organization whose suspension ended an hour ago, and nobody has noticed. */
async function overdue(organizationId: string, count = 1): Promise<string[]> {
  const people = Array.from({ length: count }, () => ({
    organizationId,
    email: `${fresh('person')}@example.com`,
  }));
  const added = await act(db, [organizationId], (tx) => addMembers(tx, people, { act: 'import' }));
  const ids = added.map((outcome) => single([outcome]).membershipId);
  const until = new Date(Date.now() - hour);
  const rows = ids.map((membershipId) => ({ membershipId, until }));
  await act(db, [organizationId], (tx) => suspendMembers(tx, rows), -2 * hour);
  return ids;
}

/** Invitations to the organization that expired an hour ago. */
async function overdueInvitations(organizationId: string, count: number): Promise<void> {
  const rows = Array.from({ length: count }, () => ({
    organizationId,
    email: `${fresh('guest')}@example.com`,
    expiresInSeconds: 3600,
  }));
  await act(db, [organizationId], (tx) => inviteMembers(tx, rows, { isSent: false }), -2 * hour);
}

/** In how many transactions invitations expired. */
async function expiries(): Promise<unknown> {
  const [row] = await db.query(
    `SELECT count(*)::int AS events, count(DISTINCT transaction_id)::int AS transactions FROM event
     WHERE actor_kind = 'SYSTEM' AND cause = 'EXPIRED'`,
  );
  return row;
}

async function ended(): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT membership_id AS id FROM event WHERE cause = 'SUSPENSION_ENDED' ORDER BY membership_id`,
  );
  return rows.map(({ id }) => id);
}

function until(condition: () => Promise<boolean>): Promise<unknown> {
  return vi.waitUntil(condition, { timeout: 30_000, interval: 20 });
}

it('ends a suspension by the clock, without another request', async () => {
  const world = await createGateway();
  const organizationId = await found(world);
  const { membershipId } = await join(world, organizationId);
  const time = new Date(Date.now() + 5000);
  const answer = await world.ask(
    `mutation ($input: MembershipSuspendInput!) {
      membershipSuspend(input: $input) { ... on MembershipSuspendPayload { membership { status } } }
    }`,
    { input: { membershipId: encodeId('mbr', membershipId), until: time } },
  );
  expect(answer.data).toEqual({ membershipSuspend: { membership: { status: 'SUSPENDED' } } });
  const events = () =>
    world.query(
      `SELECT cause, actor_kind, previous_status, status, occurred_at >= $2 AS late FROM event
       WHERE membership_id = $1 ORDER BY sequence OFFSET 2`,
      [membershipId, time],
    );
  await until(async () => (await events()).length > 0);
  expect(await events()).toEqual([
    {
      cause: 'SUSPENSION_ENDED',
      actor_kind: 'SYSTEM',
      previous_status: 'SUSPENDED',
      status: 'ACTIVE',
      late: true,
    },
  ]);
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

it('settles what became overdue while nobody was there, once, though two gateways start', async () => {
  const expected: string[] = [];
  for (let number = 0; number < 10; number += 1) {
    expected.push(...(await overdue(await found(db), 5)));
  }
  const GATEHOUSE_DATA_DIR = newDataDir();
  const config = readConfig({ PORT: '0', DATABASE_URL: db.url, GATEHOUSE_DATA_DIR });
  const gateways = await Promise.all([1, 2].map(() => startGateway(config, { log: silent })));
  await until(async () => (await ended()).length >= 50);
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  expect(await ended()).toEqual(expected.sort());
});

it('settles more than fits into one round and one transaction', async () => {
  const large = await found(db);
  const [membershipId] = await overdue(large);
  await overdueInvitations(large, 1100);
  const sweeper = startSweeper({ runner: db.runner, log: silent });
  const left = () => db.query('SELECT FROM membership WHERE status_deadline IS NOT NULL');
  await until(async () => (await left()).length === 0);
  await sweeper.stop();
  expect(await ended()).toEqual([membershipId]);
  const expired = await db.query(
    `SELECT invitation.status, membership.status AS membership, event.invitation_id IS NOT NULL AS named,
       count(*)::int FROM invitation JOIN membership ON membership_id = membership.id
       JOIN event ON event.membership_id = membership.id AND event.cause = 'EXPIRED' GROUP BY 1, 2, 3`,
  );
  expect(expired).toEqual([
    { status: 'EXPIRED', membership: 'INVITE_EXPIRED', named: true, count: 1100 },
  ]);
  expect(await expiries()).toEqual({ events: 1100, transactions: 3 });
});

it('leaves an organization to whoever holds its lock, and sees to the others; reads know already', async () => {
  const [busy, free] = [await found(db), await found(db)];
  const [membershipId = ''] = await overdue(busy);
  const [other] = await overdue(free);
  const writer = await holdLock(db.url, busy);
  const GATEHOUSE_DATA_DIR = newDataDir();
  const config = readConfig({ PORT: '0', DATABASE_URL: db.url, GATEHOUSE_DATA_DIR });
  const gateway = await startGateway(config, { log: silent });
  await until(async () => (await ended()).length > 0);
  expect(await ended()).toEqual([other]);
  const query = 'query ($id: ID!) { membership(by: { id: $id }) { status } }';
  const variables = { id: encodeId('mbr', membershipId) };
  const { body } = await post(gateway.url, { query, variables }, bearer(gateway.newApiKey ?? ''));
  expect(JSON.parse(body).data).toEqual({ membership: { status: 'ACTIVE' } });
  await writer.leave();
  await until(async () => (await ended()).length > 1);
  await gateway.stop();
});

it('is not needed where somebody writes: that settles first', async () => {
  const organizationId = await found(db);
  const { membershipId } = await join(db, organizationId);
  const [late] = await overdue(organizationId);
  const { memberships } = new Acts({ runner: db.runner, principal: SYSTEM, requestId: 'test' });
  await memberships.suspend({ membershipId });
  const rows = await db.query(
    'SELECT cause, membership_id AS id FROM event WHERE organization_id = $1 ORDER BY sequence DESC LIMIT 2',
    [organizationId],
  );
  expect(rows).toEqual([
    { cause: 'SUSPENDED', id: membershipId },
    { cause: 'SUSPENSION_ENDED', id: late },
  ]);
});

it('leaves a writer more than one transaction to settle, and the act to the last of them', async () => {
  const organizationId = await found(db);
  const { membershipId } = await join(db, organizationId);
  await overdueInvitations(organizationId, 1001);
  const { memberships } = new Acts({ runner: db.runner, principal: SYSTEM, requestId: 'test' });
  await memberships.suspend({ membershipId });
  expect(await expiries()).toEqual({ events: 1001, transactions: 2 });
  const [last] = await db.query('SELECT cause FROM event ORDER BY position DESC LIMIT 1');
  expect(last).toEqual({ cause: 'SUSPENDED' });
});

it('ends what it began when it is stopped, and begins nothing more', async () => {
  const [first = '', second] = await overdue(await found(db), 2);
  const obstacle = new pg.Client({ connectionString: db.url });
  await obstacle.connect();
  await obstacle.query('BEGIN');
  await obstacle.query('SELECT FROM membership WHERE id = $1 FOR UPDATE', [first]);
  const sweeper = startSweeper({ runner: db.runner, log: silent });
  const waiting = `SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%UPDATE membership%'`;
  await until(async () => (await db.query(waiting)).length > 0);
  let isOver = false;
  const stopped = sweeper.stop().then(() => {
    isOver = true;
  });
  await overdue(await found(db));
  expect(isOver).toBe(false);
  await obstacle.end();
  await stopped;
  expect(await ended()).toEqual([first, second].sort());
  await sweeper.stop();
});

it('outlives failures, tells of them once, and lets none of them stop the others', async () => {
  const lines: { level: number; msg: string }[] = [];
  const log = pino({}, { write: (line) => lines.push(JSON.parse(line)) });
  const broken = await found(db);
  await overdue(broken);
  const refuse = `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'This organization is broken.'; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON organization FOR EACH ROW
    WHEN (NEW.id = '${broken}') EXECUTE FUNCTION refuse()`;
  await db.query(refuse);
  const sweeper = startSweeper({ runner: db.runner, log });
  await until(async () => lines.length > 0);
  const others = [await overdue(await found(db)), await overdue(await found(db))].flat();
  await until(async () => (await ended()).length >= 2);
  expect(await ended()).toEqual(others.sort());
  const failure = { level: 50, msg: 'Deadlines cannot be settled' };
  expect(lines).toMatchObject([failure]);
  await db.query('DROP TRIGGER refuse ON organization');
  await until(async () => lines.length > 1);
  expect(await ended()).toHaveLength(3);
  expect(lines).toMatchObject([failure, { level: 30, msg: 'Deadlines are settled again' }]);
  await db.query('ALTER TABLE membership RENAME TO membership_away');
  await until(async () => lines.length > 2);
  await db.query('ALTER TABLE membership_away RENAME TO membership');
  await until(async () => lines.length > 3);
  expect(lines.slice(2)).toMatchObject([failure, { level: 30 }]);
  await sweeper.stop();
});

it('forgets the results of yesterday', async () => {
  await db.query(
    `INSERT INTO idempotency_record
     SELECT 'API_KEY', gen_random_uuid(), 'k', decode(repeat('00', 32), 'hex'), '{}', now() - n * interval '1 hour'
     FROM unnest('{1,23,24,48}'::int[]) AS n`,
  );
  const sweeper = startSweeper({ runner: db.runner, log: silent });
  const count = () => db.query('SELECT FROM idempotency_record');
  await until(async () => (await count()).length <= 2);
  await sweeper.stop();
  expect(await count()).toHaveLength(2);
});
