import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, it } from 'vitest';
import { attachEmbeddedPostgres } from '../../src/db/embedded/embedded.ts';
import { decodeId } from '../../src/domain/id.ts';
import { eventsOf, transports } from '../feed/listener.ts';
import { temporaryFolder } from '../support/embedded-world.ts';
import { KEY, startGateway } from './program.ts';
import { count, lag, sleepers, type Transport, waitFor } from './slow-reader.ts';

/** In less time, whoever never reads is not given up yet. */
const SECONDS = Math.max(45, Math.min(600, Number(process.env.SOAK_SECONDS ?? 60)));
const PER_SECOND = 1000;
const BATCH_MS = 100;
const MOST_GROWTH_MB = 100;

const TRANSPORTS: Transport[] = ['WebSocket', 'SSE'];

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
      // For a key of the environment a hundred times as many.
      GATEHOUSE_MAX_STREAMS_PER_CALLER: String(TRANSPORTS.length),
    });
    const { pid } = gateway.child;
    const server = await attachEmbeddedPostgres({ dataDir });
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      const { organization } = await mutate(
        gateway.url,
        'organizationCreate(input: { displayName: "Busy" }) { ... on OrganizationCreatePayload { organization { id } } }',
      );
      const organizationId: string = organization.id;
      const { secret } = await mutate(
        gateway.url,
        `apiKeyCreate(input: { name: "Lost", permissions: ["organization:read", "event:read"], organizationId: "${organizationId}" }) {
          ... on ApiKeyCreatePayload { secret } }`,
      );
      const uuid = decodeId('org', organizationId);
      let newest = 0;
      /** As writers do, many at once: their numbers taken, their rows written, and whoever listens woken. */
      const write = async (size: number): Promise<void> => {
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
        newest = rows[0]?.sequence ?? 0;
      };

      const base = gateway.url.replace('/graphql', '');
      const others = TRANSPORTS.flatMap((transport) =>
        [{ organizationId }, { organizationId }, {}].map((input) =>
          count(transports[transport](base, KEY, eventsOf(input, 'id cursor sequence'))),
        ),
      );
      // These are never heard of again, and are all that this key may have.
      const lost = await Promise.all(
        TRANSPORTS.map((transport) => sleepers[transport](base, secret, { organizationId })),
      );
      const refused = transports.SSE(base, secret, eventsOf({ organizationId }));
      await refused.over;
      expect(refused.error()?.extensions?.code).toBe('LIMIT_EXCEEDED');
      await write(1);
      const from = newest;
      // Everything is warm before memory is looked at.
      for (const end = Date.now() + 5000; Date.now() < end; ) {
        await write(PER_SECOND / 10);
        await sleep(BATCH_MS);
      }
      const before = await megabytes(pid);
      const begin = Date.now();
      const until = begin + SECONDS * 1000;
      const lagging = Promise.all(
        TRANSPORTS.map((transport) =>
          lag(transport, base, organizationId, { until, newest: () => newest }),
        ),
      );
      let isLagging = true;
      const over = () => {
        isLagging = false;
      };
      lagging.then(over, over);
      const memory: number[] = [];
      let written = 0;
      for (let turn = 1; isLagging || Date.now() < until; turn += 1) {
        const size = (PER_SECOND * BATCH_MS) / 1000;
        await write(size);
        written += size;
        if (turn % 10 === 0) {
          memory.push(await megabytes(pid));
        }
        await sleep(Math.max(0, begin + turn * BATCH_MS - Date.now()));
      }
      const rate = written / ((Date.now() - begin) / 1000);
      // The highest of the last quarter: what comes and goes is not growth, but what stays is.
      const growth = Math.max(...memory.slice(-Math.ceil(memory.length / 4))) - before;
      const most = Math.max(...memory) - before;
      const slow = await lagging;
      const readers = slow.map(({ reader }) => reader);
      await waitFor(() => [...others, ...readers].every(({ at }) => at.sequence === newest));
      process.stdout.write(
        `feed: ${SECONDS} s at ${rate.toFixed(0)} events a second, ${written} events; RSS ${before.toFixed(0)} MB, ${growth.toFixed(0)} MB more in the last quarter, ${most.toFixed(0)} at most; ${others.length} others: ${others.map(({ told }) => told).join(', ')}\n${slow.map(({ transport, slowly, missed }) => `feed: over ${transport}, ended ${slowly.length} times after ${slowly.join(', ')} events, then caught up with ${missed.join(', ')}\n`).join('')}`,
      );
      expect(gateway.child.exitCode).toBeNull();
      for (const one of others) {
        expect(one).toMatchObject({ wrong: 0, at: { sequence: newest } });
        expect(one.told).toBeGreaterThanOrEqual(newest - from);
      }
      for (const one of readers) {
        expect(one).toMatchObject({ wrong: 0, at: { sequence: newest } });
      }
      const { cursor } = others[0]?.at ?? {};
      await write(1);
      // There is room again, so that the lost ones are gone.
      const next = TRANSPORTS.map((transport) =>
        count(
          transports[transport](
            base,
            secret,
            eventsOf({ organizationId, after: cursor }, 'cursor sequence'),
          ),
        ),
      );
      await waitFor(() => next.every(({ told }) => told === 1));
      expect(next).toMatchObject(next.map(() => ({ told: 1, at: { sequence: newest } })));
      expect(growth).toBeLessThan(MOST_GROWTH_MB);
      for (const one of [...others, ...readers, ...next]) {
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
  // Whoever is behind when the time is over has to read, and is waited for.
  (SECONDS + 900) * 1000,
);

/** Does one thing with the key of the environment, and returns what came of it. */
async function mutate(url: string, field: string) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
    body: JSON.stringify({ query: `mutation { made: ${field} }` }),
  });
  return (await response.json()).data.made;
}
