/** Somebody who does not read keeps nobody waiting, and is sent away with the place where to go on. */
import net from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { addMembers } from '../../src/domain/membership.ts';
import { act, fresh } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { idsOf, place, soon, stored } from './feed-world.ts';
import { eventsOf, overEventStream } from './listener.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(() => world.close());

// Large answers, so that the buffers between us are full soon.
const fields = `id cursor type cause sequence ${Array.from({ length: 150 }, (_, n) => `a${n}: cursor`).join(' ')}`;

const addMany = (organizationId: string, count: number) =>
  act(world, [organizationId], (tx) =>
    addMembers(
      tx,
      Array.from({ length: count }, () => ({
        organizationId,
        email: `${fresh('slow')}@example.com`,
      })),
      { act: 'import' },
    ),
  );

/** A client that takes nothing until it is told to, and then everything that there is. */
type Sleeper = { pause(): void; resume(): void; text(): string; close(): void };

function sleepOverSse(operation: object): Sleeper {
  const { hostname, port } = new URL(world.gateway.url);
  const socket = net.connect(Number(port), hostname);
  let text = '';
  const body = JSON.stringify(operation);
  socket.write(
    `POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.key}\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  socket.on('data', (data) => {
    text += data;
  });
  return {
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    text: () => text,
    close: () => socket.destroy(),
  };
}

async function sleepOverWebSocket(operation: object): Promise<Sleeper> {
  const socket = new WebSocket(
    `${world.gateway.url.replace('http', 'ws')}/graphql`,
    'graphql-transport-ws',
  );
  let text = '';
  socket.on('message', (data) => {
    text += data;
    if (String(data).includes('connection_ack')) {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: operation }));
    }
  });
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(
    JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${world.key}` } }),
  );
  return {
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    text: () => text,
    close: () => socket.terminate(),
  };
}

it.each(Object.entries({ WebSocket: sleepOverWebSocket, SSE: sleepOverSse }))(
  'ends who does not read, over %s',
  async (_name, sleep) => {
    const { id: organizationId, uuid, after } = await place(world);
    const operation = eventsOf({ organizationId, after }, fields);
    const reader = overEventStream(
      world.gateway.url,
      world.key,
      eventsOf({ organizationId, after }),
    );
    const sleeper = await sleep(operation);
    await addMany(uuid, 1);
    await soon(() => expect(sleeper.text()).toContain('"sequence":2'));
    const isEnded = () => sleeper.text().includes('RESUME_REQUIRED');
    let count = 0;
    // Where the machine is so busy that the buffers between us were not full in time, it has to be silent once more.
    while (!isEnded()) {
      sleeper.pause();
      const began = performance.now();
      // Until it must have been ended: its patience is five seconds.
      while (performance.now() - began < 9000) {
        await addMany(uuid, 200);
        count += 1;
        await soon(() => expect(reader.events()).toHaveLength(1 + 200 * count));
      }
      sleeper.resume();
      const newest = `"sequence":${2 + 200 * count}`;
      await soon(() => expect(isEnded() || sleeper.text().includes(newest)).toBe(true));
    }
    const all = await stored(world, 'organization_id = $1 AND sequence > 1', [uuid]);
    expect(all).toHaveLength(1 + 200 * count);
    expect(idsOf(reader)).toEqual(all);
    const text = sleeper.text();
    const cursor = /RESUME_REQUIRED","cursor":"([\w-]+)"/.exec(text)?.[1];
    const cursors = [...text.matchAll(/"cursor":"([\w-]+)","type"/g)].map(([, each]) => each);
    expect(cursor).toBe(cursors.at(-1));
    expect(cursors.length).toBeLessThan(all.length);
    const again = overEventStream(
      world.gateway.url,
      world.key,
      eventsOf({ organizationId, after: cursor }),
    );
    await soon(() => expect(again.events()).toHaveLength(all.length - cursors.length));
    expect(idsOf(again)).toEqual(all.slice(cursors.length));
    again.close();
    reader.close();
    sleeper.close();
  },
  300_000,
);
