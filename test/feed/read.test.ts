/** What the tail reads, page by page. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PAGE, readNews, readSeen } from '../../src/feed/read.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await db.query(`INSERT INTO environment DEFAULT VALUES`).catch(() => {});
});

afterAll(() => db.close());

const insert = (organization: string, first: number, count: number) => ({
  text: `INSERT INTO event (id, organization_id, sequence, type, cause, actor_kind, occurred_at)
    SELECT gen_random_uuid(), $1, $2 + n, 'ORGANIZATION_UPDATED', 'UPDATED', 'SYSTEM', now() FROM generate_series(0, $3 - 1) AS n`,
  values: [organization, first, count],
});

it('reads what commits between two pages with the next look, in its place', async () => {
  const { read } = db.database;
  const [late, other] = [randomUUID(), randomUUID()];
  const client = new pg.Client({ connectionString: db.url });
  await client.connect();
  try {
    const since = await readSeen(read);
    await client.query('BEGIN');
    await client.query(insert(late, 1, 1));
    await db.query(insert(other, 1, PAGE).text, insert(other, 1, PAGE).values);
    const first = await readNews(read, since, undefined);
    expect(first.events).toHaveLength(PAGE);
    // Its transaction is older than the last event of the first page, and the next one's is younger.
    await client.query('COMMIT');
    await client.query(insert(late, 2, 1));
    const second = await readNews(read, since, first.events.at(-1));
    expect(second.events.map(({ sequence }) => sequence)).toEqual([2]);
    const next = await readNews(read, first.seen, undefined);
    expect(next.events.map(({ sequence }) => sequence)).toEqual([1, 2]);
  } finally {
    await client.end();
  }
});
