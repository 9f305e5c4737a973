import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPrisma } from '../../src/db/direct-sql.ts';
import type { Prisma, PrismaClient } from '../../src/db/generated/prisma/client.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

type Db = Prisma.TransactionClient;

let world: TestDatabase;
let pool: pg.Pool;
let prisma: PrismaClient;

beforeAll(async () => {
  world = await createDatabase();
  await world.query('CREATE TABLE note (id int PRIMARY KEY)');
  pool = new pg.Pool({ connectionString: world.url, max: 2, pipeline: true });
  // Dropping the database ends what is not quite closed yet.
  pool.on('error', () => {});
  prisma = openPrisma(pool, { isPrepared: true });
});

afterAll(async () => {
  await prisma.$disconnect();
  await pool.end();
  await world.close();
});

beforeEach(async () => {
  await world.query('TRUNCATE note');
});

const write = (db: Db, id: number) => db.$executeRaw`INSERT INTO note (id) VALUES (${id})`;

async function written(): Promise<number[]> {
  const rows = await world.query<{ id: number }>('SELECT id FROM note ORDER BY id');
  return rows.map(({ id }) => id);
}

const permission = (name: string, now = new Date()) => ({
  data: { name, description: name, createdAt: now, updatedAt: now },
});

describe('values', () => {
  it('come back as they were given', async () => {
    const bytes = new Uint8Array([0, 255]);
    const now = new Date('2026-11-22T09:30:00.123Z');
    const [row] = await prisma.$queryRaw<object[]>`
      SELECT ${'ä'} AS text, ${1}::int AS int, ${2.5}::float8 AS float, ${null}::text AS nothing, ${true}::bool AS bool,
        ${now}::timestamptz AS time, ${bytes}::bytea AS bytes, ${['a', 'b,"c']}::text[] AS list,
        ${{ a: [1] }}::jsonb AS json, ${2n ** 60n}::bigint AS big`;
    expect(row).toEqual({
      text: 'ä',
      int: 1,
      float: 2.5,
      nothing: null,
      bool: true,
      time: now,
      bytes: Buffer.from(bytes),
      list: ['a', 'b,"c'],
      json: { a: [1] },
      big: 2n ** 60n,
    });
  });

  it('are those of Prisma for the same statement', async () => {
    const other = await prisma.$queryRawUnsafe('SELECT count(*) AS n FROM note WHERE id > $1', 3);
    expect(other).toEqual([{ n: 0n }]);
  });
});

