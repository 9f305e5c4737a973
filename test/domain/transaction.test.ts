import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { createTurns } from '../../src/db/turns.ts';
import { BusyError, DomainError } from '../../src/domain/errors.ts';
import { addMembers } from '../../src/domain/membership.ts';
import { deleteOrganization } from '../../src/domain/organization-delete.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import {
  inTransaction,
  type Transaction,
  type TransactionRunner,
} from '../../src/domain/transaction.ts';
import { addUsers } from '../../src/domain/user.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { runnerOn } from '../support/runner.ts';
import { expectConsistent, found, fresh, history, untilDone } from './world.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

afterEach(() => expectConsistent(db));

afterAll(() => db.close());

const principal = SYSTEM;

const addTo = (organizationId: string) => (tx: Transaction) =>
  addMembers(tx, [{ organizationId, email: `${fresh('tx')}@example.com` }], { act: 'add' });

describe('locks', () => {
  test('are had before anything that numbers the transaction, all of them', async () => {
    const organizations = await Promise.all([found(db), found(db)]);
    await inTransaction(db.runner, { principal, organizations }, async (tx) => {
      const rows = await tx.db.$queryRaw<{ modes: string[]; numbered: boolean }[]>`
        SELECT array_agg(mode ORDER BY mode) AS modes, pg_current_xact_id_if_assigned() IS NOT NULL AS numbered
        FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()`;
      expect(rows).toEqual([
        { modes: ['ExclusiveLock', 'ExclusiveLock', 'ShareLock'], numbered: false },
      ]);
    });
  });

  test.each([
    ['in the same process', (runner: TransactionRunner) => runner],
    ['in another one', () => runnerOn(db.database)],
  ])(
    'an organization is changed by one at a time; who waits too long %s is told to try again',
    async (_, other) => {
      const organizationId = await found(db);
      const scope = { principal, organizations: [organizationId] };
      const runner = { ...db.runner, inTurn: createTurns(100) };
      const waited = await inTransaction(runner, scope, () =>
        inTransaction(other(runner), scope, () => Promise.resolve('had')).catch(
          (error: unknown) => error,
        ),
      );
      expect(waited).toBeInstanceOf(BusyError);
      expect(waited).toMatchObject({ code: 'BUSY', retryAfterMs: expect.any(Number) });
    },
  );

  test('others are not kept waiting, but for changes of the environment', async () => {
    const [one = '', other = ''] = await Promise.all([found(db), found(db)]);
    await inTransaction(db.runner, { principal, organizations: [one] }, async () => {
      await inTransaction(db.runner, { principal, organizations: [other] }, addTo(other));
      await expect(
        inTransaction(db.runner, { principal, environment: 'exclusive' }, () => Promise.resolve()),
      ).rejects.toBeInstanceOf(BusyError);
    });
  });

  test('the time is that after the wait', async () => {
    const organizationId = await found(db);
    const times: Date[] = [];
    const note = async (tx: Transaction) => {
      await addTo(organizationId)(tx);
      await tx.db.$executeRaw`SELECT pg_sleep(0.02)`;
      times.push(tx.now);
    };
    const scope = { principal, organizations: [organizationId] };
    const write = () => untilDone(() => inTransaction(db.runner, scope, note));
    await Promise.all(Array.from({ length: 10 }, write));
    expect(times.toSorted((a, b) => a.getTime() - b.getTime())).toEqual(times);
    const [{ now } = { now: new Date(0) }] = await db.query<{ now: Date }>('SELECT now()');
    expect(Math.abs(now.getTime() - (times.at(-1)?.getTime() ?? 0))).toBeLessThan(60_000);
  });
});

test('the time is right whatever the time zone of the server', async () => {
  await db.query(
    `ALTER DATABASE "${new URL(db.url).pathname.slice(1)}" SET timezone = 'Asia/Tokyo'`,
  );
  const elsewhere = openDatabase({ url: db.url });
  try {
    const organizationId = await found(db);
    const now = await inTransaction(
      { ...db.runner, prisma: elsewhere.prisma },
      { principal, organizations: [organizationId] },
      async (tx) => {
        await addTo(organizationId)(tx);
        return tx.now;
      },
    );
    const [row] = await db.query<{ created_at: Date; late: boolean }>(
      `SELECT created_at, abs(extract(epoch FROM now() - created_at)) > 60 AS late
       FROM membership WHERE organization_id = $1`,
      [organizationId],
    );
    expect(row).toEqual({ created_at: now, late: false });
  } finally {
    await elsewhere.close();
  }
});

