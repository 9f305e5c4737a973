/** A gateway that stops sends its listeners elsewhere, where they miss nothing. */
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startGatewayProcess } from '../cli/gateway-process.ts';
import { newDataDir } from '../support/data-dir.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { add, idsOf, place, soon, stored } from './feed-world.ts';
import { type Event, eventsOf, overEventStream } from './listener.ts';

const KEY = `ghk_${'d'.repeat(43)}`;

let database: TestDatabase;
/** The one that stays. */
let world: TestGateway;

beforeAll(async () => {
  database = await createDatabase();
  world = await createGateway({ GATEHOUSE_API_KEY: KEY }, database);
});

afterAll(() => world.close());

it('completes streams and closes sockets with 1001, and whoever comes back has missed nothing', async () => {
  const leaving = await startGatewayProcess({
    env: { DATABASE_URL: database.url, GATEHOUSE_API_KEY: KEY, GATEHOUSE_DATA_DIR: newDataDir() },
  });
  const { id: organizationId, uuid, after } = await place(world);
  const events: Event[] = [];
  const codes: number[] = [];
  let url = leaving.url;
  const client = createClient({
    url: () => `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${KEY}` },
    retryAttempts: 20,
    retryWait: () => Promise.resolve(),
    shouldRetry: () => true,
    on: { closed: (event) => codes.push((event as CloseEvent).code) },
  });
  const variables = { organizationId, after } as { after: string };
  // The variables are read anew for each attempt.
  client.subscribe(eventsOf(variables) as never, {
    next({ data }) {
      const event = (data as { event: Event }).event;
      events.push(event);
      variables.after = event.cursor;
    },
    error: () => {},
    complete: () => {},
  });
  const stream = overEventStream(leaving.url, KEY, eventsOf({ organizationId, after }));
  let isWriting = true;
  const writing = (async () => {
    while (isWriting) {
      await add(world, organizationId);
    }
  })();
  await soon(() => expect(stream.events().length).toBeGreaterThan(3));
  await soon(() => expect(events.length).toBeGreaterThan(3));
  url = world.gateway.url;
  const stopped = performance.now();
  leaving.kill('SIGTERM');
  await stream.over;
  expect(stream.error()).toBeUndefined();
  await soon(() => expect(codes).toContain(1001), 15_000);
  const again = overEventStream(
    url,
    KEY,
    eventsOf({ organizationId, after: stream.events().at(-1)?.cursor }),
  );
  const { code } = await leaving.ended;
  expect(code).toBe(0);
  expect(performance.now() - stopped).toBeLessThan(15_000);
  await soon(() => expect(again.events().length).toBeGreaterThan(3));
  isWriting = false;
  await writing;
  const all = await stored(world, 'organization_id = $1 AND sequence > 1', [uuid]);
  await soon(() => expect(events.map(({ id }) => id)).toEqual(all));
  await soon(() => expect([...idsOf(stream), ...idsOf(again)]).toEqual(all));
  again.close();
  await client.dispose();
});
