/** Readers of the feed for the soak: one that only counts, and one that stops reading and comes back, again and again. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { eventsOf, type Stream, type Told, transports } from '../feed/listener.ts';
import { KEY } from './program.ts';

/** Long enough to be ended, and not so long that the socket is given up. */
const SILENT_MS = 15_000;

/** How long it takes at most to read what waits in all buffers, at the end of which the end is. */
const ENDING_MS = 20_000;

/** How long it may take to be ended at last, and for whoever comes back to have read what was missed. */
const PATIENCE_MS = 300_000;

/** How long to wait for who comes back to be where all others are: a machine may be too busy for them ever to be. */
const CATCHING_UP_MS = 30_000;

/** How many events whoever is where all others are may be behind: what is written in a second. */
const NEAR = 1000;

/** So large that it does not take minutes until the buffers of both systems are full. */
const LARGE = `id cursor sequence ${Array.from({ length: 40 }, (_, n) => `c${n}: cursor`).join(' ')}`;

export type Transport = keyof typeof transports;

/** Where a reader is: after the event with this cursor and number. */
type Place = { cursor: string | undefined; sequence: number };

export type Counted = {
  told: number;
  /** Events that did not follow the one before. */
  wrong: number;
  /** The last event. */
  at: Place;
  stop(): void;
};

/** Counts the events of an organization that a stream tells, and forgets them. */
export function count(stream: Stream, after?: Place): Counted {
  let next = after && after.sequence + 1;
  const counted = { told: 0, wrong: 0, at: after ?? { cursor: undefined, sequence: 0 }, stop };
  const take = () => {
    for (const { cursor, sequence } of stream.told.splice(0).flatMap(eventIn)) {
      if (typeof sequence === 'number') {
        counted.wrong += next === undefined || sequence === next ? 0 : 1;
        counted.told += 1;
        counted.at = { cursor, sequence };
        next = sequence + 1;
      }
    }
  };
  const timer = setInterval(take, 50);
  stream.over.then(() => {
    take();
    clearInterval(timer);
  });
  function stop() {
    stream.close();
    take();
    clearInterval(timer);
  }
  return counted;
}

/** A client that reads nothing until it is told to. */
type Sleeper = { told: Told[]; read(): void; pause(): void; close(): void };

type Input = { organizationId: string; after?: string | undefined };

async function sleepOverWebSocket(base: string, key: string, input: Input): Promise<Sleeper> {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
    perMessageDeflate: false,
  });
  // What the gateway ends by itself is no failure of the test.
  socket.on('error', () => {});
  const told: Told[] = [];
  await once(socket, 'open');
  const authorization = `Bearer ${key}`;
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
  await once(socket, 'message');
  socket.on('message', (data) => {
    const { type, payload } = JSON.parse(String(data));
    if (type === 'next') {
      told.push(payload);
    }
  });
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: eventsOf(input, LARGE) }));
  await sleep(500);
  socket.pause();
  return {
    told,
    read: () => socket.resume(),
    pause: () => socket.pause(),
    close: () => socket.terminate(),
  };
}

async function sleepOverEventStream(base: string, key: string, input: Input): Promise<Sleeper> {
  const asking = request(`${base}/graphql`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'text/event-stream',
    },
  });
  // What the gateway ends by itself is no failure of the test.
  asking.on('error', () => {});
  asking.end(JSON.stringify(eventsOf(input, LARGE)));
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  const told: Told[] = [];
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines.filter((one) => one.startsWith('data: {'))) {
      told.push(JSON.parse(line.slice('data: '.length)));
    }
  });
  response.pause();
  return {
    told,
    read: () => response.resume(),
    pause: () => response.pause(),
    close: () => response.destroy(),
  };
}

export const sleepers = { WebSocket: sleepOverWebSocket, SSE: sleepOverEventStream };

/** What came of somebody who did not read: how much was told before and after each end, and the last stream, which goes on. */
export type Lagged = { transport: Transport; slowly: number[]; missed: number[]; reader: Counted };

/**
 * Listens without reading until the stream was ended, comes back at once with the cursor, reads what was missed while
 * more is written, and stops reading again, once it is where all others are if that does not take too long, until the
 * time is over. Nothing may be missing from where it began. Who comes back asks for little: how fast they read is not what is measured.
 */
export async function lag(
  transport: Transport,
  base: string,
  organizationId: string,
  { until, newest }: { until: number; newest: () => number },
): Promise<Lagged> {
  const slowly: number[] = [];
  const missed: number[] = [];
  let place: Place | undefined;
  for (;;) {
    const sleeper = await sleepers[transport](base, KEY, {
      organizationId,
      after: place?.cursor,
    });
    const endOf = () => sleeper.told.flatMap(({ errors }) => errors ?? [])[0];
    const isEnded = () => endOf() !== undefined;
    // Where the machine is so busy that the buffers were not full yet, it has to be silent once more.
    for (const end = Date.now() + PATIENCE_MS; !isEnded() && Date.now() < end; ) {
      sleeper.pause();
      await sleep(SILENT_MS);
      sleeper.read();
      await waitFor(isEnded, ENDING_MS);
    }
    sleeper.close();
    const events = sleeper.told.flatMap(eventIn);
    const last = events.at(-1);
    expect(endOf()?.extensions, transport).toEqual({
      code: 'RESUME_REQUIRED',
      cursor: last?.cursor,
    });
    const first = place === undefined ? Number(events[0]?.sequence) : place.sequence + 1;
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, n) => first + n));
    slowly.push(events.length);

    place = { cursor: last?.cursor, sequence: Number(last?.sequence) };
    const input = { organizationId, after: place.cursor };
    const reader = count(
      transports[transport](base, KEY, eventsOf(input, 'cursor sequence')),
      place,
    );
    const target = newest();
    await waitFor(() => newest() - reader.at.sequence < NEAR, CATCHING_UP_MS);
    await waitFor(() => reader.at.sequence >= target);
    expect(reader.at.sequence, `${transport} has caught up`).toBeGreaterThanOrEqual(target);
    expect(reader.wrong, transport).toBe(0);
    missed.push(reader.told);
    if (Date.now() + SILENT_MS >= until) {
      return { transport, slowly, missed, reader };
    }
    reader.stop();
    place = reader.at;
  }
}

/** Waits until it is so, or long enough: what is then expected of it says what is wrong. */
export async function waitFor(isSo: () => boolean, patienceMs = PATIENCE_MS): Promise<void> {
  for (const end = Date.now() + patienceMs; !isSo() && Date.now() < end; ) {
    await sleep(50);
  }
}

function eventIn({ data }: Told) {
  return data?.event ?? [];
}
