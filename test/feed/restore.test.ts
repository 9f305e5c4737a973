/** A database that was restored from a dump of another cluster, whose transactions had other numbers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { add, idsOf, lastCursor, place, soon, stored, storedAfter } from './feed-world.ts';
import { eventsOf, transports } from './listener.ts';

const KEY = `ghk_${'k'.repeat(43)}`;

let database: TestDatabase;
let world: TestGateway;
let organization: Awaited<ReturnType<typeof place>>;
let ofEnvironment: string;

beforeAll(async () => {
  database = await createDatabase();
  const before = await createGateway(
    { GATEHOUSE_API_KEY: KEY },
    { ...database, close: async () => {} },
  );
  const { uuid, id } = await place(before);
  await database.query(
    `UPDATE event SET transaction_id = (transaction_id::text::numeric + 10000000000000)::text::xid8`,
  );
  await before.close();
  world = await createGateway({ GATEHOUSE_API_KEY: KEY }, database);
  organization = { uuid, id, after: await lastCursor(world, id) };
  ofEnvironment = await lastCursor(world);
});

afterAll(() => world.close());

it('begins another epoch once, however often a gateway starts', async () => {
  const epochs = () => database.query('SELECT event_epoch FROM environment');
  expect(await epochs()).toEqual([{ event_epoch: 2 }]);
  await add(world, organization.id);
  const again = await createGateway(
    { GATEHOUSE_API_KEY: KEY },
    { ...database, close: async () => {} },
  );
  await again.close();
  expect(await epochs()).toEqual([{ event_epoch: 2 }]);
});

it('lists the new ones after the old ones', async () => {
  await add(world, organization.id);
  const expected = await storedAfter(database, ofEnvironment);
  // The list ends before the oldest transaction that is under way, of whichever database of the cluster.
  await soon(async () => {
    const { data } = await world.ask<{ events: { nodes: { id: string }[] } }>(
      'query ($after: String) { events(after: $after, first: 100) { nodes { id } } }',
      { after: ofEnvironment },
    );
    expect(data?.events.nodes.map(({ id }) => id)).toEqual(expected);
  });
  expect(expected).toContain(
    (await stored(database, 'organization_id = $1', [organization.uuid])).at(-1),
  );
});

describe.each(Object.entries(transports))('%s', (_name, listen) => {
  it('goes on after a cursor of before, and from now on', async () => {
    const { id, uuid, after } = organization;
    const own = listen(world.gateway.url, KEY, eventsOf({ organizationId: id, after }));
    const all = listen(world.gateway.url, KEY, eventsOf({ after: ofEnvironment }));
    await add(world, id);
    const expected = await storedAfter(database, ofEnvironment);
    await soon(() => expect(idsOf(all)).toEqual(expected));
    const owned = await stored(database, 'organization_id = $1 AND epoch = 2', [uuid]);
    await soon(() => expect(idsOf(own)).toEqual(owned));
    await add(world, id);
    await soon(() => expect(own.events()).toHaveLength(owned.length + 1));
    const more = await storedAfter(database, ofEnvironment);
    await soon(() => expect(idsOf(all)).toEqual(more));
    own.close();
    all.close();
  });
});
