import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found } from '../domain/world.ts';
import { settled } from '../graphql/event-world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { soon } from './feed-world.ts';
import { eventsOf, overEventStream, transports } from './listener.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(() => world.close());

/** Writes events past all rules, in a transaction of this number if one is given. */
async function write(organizationId: string, size: number, transaction?: bigint): Promise<void> {
  await world.query(
    `WITH counted AS (
      UPDATE organization SET sequence = sequence + $2 WHERE id = $1 RETURNING id, sequence
    ) INSERT INTO event (id, organization_id, sequence, type, cause, actor_kind, occurred_at, transaction_id)
    SELECT gen_random_uuid(), id, sequence - $2 + n, 'ORGANIZATION_UPDATED', 'UPDATED', 'SYSTEM', now(),
      coalesce($3::text::xid8, pg_current_xact_id())
    FROM counted, generate_series(1, $2) AS n ORDER BY n`,
    [organizationId, size, transaction?.toString() ?? null],
  );
}

describe.each(Object.entries(transports))('%s', (_name, listen) => {
  it('tells whoever reads all of what comes at once, however much', async () => {
    const id = await found(world);
    const input = { organizationId: encodeId('org', id) };
    // What happened before is not for those who follow from now on, once nothing holds it back.
    await settled(world);
    const streams = [input, {}].map((one) => listen(world.gateway.url, world.key, eventsOf(one)));
    await vi.waitFor(
      async () => {
        await write(id, 1);
        expect(streams.map((stream) => stream.events().length > 0)).toEqual([true, true]);
      },
      { timeout: 40_000, interval: 300 },
    );
    await write(id, 2000);
    const [row] = await world.query<{ sequence: number }>(
      'SELECT sequence FROM organization WHERE id = $1',
      [id],
    );
    await soon(() => {
      for (const stream of streams) {
        expect(stream.error()).toBeUndefined();
        expect(stream.events().at(-1)?.sequence).toBe(row?.sequence);
      }
    });
    for (const stream of streams) {
      const told = stream.events().map(({ sequence }) => Number(sequence));
      expect(told).toEqual(told.map((_, n) => Number(told[0]) + n));
      stream.close();
    }
  });
});

/** The text of a statement as a client is handed it. */
const textOf = (asked: unknown) =>
  typeof asked === 'string' ? asked : (asked as { text: string }).text;

it('misses nothing when a crash of PostgreSQL has transaction ids come again', async () => {
  const id = await found(world);
  const input = { organizationId: encodeId('org', id) };
  const burn = async () => {
    let last = 0n;
    for (let n = 0; n < 20; n += 1) {
      const [row] = await world.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id');
      last = BigInt(row?.id ?? 0);
    }
    return last;
  };
  // Begun before the crash, with what is then the next transaction, and never told anything.
  await burn();
  const streams = [input, {}].map((one) =>
    overEventStream(world.gateway.url, world.key, eventsOf(one)),
  );
  await Promise.all(streams.map(({ begun }) => begun));
  const last = await burn();
  // Looked at meanwhile: one look is over when the next one begins.
  const sent = vi.spyOn(pg.Client.prototype, 'query');
  onTestFinished(() => sent.mockRestore());
  const looks = () => sent.mock.calls.filter(([asked]) => /, news\.\*/.test(textOf(asked)));
  await soon(() => expect(looks().length).toBeGreaterThan(1));
  await write(id, 1, last - 15n);
  // What came just before may be told too: of all events it is known only later that nothing precedes it.
  const written = { ...input, cause: 'UPDATED', sequence: 2 };
  await soon(() => {
    for (const stream of streams) {
      expect(stream.events().filter(({ cause }) => cause === 'UPDATED')).toMatchObject([written]);
    }
  });
  for (const stream of streams) {
    stream.close();
  }
});
