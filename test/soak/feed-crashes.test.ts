import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { attachEmbeddedPostgres } from '../../src/db/embedded/embedded.ts';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { encodeEventCursor } from '../../src/graphql/event-cursor.ts';
import { type Event, eventsOf, type Stream, transports } from '../feed/listener.ts';
import { gone, query, serverOf, temporaryFolder } from '../support/embedded-world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { KEY, startGateway } from './program.ts';

const SECONDS = Number(process.env.SOAK_SECONDS ?? 60);
const KILLS = 200;
const ORGANIZATIONS = 4;
const WRITERS = 6;

/** A gateway that is started again whenever it was killed. */
type Kept = { url: string | undefined; kill(): boolean; stop(): void };

/** A client that comes back with its last cursor, and all that it was told. */
type Checker = {
  name: string;
  organizationId?: string;
  told: Event[];
  errors: Set<string>;
  whole: boolean;
};

function keepGateway(settings: Record<string, string>, died: string[]): Kept {
  let child: ChildProcess | undefined;
  let isKilled = false;
  let isOver = false;
  const kept: Kept = {
    url: undefined,
    kill() {
      isKilled = kept.url !== undefined;
      if (isKilled) {
        kept.url = undefined;
        child?.kill('SIGKILL');
      }
      return isKilled;
    },
    stop() {
      isOver = true;
      child?.kill('SIGKILL');
    },
  };
  const keep = async () => {
    while (!isOver) {
      // It refuses to start while the database is away.
      const started = await startGateway(settings).catch(() => undefined);
      if (started === undefined) {
        await sleep(100);
        continue;
      }
      isKilled = false;
      child = started.child;
      child.stdout?.resume();
      kept.url = started.url.replace('/graphql', '');
      await new Promise((resolve) => started.child.once('exit', resolve));
      if (!isKilled && !isOver) {
        died.push(`exit ${child.exitCode}, signal ${child.signalCode}`);
      }
      kept.url = undefined;
    }
  };
  keep();
  return kept;
}

async function ask<Data>(url: string, text: string): Promise<Data | undefined> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
    body: JSON.stringify({ query: text }),
    signal: AbortSignal.timeout(20_000),
  }).catch(() => undefined);
  const answer = await response?.json().catch(() => undefined);
  return answer?.data ?? undefined;
}

const any = <Value>(values: readonly Value[]) => values[Math.floor(Math.random() * values.length)];

/** Changes one member after the other until told to stop; what fails is given up. Returns how many were answered. */
async function write(urls: () => string[], organizations: string[], signal: AbortSignal) {
  let answered = 0;
  const change = async (name: string, input: string): Promise<string | undefined> => {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
    const url = any(urls());
    const data =
      url &&
      (await ask<{ result?: { membership?: { id: string } } }>(
        url,
        `mutation { result: ${name}(input: ${input}) { ... on ${type}Payload { membership { id } } } }`,
      ));
    answered += data ? 1 : 0;
    return data ? data.result?.membership?.id : undefined;
  };
  while (!signal.aborted) {
    const email = `p${Math.random().toString(36).slice(2)}@example.com`;
    const membershipId = await change(
      'membershipCreate',
      `{ organization: { id: "${any(organizations)}" }, user: { email: "${email}" } }`,
    );
    if (membershipId === undefined) {
      await sleep(100);
      continue;
    }
    for (const name of ['membershipSuspend', 'membershipReinstate', 'membershipRemove']) {
      await change(name, `{ membershipId: "${membershipId}" }`);
    }
  }
  return answered;
}

