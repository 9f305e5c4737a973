import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import type { Statement } from '../../src/db/statement.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let world: TestDatabase;
let client: pg.Client;
let statements = 0;

beforeAll(async () => {
  world = await createDatabase();
  client = new pg.Client({ connectionString: world.url });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await world.close();
});

const statement = (text: string): Statement => ({ name: `read_test_${statements++}`, text });

/** What a read returns the first time, when it asks for the columns, and the second time, when it does not. */
async function twice(text: string, values: unknown[] = []): Promise<object[][]> {
  const one = statement(text);
  return [await world.database.read(one, values), await world.database.read(one, values)];
}

it.each([
  "SELECT timestamptz '2026-11-22 09:30:00+00' + n * interval '7 hours 13 minutes 1.007 seconds' AS t FROM generate_series(0, 500) n",
  "SELECT unnest(ARRAY['2000-02-29 23:59:59.9', '1969-12-31 23:59:59.99', '1970-01-01', '0099-01-01', '0001-01-01', '9999-12-31', '12026-01-01', '0044-03-15 BC', '2026-01-01 00:00:00.123456', 'infinity', '-infinity', NULL]::timestamptz[]) AS t",
  "SELECT 1 AS i, 2.5::float8 AS f, 3::bigint AS b, true AS y, NULL AS n, 'ä''\"\\' AS s, '{\"a\": [1]}'::jsonb AS j, ARRAY['a', NULL, 'b,c'] AS l, ARRAY[1, 2] AS k, '\\x00ff'::bytea AS x, date '2026-01-01' AS d, ''::text AS e",
  'SELECT n, ARRAY[n % 3]::text[] AS l FROM generate_series(1, 20) n',
  'SELECT 1 WHERE false',
])('returns what pg does: %s', async (text) => {
  const { rows } = await client.query(text);
  for (const read of await twice(text)) {
    expect(read.map((row) => ({ ...row }))).toEqual(rows);
  }
});

it('reads times whatever the time zone of the database', async () => {
  const name = new URL(world.url).pathname.slice(1);
  await client.query(`ALTER DATABASE "${name}" SET TimeZone = 'Asia/Kathmandu'`);
  const there = openDatabase({ url: world.url });
  const zone = await there.read<object>(statement('SHOW TimeZone'), []);
  const times = await there.read<object>(
    statement("SELECT timestamptz '2026-11-22 09:30:00.5+00' AS t"),
    [],
  );
  await there.close();
  expect(zone).toMatchObject([{ TimeZone: 'Asia/Kathmandu' }]);
  expect(times).toMatchObject([{ t: new Date('2026-11-22T09:30:00.500Z') }]);
});

describe('columns with a dot', () => {
  const text = `SELECT n AS ordinal, CASE WHEN n = 1 THEN '01900000-0000-7000-8000-000000000001'::uuid END AS "user.id",
    'a@b.example' AS "user.email", true AS "user.isShared" FROM generate_series(1, 2) n`;

  it('are an object of their own, or null without an id', async () => {
    for (const rows of await twice(text)) {
      expect(rows.map((row) => ({ ...row }))).toMatchObject([
        { ordinal: 1, user: { email: 'a@b.example', isShared: true } },
        { ordinal: 2, user: null },
      ]);
    }
  });

  it('refuse what the model has and the statement left out', async () => {
    const [row] = await world.database.read<{ user: { name: string; other?: string } }>(
      statement(text),
      [],
    );
    expect(() => row?.user.name).toThrow('user.name was not read');
    expect(row?.user.other).toBeUndefined();
  });
});

it('rejects with what PostgreSQL says, and the connection goes on', async () => {
  const broken = statement('SELECT 1 / $1::int AS q');
  for (let time = 0; time < 30; time += 1) {
    await expect(world.database.read(broken, [0])).rejects.toMatchObject({ code: '22012' });
    expect(await world.database.read<object>(broken, [1])).toMatchObject([{ q: 1 }]);
  }
  await expect(world.database.read(statement('SELEC'), [])).rejects.toMatchObject({
    code: '42601',
  });
});

it('answers each of many at once', async () => {
  const echo = statement('SELECT $1::int AS n, pg_sleep(random() / 500)::text AS s');
  const numbers = Array.from({ length: 300 }, (_, n) => n);
  const read = await Promise.all(numbers.map((n) => world.database.read<{ n: number }>(echo, [n])));
  expect(read.map(([row]) => row?.n)).toEqual(numbers);
});
