/** Lists, replays and what is live have no seam: nothing is missing, twice or out of order, whoever writes meanwhile. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addMembers } from '../../src/domain/membership.ts';
import { act, fresh } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { add, idsOf, lastCursor, place, soon, stored, storedAfter } from './feed-world.ts';
import { type Event, eventsOf, type Stream, transports } from './listener.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(() => world.close());

type Listen = (variables: object) => Stream;

/** Collects events over many streams, each after the last event of the one before, until `isEnough`. */
async function comeBackAgainAndAgain(
  listen: Listen,
  after: string,
  isEnough: (ids: string[]) => boolean,
): Promise<string[]> {
  const got: Event[] = [];
  for (let round = 0; !isEnough(got.map(({ id }) => id)); round += 1) {
    const stream = listen({ after: got.at(-1)?.cursor ?? after });
    const enough = 1 + ((round * 37) % 200);
    await soon(() => {
      const ids = [...got.map(({ id }) => id), ...idsOf(stream)];
      const isOver = stream.isOver() || stream.events().length >= enough || isEnough(ids);
      expect(isOver || `${ids.length} events, ${stream.events().length} of ${enough}`).toBe(true);
    }, 30_000);
    expect(stream.error()).toBeUndefined();
    got.push(...stream.events());
    stream.close();
  }
  return got.map(({ id }) => id);
}

/** Reads a list page by page from a cursor, until a page is empty and `isOver`. */
async function leafThrough(organizationId: string, after: string, isOver: () => boolean) {
  const ids: string[] = [];
  let cursor = after;
  for (;;) {
    const wasOver = isOver();
    const { data } = await world.ask<{
      of: { events: { nodes: { id: string; cursor: string }[] } };
    }>(
      `query ($id: ID!, $after: String) {
        of: organization(by: { id: $id }) { events(first: 100, after: $after) { nodes { id cursor } } } }`,
      { id: organizationId, after: cursor },
    );
    const nodes = data?.of.events.nodes ?? [];
    ids.push(...nodes.map(({ id }) => id));
    cursor = nodes.at(-1)?.cursor ?? cursor;
    if (nodes.length === 0 && wasOver) {
      return ids;
    }
  }
}

const addMany = (organization: string, count: number) =>
  act(world, [organization], (tx) =>
    addMembers(
      tx,
      Array.from({ length: count }, () => ({
        organizationId: organization,
        email: `${fresh('many')}@example.com`,
      })),
      { act: 'import' },
    ),
  );

describe.each(Object.entries(transports))('%s', (_name, listenOver) => {
  const listen =
    (variables: object = {}): Listen =>
    (more) =>
      listenOver(world.gateway.url, world.key, eventsOf({ ...variables, ...more }));

  it('tells everything once and in order while four write as fast as they can', async () => {
    const [one, two] = [await place(world), await place(world)];
    const after = await lastCursor(world);
    const ofOne = listen({ organizationId: one.id });
    let isWritten = false;
    let all: string[] | undefined;
    let own: string[] | undefined;
    const streams = [ofOne({ after: one.after }), listen()({ after })] as const;
    const hasAll = (ids: string[]) => all !== undefined && ids.length >= all.length;
    const hasOwn = (ids: string[]) => own !== undefined && ids.length >= own.length;
    const readers = Promise.all([
      comeBackAgainAndAgain(ofOne, one.after, hasOwn),
      comeBackAgainAndAgain(listen(), after, hasAll),
      leafThrough(one.id, one.after, () => isWritten),
    ]);
    readers.catch(() => {});
    const write = async (writer: number) => {
      for (let count = 0; count < 20; count += 1) {
        const where = (writer + count) % 3 === 0 ? two : one;
        // Some write hundreds of events in one transaction, as another process would.
        await (count === 10 + writer ? addMany(where.uuid, 300) : add(world, where.id));
      }
    };
    await Promise.all([0, 1, 2, 3].map(write));
    isWritten = true;
    own = await stored(world, 'organization_id = $1 AND sequence > 1', [one.uuid]);
    all = await storedAfter(world, after);
    expect(own.length).toBeGreaterThan(300);
    const [ownAgain, allAgain, leaves] = await readers;
    await soon(() => expect(streams[0].events()).toHaveLength(own?.length ?? 0), 30_000);
    await soon(() => expect(streams[1].events()).toHaveLength(all?.length ?? 0), 30_000);
    expect(idsOf(streams[0])).toEqual(own);
    expect(idsOf(streams[1])).toEqual(all);
    expect(ownAgain).toEqual(own);
    expect(allAgain).toEqual(all);
    expect(leaves).toEqual(own);
    for (const stream of streams) {
      stream.close();
    }
  }, 300_000);

  it('lets the environment wait for a transaction under way, and no organization', async () => {
    const { id, after } = await place(world);
    const idle = new pg.Client({ connectionString: world.url });
    await idle.connect();
    try {
      await idle.query('BEGIN');
      await idle.query('SELECT pg_current_xact_id()');
      const own = listen({ organizationId: id })({ after });
      const all = listen()({ after });
      await add(world, id);
      await add(world, id);
      await soon(() => expect(own.events()).toHaveLength(2));
      expect(all.events()).toEqual([]);
      // A late one, whose transaction is the oldest of all.
      await idle.query(
        `INSERT INTO event (id, type, cause, actor_kind, occurred_at)
        VALUES (gen_random_uuid(), 'ENVIRONMENT_UPDATED', 'UPDATED', 'SYSTEM', now())`,
      );
      await add(world, id);
      await soon(() => expect(own.events()).toHaveLength(3));
      expect(all.events()).toEqual([]);
      await idle.query('COMMIT');
      const expected = await storedAfter(world, after);
      await soon(() => expect(idsOf(all)).toEqual(expected));
      expect(all.events()[0]).toMatchObject({ type: 'ENVIRONMENT_UPDATED' });
      expect(own.events().map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
      own.close();
      all.close();
    } finally {
      await idle.end();
    }
  });

  it('catches up by hundreds, slower than what happens, without being told to come back', async () => {
    const { id, uuid, after } = await place(world);
    await addMany(uuid, 400);
    const stream = listen({ organizationId: id })({ after });
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(() => add(world, id)));
    await soon(() => expect(stream.events().length + (stream.error() ? 408 : 0)).toBe(408));
    expect(stream.error()).toBeUndefined();
    expect(idsOf(stream)).toEqual(
      await stored(world, 'organization_id = $1 AND sequence > 1', [uuid]),
    );
    stream.close();
  });
});