/** Listens until told to stop, at any gateway, and after each end from where it was. */
async function follow(
  checker: Checker,
  listen: typeof transports.SSE,
  urls: () => string[],
  signal: AbortSignal,
) {
  const { organizationId } = checker;
  const place = { epoch: 0, transactionId: '0', position: '0' };
  const beginning = encodeEventCursor(
    organizationId === undefined
      ? { ...place, organizationId: null, sequence: null }
      : { ...place, organizationId: decodeId('org', organizationId), sequence: 0 },
  );
  let after = checker.whole ? beginning : undefined;
  while (!signal.aborted) {
    const url = any(urls());
    if (url === undefined) {
      await sleep(50);
      continue;
    }
    const stream: Stream = listen(
      url,
      KEY,
      eventsOf({ organizationId, after }, 'id cursor sequence'),
    );
    const stop = () => stream.close();
    signal.addEventListener('abort', stop, { once: true });
    let taken = 0;
    const take = () => {
      for (; taken < stream.told.length; taken += 1) {
        const event = stream.told[taken]?.data?.event;
        if (event) {
          checker.told.push(event);
          after = event.cursor;
        }
      }
    };
    while (!stream.isOver() && !signal.aborted) {
      await Promise.race([stream.over, sleep(50)]);
      take();
    }
    take();
    const error = stream.error();
    if (error !== undefined) {
      checker.errors.add(error.extensions?.code ?? 'connection');
    }
    signal.removeEventListener('abort', stop);
    stream.close();
    await sleep(20);
  }
}

const BACKENDS = `SELECT pid FROM pg_stat_activity WHERE datname = current_database()
  AND application_name LIKE 'gatehouse-%'`;