describe('events', () => {
  test('are announced, also those that are written before what they tell of goes', async () => {
    let announced = 0;
    const runner = { ...db.runner, committed: () => announced++ };
    const scope = { principal, organizations: [await found(db)] };
    const [organizationId = ''] = scope.organizations;
    await inTransaction(runner, scope, async () => {});
    expect(announced).toBe(0);
    await inTransaction(runner, scope, addTo(organizationId));
    expect(announced).toBe(1);
    const [{ slug } = { slug: '' }] = await db.query<{ slug: string }>(
      'SELECT slug FROM organization WHERE id = $1',
      [organizationId],
    );
    await inTransaction(runner, scope, (tx) =>
      deleteOrganization(tx, { organizationId, confirmSlug: slug }),
    );
    expect(announced).toBe(2);
  });

  test('commit with their change, or not at all', async () => {
    const organizationId = await found(db);
    const failed = inTransaction(
      db.runner,
      { principal, organizations: [organizationId] },
      async (tx) => {
        await addTo(organizationId)(tx);
        throw new Error('On second thoughts, no.');
      },
    );
    await expect(failed).rejects.toThrow('On second thoughts, no.');
    expect(await history(db, organizationId)).toEqual(['CREATED']);
  });

  test('take their change back when they cannot be written', async () => {
    const organizationId = await found(db);
    let announced = 0;
    const runner = { ...db.runner, committed: () => announced++ };
    const failed = inTransaction(
      runner,
      { principal, organizations: [organizationId] },
      async (tx) => {
        await addTo(organizationId)(tx);
        tx.append({
          type: 'ORGANIZATION_UPDATED',
          cause: 'UPDATED',
          organizationId: crypto.randomUUID(),
        });
      },
    );
    await expect(failed).rejects.toThrow('event_sequence_check');
    expect(await history(db, organizationId)).toEqual(['CREATED']);
    expect(announced).toBe(0);
    const members = await db.database.prisma.membership.count({ where: { organizationId } });
    expect(members).toBe(0);
  });

  test('are numbered without holes, in commit order, by many writers', async () => {
    const organizations = await Promise.all([found(db), found(db), found(db)]);
    await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const organizationId = organizations[index % 3] ?? '';
        const scope = { principal, organizations: index % 7 ? [organizationId] : organizations };
        return untilDone(() =>
          inTransaction(db.runner, scope, async (tx) => {
            await addTo(organizationId)(tx);
            if (index % 11 === 0) {
              throw new DomainError('CONFLICT_OF_TEST' as 'BUSY', 'Taken back.');
            }
          }),
        ).catch((error: unknown) => expect(error).toBeInstanceOf(DomainError));
      }),
    );
    const [{ count } = { count: 0 }] = await db.query<{ count: number }>(
      'SELECT count(*)::int FROM event WHERE organization_id = ANY($1)',
      [organizations],
    );
    expect(count).toBe(3 + 60 - 6);
  });

  test('say who and for which request', async () => {
    const organizationId = await found(db);
    const id = crypto.randomUUID();
    await inTransaction(
      db.runner,
      {
        principal: { kind: 'apiKey', id, organizationId: null, permissions: [] },
        requestId: 'r'.repeat(150),
        organizations: [organizationId],
      },
      addTo(organizationId),
    );
    const event = await db.database.prisma.event.findFirst({
      where: { organizationId, sequence: 2 },
    });
    expect(event).toMatchObject({ actorKind: 'API_KEY', actorId: id, requestId: 'r'.repeat(100) });
    const assignment = await db.database.prisma.roleAssignment.findFirst({
      where: { organizationId },
    });
    expect(assignment).toMatchObject({ grantedByKind: 'API_KEY', grantedById: id });
  });
});

describe('starting over', () => {
  test.each(['40P01', '40001'])('%s is tried three times', async (code) => {
    let attempts = 0;
    const fail = (until: number) =>
      inTransaction(db.runner, { principal }, async (tx) => {
        attempts += 1;
        if (attempts < until) {
          await tx.db.$executeRawUnsafe(
            `DO $$ BEGIN RAISE EXCEPTION USING errcode = '${code}'; END $$`,
          );
        }
        return attempts;
      });
    expect(await fail(3)).toBe(3);
    attempts = 0;
    await expect(fail(10)).rejects.toThrow(code);
    expect(attempts).toBe(3);
  });

  test('events of an attempt that failed are not written', async () => {
    const email = `${fresh('again')}@example.com`;
    let attempts = 0;
    await inTransaction(db.runner, { principal }, async (tx) => {
      attempts += 1;
      await addUsers(tx, [{ email }], { act: 'create' });
      if (attempts === 1) {
        await tx.db.$executeRawUnsafe(
          "DO $$ BEGIN RAISE EXCEPTION USING errcode = '23505'; END $$",
        );
      }
    });
    const user = await db.database.prisma.user.findUniqueOrThrow({ where: { email } });
    expect(await db.database.prisma.event.count({ where: { userId: user.id } })).toBe(1);
  });

  test('so does work whose events are kept from being written', async () => {
    // What a sequence counts is not taken back.
    await db.query(`CREATE SEQUENCE attempts;
      CREATE FUNCTION fail_twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('attempts') <= 2 THEN RAISE EXCEPTION USING errcode = '40P01'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER fail_twice BEFORE INSERT ON event FOR EACH ROW
        WHEN (NEW.request_id = 'fails twice') EXECUTE FUNCTION fail_twice()`);
    const job = {
      kind: 'invitationMail',
      invitationId: crypto.randomUUID(),
      sendNumber: 1,
    } as const;
    // Jobs are left behind the events.
    const enqueue: TransactionRunner['enqueue'] = async (tx) => {
      await tx.$executeRaw`SELECT 1`;
    };
    for (const leave of [() => {}, (tx: Transaction) => tx.enqueue(job)]) {
      await db.query('ALTER SEQUENCE attempts RESTART');
      const email = `${fresh('again')}@example.com`;
      const runner = { ...db.runner, enqueue };
      let attempts = 0;
      await inTransaction(runner, { principal, requestId: 'fails twice' }, async (tx) => {
        attempts += 1;
        await addUsers(tx, [{ email }], { act: 'create' });
        leave(tx);
      });
      expect(attempts).toBe(3);
      const user = await db.database.prisma.user.findUniqueOrThrow({ where: { email } });
      expect(await db.database.prisma.event.count({ where: { userId: user.id } })).toBe(1);
    }
  });

  test('other failures are not tried again', async () => {
    let attempts = 0;
    const failed = inTransaction(db.runner, { principal }, async (tx) => {
      attempts += 1;
      await tx.db.$executeRawUnsafe('SELECT 1 / 0');
    });
    await expect(failed).rejects.toThrow(/division by zero/);
    expect(attempts).toBe(1);
  });
});
