/** Events that are older than GATEHOUSE_EVENT_RETENTION go, and nobody is led to believe that nothing happened. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { add, endOf, idsOf, lastCursor, place, soon, stored, storedAfter } from './feed-world.ts';
import { eventsOf, transports } from './listener.ts';

const KEY = `ghk_${'k'.repeat(43)}`;

let database: TestDatabase;
let world: TestGateway;
let old: Awaited<ReturnType<typeof place>>;
let quiet: Awaited<ReturnType<typeof place>>;
let oldOfEnvironment: string;
let oldest: string;

const listQuery = `query ($id: ID!, $after: String) {
  organization(by: { id: $id }) { events(after: $after, first: 100) { totalCount nodes { id cursor } } } }`;
const environmentQuery = 'query ($after: String) { events(after: $after) { nodes { id cursor } } }';

beforeAll(async () => {
  database = await createDatabase();
  const before = await createGateway(
    { GATEHOUSE_API_KEY: KEY },
    { ...database, close: async () => {} },
  );
  quiet = await place(before);
  old = await place(before);
  oldOfEnvironment = await lastCursor(before);
  for (let count = 0; count < 4; count += 1) {
    await add(before, old.id);
  }
  oldest = await lastCursor(before, old.id);
  await database.query(`UPDATE event SET occurred_at = now() - interval '49 hours'`);
  // More than one batch, in front of all that.
  await database.query(
    `INSERT INTO event (id, type, cause, actor_kind, occurred_at, epoch)
    SELECT gen_random_uuid(), 'ENVIRONMENT_UPDATED', 'UPDATED', 'SYSTEM', now() - interval '9 days', 0 FROM generate_series(1, 2500)`,
  );
  await add(before, old.id);
  await add(before, old.id);
  await before.close();
  world = await createGateway({ GATEHOUSE_API_KEY: KEY, GATEHOUSE_EVENT_RETENTION: '2' }, database);
  await soon(async () => {
    expect(await stored(database, `occurred_at < now() - interval '2 days'`)).toEqual([]);
  });
});

afterAll(() => world.close());

it('deletes the old ones with their details, and nothing else', async () => {
  const left = await stored(database, 'organization_id = $1', [old.uuid]);
  expect(left).toHaveLength(2);
  const [orphans] = await database.query(
    'SELECT count(*)::int AS count FROM event_detail WHERE NOT EXISTS (SELECT FROM event WHERE id = event_id)',
  );
  expect(orphans).toEqual({ count: 0 });
  const { data } = await world.ask(listQuery, { id: old.id });
  expect(data).toMatchObject({
    organization: { events: { totalCount: 2, nodes: left.map((id) => ({ id })) } },
  });
  expect(await world.ask(listQuery, { id: quiet.id })).toMatchObject({
    data: { organization: { events: { totalCount: 0, nodes: [] } } },
  });
});

it('refuses lists after what is gone, with the oldest cursor that works', async () => {
  const { errors } = await world.ask(listQuery, { id: old.id, after: old.after });
  expect(errors).toMatchObject([{ extensions: { code: 'CURSOR_EXPIRED', argument: ['after'] } }]);
  const after = errors?.[0]?.extensions?.cursor;
  const left = await stored(database, 'organization_id = $1', [old.uuid]);
  expect(await world.ask(listQuery, { id: old.id, after })).toMatchObject({
    data: { organization: { events: { nodes: left.map((id) => ({ id })) } } },
  });
  const refused = await world.ask(environmentQuery, { after: oldOfEnvironment });
  expect(refused.errors).toMatchObject([{ extensions: { code: 'CURSOR_EXPIRED' } }]);
  const again = await world.ask(environmentQuery, {
    after: refused.errors?.[0]?.extensions?.cursor,
  });
  expect(again.errors).toBeUndefined();
});

describe.each(Object.entries(transports))('%s', (_name, listen) => {
  it('ends an organization’s stream, and goes on after the cursor that it gave', async () => {
    const refused = listen(
      world.gateway.url,
      KEY,
      eventsOf({ organizationId: old.id, after: old.after }),
    );
    const { code, cursor } = await endOf(refused);
    expect(code).toBe('CURSOR_EXPIRED');
    expect(refused.events()).toEqual([]);
    const stream = listen(
      world.gateway.url,
      KEY,
      eventsOf({ organizationId: old.id, after: cursor }),
    );
    const left = await stored(database, 'organization_id = $1', [old.uuid]);
    await soon(() => expect(idsOf(stream)).toEqual(left));
    stream.close();
  });

  it('goes on after the last event that is gone: nothing after it was deleted', async () => {
    const stream = listen(
      world.gateway.url,
      KEY,
      eventsOf({ organizationId: old.id, after: oldest }),
    );
    const left = await stored(database, 'organization_id = $1', [old.uuid]);
    await soon(() => expect(idsOf(stream)).toEqual(left));
    stream.close();
    const none = listen(
      world.gateway.url,
      KEY,
      eventsOf({ organizationId: quiet.id, after: quiet.after }),
    );
    await add(world, quiet.id);
    await soon(() => expect(none.events().length).toBeGreaterThan(0));
    expect(none.events()[0]).toMatchObject({ sequence: 2 });
    none.close();
  });

  it('ends the environment’s stream, and goes on after the cursor that it gave', async () => {
    const refused = listen(world.gateway.url, KEY, eventsOf({ after: oldOfEnvironment }));
    const { code, cursor } = await endOf(refused);
    expect(code).toBe('CURSOR_EXPIRED');
    const stream = listen(world.gateway.url, KEY, eventsOf({ after: cursor }));
    const left = await storedAfter(world, cursor ?? '');
    expect(left.length).toBeGreaterThan(0);
    await soon(() => expect(idsOf(stream)).toEqual(left));
    stream.close();
  });
});