it(
  'tells each event once and in order, whatever is killed when',
  async () => {
    const folder = await temporaryFolder();
    const dataDir = join(folder, '.data');
    await mkdir(dataDir);
    const servers = [await attachEmbeddedPostgres({ dataDir })];
    const databaseUrl = servers[0]?.url ?? '';
    const died: string[] = [];
    const gateways = ['one', 'two'].map((name) =>
      keepGateway({ DATABASE_URL: databaseUrl, GATEHOUSE_DATA_DIR: join(folder, name) }, died),
    );
    onTestFinished(() => {
      for (const gateway of gateways) {
        gateway.stop();
      }
    });
    const urls = () => gateways.flatMap(({ url }) => url ?? []);
    const untilBoth = async () => {
      while (urls().length < gateways.length) {
        await sleep(50);
      }
    };
    await untilBoth();
    const organizations: string[] = [];
    for (let n = 0; n < ORGANIZATIONS; n += 1) {
      const made = await ask<{ made: { organization: { id: string } } }>(
        urls()[0] ?? '',
        `mutation { made: organizationCreate(input: { displayName: "O ${n}" }) {
          ... on OrganizationCreatePayload { organization { id } } } }`,
      );
      organizations.push(made?.made.organization.id ?? '');
    }
    const stopWriting = new AbortController();
    const stopListening = new AbortController();
    const following: Promise<void>[] = [];
    const checkers = Object.entries(transports).flatMap(([transport, listen]) =>
      [...organizations, undefined].flatMap((organizationId) =>
        [true, false].map((whole) => {
          const name = `${transport} ${organizationId ?? 'all'}${whole ? '' : ' from now on'}`;
          const checker: Checker = { name, organizationId, whole, told: [], errors: new Set() };
          following.push(follow(checker, listen, urls, stopListening.signal));
          return checker;
        }),
      ),
    );
    await sleep(1000);
    const writers = Array.from({ length: WRITERS }, () =>
      write(urls, organizations, stopWriting.signal),
    );

    const kills: Record<string, number> = {};
    const terminate = async (name: string) => {
      const ended = await query(
        databaseUrl,
        `SELECT pg_terminate_backend(pid) FROM (${BACKENDS} AND application_name = 'gatehouse-${name}'
          ORDER BY random() LIMIT 3) AS picked`,
      );
      return ended.length > 0;
    };
    const ways: Record<string, () => Promise<boolean>> = {
      gateway: async () => any(gateways)?.kill() ?? false,
      'listening connections': () => terminate('listen'),
      'reading connections': () => terminate('read'),
      'writing connections': () => terminate('write'),
      // It ends all others and recovers.
      'a process of PostgreSQL': async () => {
        const [pid] = await query(databaseUrl, `${BACKENDS} ORDER BY random() LIMIT 1`);
        if (pid !== undefined) {
          process.kill(Number(pid), 'SIGKILL');
        }
        return pid !== undefined;
      },
      PostgreSQL: async () => {
        const { pid } = await serverOf(dataDir);
        process.kill(pid, 'SIGKILL');
        await gone(pid);
        servers.push(await attachEmbeddedPostgres({ dataDir }));
        return true;
      },
    };
    const often = [
      'gateway',
      'reading connections',
      'writing connections',
      'listening connections',
    ];
    const turns = [...often, ...often, ...often, 'a process of PostgreSQL', 'PostgreSQL'];
    let count = 0;
    for (const until = Date.now() + SECONDS * 1000; count < KILLS && Date.now() < until; ) {
      await sleep(100 + Math.random() * 600);
      const victim = any(turns) ?? 'gateway';
      // The database may be recovering from the kill before.
      if (await ways[victim]?.().catch(() => false)) {
        kills[victim] = (kills[victim] ?? 0) + 1;
        count += 1;
      }
    }
    await untilBoth();
    await sleep(500);
    stopWriting.abort();
    const answered = (await Promise.all(writers)).reduce((sum, each) => sum + each, 0);

    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    const { rows } = await client.query<{ id: string; organization: string }>(
      `SELECT id, organization_id AS organization FROM event ORDER BY epoch, transaction_id, position`,
    );
    const inOrder = await client.query<{ id: string; organization: string }>(
      `SELECT id, organization_id AS organization FROM event WHERE sequence IS NOT NULL ORDER BY organization_id, sequence`,
    );
    await client.end();
    const expectedOf = ({ organizationId, whole, told }: Checker) => {
      const all =
        organizationId === undefined
          ? rows
          : inOrder.rows.filter(
              ({ organization }) => encodeId('org', organization) === organizationId,
            );
      const ids = all.map(({ id }) => encodeId('evt', id));
      // Who began with what happened from then on has seen all since the first that they saw.
      return whole ? ids : ids.slice(told[0] ? ids.indexOf(told[0].id) : 0);
    };
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(100)) {
      if (checkers.every((one) => one.told.length >= expectedOf(one).length)) {
        break;
      }
    }
    await sleep(1000);
    stopListening.abort();
    await Promise.all(following);

    let told = 0;
    const wrong: Record<string, { lost: number; repeated: number; outOfOrder: number }> = {};
    const sum = { lost: 0, repeated: 0, outOfOrder: 0 };
    for (const checker of checkers) {
      const expected = expectedOf(checker);
      const places = new Map(expected.map((id, at) => [id, at]));
      const ids = checker.told.map(({ id }) => id);
      const seen = new Set(ids);
      const at = ids.map((id) => places.get(id) ?? -1);
      const faults = {
        lost: expected.filter((id) => !seen.has(id)).length,
        repeated: ids.length - seen.size,
        outOfOrder: at.filter((place, n) => place < (at[n - 1] ?? 0)).length,
      };
      told += ids.length;
      sum.lost += faults.lost;
      sum.repeated += faults.repeated;
      sum.outOfOrder += faults.outOfOrder;
      if (faults.lost + faults.repeated + faults.outOfOrder > 0) {
        wrong[checker.name] = faults;
      }
    }
    const codes = [...new Set(checkers.flatMap(({ errors }) => [...errors]))].sort();
    process.stdout.write(
      `feed: ${count} kills (${Object.entries(kills)
        .map(([name, n]) => `${n} ${name}`)
        .join(
          ', ',
        )}), ${answered} changes answered, ${rows.length} events, told ${told} times to ${checkers.length} clients (ends: ${codes.join(', ')}): ${sum.lost} lost, ${sum.repeated} repeated, ${sum.outOfOrder} out of order\n`,
    );
    expect(wrong).toEqual({});
    expect(died).toEqual([]);
    expect(await brokenInvariants(databaseUrl)).toEqual([]);
    expect(count).toBeGreaterThan(0);
    expect(rows.length).toBeGreaterThan(count);
    for (const gateway of gateways) {
      gateway.stop();
    }
    for (const server of servers) {
      await server.detach();
    }
  },
  (SECONDS + 240) * 1000,
);