describe('a transaction', () => {
  it('has the SQL and the rows of Prisma on one connection', async () => {
    await prisma.$transaction(async (db) => {
      await db.permission.create(permission('direct:one'));
      const seen = await db.$queryRaw`SELECT name FROM permission WHERE name = 'direct:one'`;
      expect(seen).toEqual([{ name: 'direct:one' }]);
      await db.$executeRaw`UPDATE permission SET description = 'other' WHERE name = 'direct:one'`;
      const row = await db.permission.findUnique({ where: { name: 'direct:one' } });
      expect(row?.description).toBe('other');
    });
  });

  it('takes all of it back when the work fails', async () => {
    const failed = prisma.$transaction(async (db) => {
      await write(db, 1);
      await db.permission.create(permission('direct:two'));
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(await written()).toEqual([]);
    expect(await prisma.permission.count({ where: { name: 'direct:two' } })).toBe(0);
  });

  it('is on a connection of its own, with more of them than connections', async () => {
    const ids = Array.from({ length: 40 }, (_, id) => id);
    const seen = await Promise.all(
      ids.map((id) =>
        prisma.$transaction(async (db) => {
          await write(db, id);
          const [first] = await db.$queryRaw<object[]>`SELECT pg_current_xact_id()::text AS xid`;
          const [row] = await db.$queryRaw<{ xid: string }[]>`
            SELECT xmin::text AS xid FROM note WHERE id = ${id}`;
          expect(row).toEqual(first);
          return row?.xid;
        }),
      ),
    );
    expect(new Set(seen).size).toBe(ids.length);
    expect(await written()).toEqual(ids);
  });

  it('takes back a part of it by itself', async () => {
    await prisma.$transaction(async (db) => {
      await write(db, 1);
      const part = (db as PrismaClient).$transaction(async (inner) => {
        await write(inner, 2);
        throw new Error('this only');
      });
      await expect(part).rejects.toThrow('this only');
      await write(db, 3);
    });
    expect(await written()).toEqual([1, 3]);
  });
});

describe('the beginning of a transaction', () => {
  it('is not waited for, and comes before what is sent at once', async () => {
    const sent: unknown[] = [];
    pool.once('acquire', (client) => {
      const query = client.query;
      client.query = ((...asked: [{ text: string }]) => {
        const answer: Promise<unknown> = Reflect.apply(query, client, asked);
        sent.push(asked[0].text);
        answer.then(() => sent.push('answer'));
        return answer;
      }) as typeof query;
      pool.once('release', () => {
        client.query = query;
      });
    });
    await prisma.$transaction((db) => write(db, 1));
    expect(sent.slice(0, 3)).toEqual(['BEGIN', expect.stringContaining('INSERT'), 'answer']);
  });

  it('is nothing behind which anything is written when it fails', async () => {
    const spoiled = new pg.Pool({
      connectionString: world.url,
      max: 1,
      pipeline: true,
      // None goes because nobody needs it.
      idleTimeoutMillis: 0,
    });
    spoiled.on('error', () => {});
    spoiled.on('connect', (client) => {
      const query = client.query;
      client.query = ((...asked: [{ text: string }]) => {
        const [{ text, ...rest }] = asked;
        const spoiledText = text === 'BEGIN' ? 'SELECT 1 / 0' : text;
        return Reflect.apply(query, client, [{ ...rest, text: spoiledText }]);
      }) as typeof query;
    });
    const other = openPrisma(spoiled, { isPrepared: true });
    const failed = other.$transaction(async (db) => {
      await db.$queryRaw`SELECT 1`;
      await db.permission.create(permission('direct:late')).catch(() => {});
      await write(db, 1);
    });
    await expect(failed).rejects.toThrow();
    expect(await written()).toEqual([]);
    expect(await prisma.permission.count({ where: { name: 'direct:late' } })).toBe(0);
    // Nobody gets that connection again.
    await expect.poll(() => spoiled.totalCount).toBe(0);
    await other.$disconnect();
    await spoiled.end();
  });
});

describe('statements that do not wait for each other', () => {
  it('happen in their order', async () => {
    await prisma.$transaction(async (db) => {
      const counts = await Promise.all([
        write(db, 1),
        db.$queryRaw`SELECT count(*)::int AS n FROM note`,
        write(db, 2),
        db.$queryRaw`SELECT count(*)::int AS n FROM note`,
      ]);
      expect(counts).toEqual([1, [{ n: 1 }], 1, [{ n: 2 }]]);
    });
  });

  it('fail with the first that does, and nothing is written', async () => {
    const failed = prisma.$transaction((db) =>
      Promise.all([write(db, 1), write(db, 1), write(db, 2)]),
    );
    await expect(failed).rejects.toMatchObject({ code: '23505' });
    expect(await written()).toEqual([]);
  });

  it('do not go on behind a failure of the work', async () => {
    const goesOn = Promise.withResolvers<unknown>();
    const failed = prisma.$transaction((db) =>
      Promise.all([
        db.$queryRaw`SELECT 1`.then(() => {
          throw new Error('no');
        }),
        // Its answer comes when the work has failed and is being rolled back.
        db.$queryRaw`SELECT pg_sleep(0.1)::text`.then(() => write(db, 1)).catch(goesOn.resolve),
      ]),
    );
    await expect(failed).rejects.toThrow('no');
    expect(await goesOn.promise).toEqual(new Error('The transaction is over.'));
    expect(await written()).toEqual([]);
  });
});

describe('behind its end', () => {
  it.each([
    ['committed', async () => {}],
    [
      'rolled back',
      () => {
        throw new Error('no');
      },
    ],
  ])('a transaction that was %s takes no more', async (_, end) => {
    let kept: Db | undefined;
    await prisma
      .$transaction(async (db) => {
        kept = db;
        await write(db, 1);
        await end();
      })
      .catch(() => {});
    await expect(kept && write(kept, 2)).rejects.toThrow('The transaction is over.');
    expect(await written()).not.toContain(2);
  });

  it.each([
    ['took too long', (): Promise<unknown> => Promise.resolve(), 50],
    ['is ended with the client', () => prisma.$disconnect(), 60_000],
  ])('one that %s takes no more from the moment it is rolled back', async (_, end, timeout) => {
    const failed = prisma.$transaction(
      async (db) => {
        // Its answer comes when the rollback was sent, and not answered.
        await Promise.all([db.$queryRaw`SELECT pg_sleep(0.3)::text`, end()]);
        await write(db, 1);
      },
      { timeout },
    );
    await expect(failed).rejects.toThrow('The transaction is over.');
    expect(await written()).toEqual([]);
  });

  it('one that took too long takes no more, though its work goes on', async () => {
    const released = new Promise((resolve) => pool.once('release', resolve));
    const late = prisma.$transaction(
      async (db) => {
        await write(db, 1);
        await released;
        await write(db, 2);
      },
      { timeout: 50 },
    );
    await expect(late).rejects.toThrow('The transaction is over.');
    expect(await written()).toEqual([]);
  });
});

describe('statements that stand in the source', () => {
  const prepared = (db: Db) =>
    db.$queryRawUnsafe<{ n: number }[]>(
      `SELECT count(*)::int AS n FROM pg_prepared_statements WHERE statement LIKE 'SELECT 42 %'`,
    );

  it('are prepared once on a connection', async () => {
    const counts = await prisma.$transaction(async (db) => {
      for (const n of [1, 2, 3]) {
        await db.$queryRaw`SELECT 42 + ${n}::int`;
      }
      return prepared(db);
    });
    expect(counts).toEqual([{ n: 1 }]);
  });

  it('are prepared no more when a migration has changed what they return', async () => {
    await world.query('CREATE TABLE changing (n int)');
    const ask = () => prisma.$transaction((db) => db.$queryRaw`SELECT n FROM changing`);
    // On both connections.
    await Promise.all([ask(), ask()]);
    await world.query('ALTER TABLE changing ALTER n TYPE text');
    await expect(ask()).rejects.toMatchObject({ code: '0A000' });
    expect(await ask()).toEqual([]);
  });

  it('are not where connections keep none', async () => {
    const plainPool = new pg.Pool({ connectionString: world.url, max: 1 });
    plainPool.on('error', () => {});
    const plain = openPrisma(plainPool, { isPrepared: false });
    await plain.$queryRaw`SELECT 42 + ${1}::int`;
    expect(await prepared(plain)).toEqual([{ n: 0 }]);
    await plain.$disconnect();
    await plainPool.end();
  });
});
