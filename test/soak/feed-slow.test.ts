import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { attachEmbeddedPostgres } from '../../src/db/embedded/embedded.ts';
import { decodeId } from '../../src/domain/id.ts';
import { eventsOf, type Stream, type Told, transports } from '../feed/listener.ts';
import { temporaryFolder } from '../support/embedded-world.ts';
import { KEY, startGateway } from './program.ts';

const SECONDS = Math.min(600, Number(process.env.SOAK_SECONDS ?? 60));
const PER_SECOND = 1000;
const BATCH_MS = 100;
const MOST_GROWTH_MB = 100;

/**
 * Left alone, Node lets its heap grow to several times what is alive before it looks, which says nothing of what is held.
 * With a limit, as in a container, what is held shows: whoever holds on to more dies of it.
 */
const HEAP_MB = 160;

/** Long enough to be ended, and not so long that the socket is given up. */
const SILENT_MS = 15_000;

/** So large that it does not take minutes until the buffers of both systems are full. */
const LARGE = `id cursor sequence ${Array.from({ length: 40 }, (_, n) => `c${n}: cursor`).join(' ')}`;

/** A client that does not read, and what it finds when it does at last. */
type Slow = { name: string; read(): void; told: Told[]; close(): void };

async function slowWebSocket(url: string, organizationId: string): Promise<Slow> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}`, 'graphql-transport-ws', {
    perMessageDeflate: false,
  });
  const told: Told[] = [];
  await once(socket, 'open');
  const authorization = `Bearer ${KEY}`;
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
  await once(socket, 'message');
  socket.on('message', (data) => {
    const { type, payload } = JSON.parse(String(data));
    if (type === 'next') {
      told.push(payload);
    }
  });
  const payload = eventsOf({ organizationId }, LARGE);
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
  await sleep(500);
  socket.pause();
  // What the gateway ends by itself is no failure of the test.
  socket.on('error', () => {});
  return { name: 'WebSocket', told, read: () => socket.resume(), close: () => socket.terminate() };
}

async function slowEventStream(url: string, organizationId: string): Promise<Slow> {
  const asking = request(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
      accept: 'text/event-stream',
    },
  });
  asking.end(JSON.stringify(eventsOf({ organizationId }, LARGE)));
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  const told: Told[] = [];
  let text = '';
  const read = () => {
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines.filter((one) => one.startsWith('data: {'))) {
        told.push(JSON.parse(line.slice('data: '.length)));
      }
    });
  };
  return { name: 'SSE', told, read, close: () => response.destroy() };
}

/** Counts what a stream tells, and forgets it. */
function count(stream: Stream) {
  let next: number | undefined;
  const counted = { told: 0, last: 0, wrong: 0, stop: () => stream.close() };
  const take = () => {
    for (const { data } of stream.told.splice(0)) {
      const sequence = data?.event?.sequence;
      if (typeof sequence === 'number') {
        counted.wrong += next === undefined || sequence === next ? 0 : 1;
        counted.told += 1;
        counted.last = sequence;
        next = sequence + 1;
      }
    }
  };
  const timer = setInterval(take, 50);
  stream.over.then(() => {
    take();
    clearInterval(timer);
  });
  return counted;
}

async function megabytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

it.runIf(process.platform === 'linux')(
  'ends who does not read, and nobody else notices',
  async () => {
    const dataDir = join(await temporaryFolder(), '.data');
    await mkdir(dataDir);
    const gateway = await startGateway({
      GATEHOUSE_DATA_DIR: dataDir,
      NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}`,
    });
    const url = gateway.url;
    const { pid } = gateway.child;
    const server = await attachEmbeddedPostgres({ dataDir });
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
        body: JSON.stringify({
          query: `mutation { made: organizationCreate(input: { displayName: "Busy" }) {
            ... on OrganizationCreatePayload { organization { id } } } }`,
        }),
      });
      const organizationId: string = (await response.json()).data.made.organization.id;
      const uuid = decodeId('org', organizationId);
      /** As writers do, many at once: their numbers taken, their rows written, and whoever listens woken. */
      const write = async (size: number): Promise<number> => {
        const { rows } = await client.query<{ sequence: number }>(
          `WITH counted AS (
            UPDATE organization SET sequence = sequence + $2 WHERE id = $1 RETURNING id, sequence
          ), written AS (
            INSERT INTO event (id, organization_id, sequence, type, cause, actor_kind, occurred_at)
            SELECT gen_random_uuid(), id, sequence - $2 + n, 'ORGANIZATION_UPDATED', 'UPDATED', 'SYSTEM', now()
            FROM counted, generate_series(1, $2) AS n ORDER BY n
          ) SELECT sequence FROM counted`,
          [uuid, size],
        );
        await client.query('NOTIFY gatehouse_events');
        return rows[0]?.sequence ?? 0;
      };

      const base = url.replace('/graphql', '');
      const others = Object.values(transports).flatMap((listen) =>
        [{ organizationId }, { organizationId }, {}].map((input) =>
          count(listen(base, KEY, eventsOf(input, 'id cursor sequence'))),
        ),
      );
      const slowOnes: Slow[] = [];
      const endOf = ({ told }: Slow) => told.flatMap(({ errors }) => errors ?? [])[0];
      const lag = async (until: number) => {
        do {
          const slow = await Promise.all([
            slowWebSocket(url, organizationId),
            slowEventStream(url, organizationId),
          ]);
          slowOnes.push(...slow);
          await sleep(SILENT_MS);
          for (const one of slow) {
            one.read();
          }
          for (const end = Date.now() + 30_000; Date.now() < end; await sleep(100)) {
            if (slow.every((one) => endOf(one) !== undefined)) {
              break;
            }
          }
          for (const one of slow) {
            one.close();
          }
        } while (Date.now() + SILENT_MS < until);
      };
      // These are never heard of again.
      const lost = await Promise.all([
        slowWebSocket(url, organizationId),
        slowEventStream(url, organizationId),
      ]);
      const from = await write(1);
      // Everything is warm before memory is looked at.
      for (const end = Date.now() + 5000; Date.now() < end; ) {
        await write(PER_SECOND / 10);
        await sleep(BATCH_MS);
      }
      const before = await megabytes(pid);
      const begin = Date.now();
      const lagging = lag(begin + SECONDS * 1000);
      let isLagging = true;
      const over = () => {
        isLagging = false;
      };
      lagging.then(over, over);
      const memory: number[] = [];
      let last = 0;
      let written = 0;
      for (let turn = 1; isLagging || Date.now() - begin < SECONDS * 1000; turn += 1) {
        const size = (PER_SECOND * BATCH_MS) / 1000;
        last = await write(size);
        written += size;
        if (turn % 10 === 0) {
          memory.push(await megabytes(pid));
        }
        await sleep(Math.max(0, begin + turn * BATCH_MS - Date.now()));
      }
      const rate = written / ((Date.now() - begin) / 1000);
      for (const end = Date.now() + 60_000; Date.now() < end; await sleep(100)) {
        if (others.every((one) => one.last === last)) {
          break;
        }
      }
      // The highest of the last quarter: what comes and goes is not growth, but what stays is.
      const growth = Math.max(...memory.slice(-Math.ceil(memory.length / 4))) - before;
      const most = Math.max(...memory) - before;
      await lagging;
      process.stdout.write(
        `feed: ${SECONDS} s at ${rate.toFixed(0)} events a second, ${written} events; RSS ${before.toFixed(0)} MB, ${growth.toFixed(0)} MB more in the last quarter, ${most.toFixed(0)} at most; the slow were told ${slowOnes.map(({ name, told }) => `${told.length} (${name})`).join(', ')}; ${others.length} others: ${others.map(({ told }) => told).join(', ')}\n`,
      );
      expect(gateway.child.exitCode).toBeNull();
      for (const one of others) {
        expect(one).toMatchObject({ wrong: 0, last });
        expect(one.told).toBeGreaterThanOrEqual(last - from);
      }
      for (const one of slowOnes) {
        const events = one.told.flatMap(({ data }) => data?.event ?? []);
        expect(endOf(one)?.extensions, one.name).toEqual({
          code: 'RESUME_REQUIRED',
          cursor: events.at(-1)?.cursor,
        });
        expect(events.map(({ sequence }) => sequence)).toEqual(
          events.map((_, n) => Number(events[0]?.sequence) + n),
        );
        // Whoever comes back with the cursor gets all the rest.
        const rest = count(
          transports.SSE(
            base,
            KEY,
            eventsOf({ organizationId, after: events.at(-1)?.cursor }, 'sequence'),
          ),
        );
        const missing = last - Number(events.at(-1)?.sequence);
        for (
          const end = Date.now() + (120 + SECONDS) * 1000;
          rest.told < missing && Date.now() < end;
        ) {
          await sleep(50);
        }
        expect(rest).toMatchObject({ told: missing, wrong: 0 });
        rest.stop();
      }
      expect(growth).toBeLessThan(MOST_GROWTH_MB);
      for (const one of others) {
        one.stop();
      }
      for (const one of lost) {
        one.close();
      }
    } finally {
      await client.end();
      gateway.child.kill('SIGKILL');
      await server.detach();
    }
  },
  // Each of the slow reads all the rest: the longer it lasts, the more of them, and the more to read.
  (SECONDS * 8 + 400) * 1000,
);
