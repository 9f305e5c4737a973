/**
 * Measures the feed: what an idle subscription holds, how fast an event is told to many, how long after its commit, and
 * what writers pay for it. Usage: see README.md. Everything happens on this machine, against processes and databases
 * that this program has made, and ends with it.
 */
import { randomBytes } from 'node:crypto';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ExecutionResult } from 'graphql';
import pg from 'pg';
import { encodeId } from '../src/domain/id.ts';
import { createAnnouncer } from '../src/feed/announce.ts';
import type { Order, Outcome } from './feed/clients.ts';
import { median } from './measure.ts';
import {
  type Helper,
  type RunningContender,
  shareProcessors,
  startContender,
  startHelper,
} from './processes.ts';
import { rewriteReadme, table, twoDigits } from './report.ts';
import { openServer } from './server.ts';
import { conduct, type Stage } from './stage.ts';
import { organizationUuid } from './world.ts';
import { slicesOf, type WriteLoad } from './writes/comparison.ts';
import { asksOf } from './writes/operations.ts';
import { loadTargets, loadWrittenWorld, TENANTS } from './writes/world.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const IDLE = options.quick ? 1000 : 10_000;
const CROWD = options.quick ? 500 : 5000;
const EVENTS = 10;
const ROUNDS = options.quick ? 1 : 3;
const SECONDS = options.quick ? 1 : 5;
const PER_SECOND = [1, 100, 1000];
const WRITERS = 16;

const DOCUMENT = `subscription Follow($organizationId: ID) { event: events(organizationId: $organizationId) {
  id cursor type cause sequence organizationId occurredAt } }`;

/** That changes are committed by. */
const CONNECTIONS = 8;

const INSERT = `WITH counted AS (
    UPDATE organization SET sequence = sequence + $2 WHERE id = $1 RETURNING id, sequence
  ), written AS (
    INSERT INTO event (id, organization_id, sequence, type, cause, actor_kind, occurred_at)
    SELECT gen_random_uuid(), id, sequence - $2 + n, 'ORGANIZATION_UPDATED', 'UPDATED', 'SYSTEM', now()
    FROM counted, generate_series(1, $2) AS n ORDER BY n
  ) SELECT sequence FROM counted`;

type Clients = Helper<Order, Outcome>;

await conduct(async (stage) => {
  const rows = await run(stage);
  const load = `${loadavg()
    .map((one) => one.toFixed(1))
    .join(', ')}`;
  const tables = `${table(['', 'Gatehouse', 'floor', 'ratio', 'goal'], rows)}\n\nLoad of the machine at the end: ${load}.`;
  process.stdout.write(`\n${tables}\n`);
  if (options.write) {
    await rewriteReadme(tables, 'results of the feed');
  }
});

async function run({ progress, atEnd }: Stage): Promise<string[][]> {
  progress('Starting PostgreSQL and loading the data');
  const server = await openServer(process.env.DATABASE_URL);
  atEnd(() => server.close());
  const key = `ghk_${randomBytes(32).toString('base64url')}`;
  const original = await server.createDatabase('followed');
  await loadWrittenWorld(original, key);
  const targets = await loadTargets(original);
  const silentUrl = await server.createDatabase('silent', original);
  const url = await server.createDatabase('feed', original);

  progress('Starting the contenders');
  const pinned = shareProcessors(server.pid);
  const clients: Clients = startHelper('feed/clients.ts');
  atEnd(() => clients.stop());
  const start = async (
    name: string,
    program: string,
    database = url,
  ): Promise<RunningContender> => {
    const task = { DATABASE_URL: database, API_KEY: key };
    const contender = await startContender(name, program, task, pinned);
    atEnd(() => contender.stop());
    return contender;
  };
  const floor = await start('floor', 'feed/floor.ts');
  const gatehouse = await start('gatehouse', 'gatehouse.ts');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  atEnd(() => client.end());
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS + 1 });
  atEnd(() => pool.end());

  const organizations = Array.from({ length: TENANTS }, (_, n) => organizationUuid(n));
  const one = organizations[0] ?? '';
  const payloadOf = (uuid: string | null) => ({
    query: DOCUMENT,
    variables: { organizationId: uuid === null ? null : encodeId('org', uuid) },
  });

  progress(`(a) ${IDLE} idle subscriptions`);
  const idle = async (contender: RunningContender) => {
    const payloads = organizations.map(payloadOf);
    // What the first ones bring with them is not theirs.
    await clients.order({ open: 100, url: contender.url, key, payloads });
    await sleep(2000);
    const before = await contender.memory();
    await clients.order({ open: IDLE, url: contender.url, key, payloads });
    await sleep(4000);
    const after = await contender.memory();
    await clients.order({ close: true });
    await sleep(2000);
    const left = await contender.memory();
    const each = (bytes: number) => bytes / IDLE / 1024;
    return {
      rss: each(after.rss - before.rss),
      held: each(after.held - before.held),
      left: each(left.held - before.held),
    };
  };
  const idleFloor = await idle(floor);
  const idleOurs = await idle(gatehouse);
  progress(`    KB each: ${twoDigits(idleOurs.rss)}, floor ${twoDigits(idleFloor.rss)}`);

  progress(`(b) ${EVENTS} events to ${CROWD} subscribers`);
  const listenAll = (contender: RunningContender) =>
    clients.order({ open: CROWD, url: contender.url, key, payloads: [payloadOf(one)] });
  const burst = async (contender: RunningContender, fire: () => Promise<unknown>) => {
    const before = await contender.cpu();
    await fire();
    const outcome = await clients.order({ told: CROWD * EVENTS });
    if (!('rate' in outcome)) {
      throw new Error('The clients have measured nothing.');
    }
    const cpu = ((await contender.cpu()) - before) / (CROWD * EVENTS);
    return { rate: outcome.rate * 1000, cpu, sample: outcome.sample };
  };
  const fire = async () => {
    await client.query(INSERT, [one, EVENTS]);
    await client.query('NOTIFY gatehouse_events');
  };
  const rates = { ours: [] as number[], floor: [] as number[], ratio: [] as number[] };
  const cpus = { ours: [] as number[], floor: [] as number[] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    await listenAll(gatehouse);
    await sleep(3000);
    const ours = await burst(gatehouse, fire);
    await clients.order({ close: true });
    const result: ExecutionResult = JSON.parse(ours.sample).payload;
    await listenAll(floor);
    await sleep(1000);
    const theirs = await burst(floor, () =>
      fetch(floor.url, {
        method: 'POST',
        body: JSON.stringify({ results: Array.from({ length: EVENTS }, () => result) }),
      }),
    );
    await clients.order({ close: true });
    await sleep(1000);
    progress(`    a second: ${ours.rate.toFixed(0)}, floor ${theirs.rate.toFixed(0)}`);
    // The first is the warm-up.
    if (round > 0) {
      rates.ours.push(ours.rate);
      rates.floor.push(theirs.rate);
      rates.ratio.push(ours.rate / theirs.rate);
      cpus.ours.push(ours.cpu);
      cpus.floor.push(theirs.cpu);
    }
  }

  const latencies: string[][] = [];
  for (const perSecond of PER_SECOND) {
    progress(`(c) ${perSecond} changes a second`);
    await clients.order({ open: 1, url: gatehouse.url, key, payloads: [payloadOf(one)] });
    await sleep(1500);
    const { times, rate } = await latencyAt(pool, clients, one, perSecond);
    await clients.order({ close: true });
    const at = (share: number) =>
      times[Math.min(times.length - 1, Math.floor(times.length * share))];
    latencies.push([
      `(c) commit to delivery at ${rate.toFixed(0)} changes a second, ms: median, p99`,
      `${at(0.5)?.toFixed(1)}, ${at(0.99)?.toFixed(1)}`,
      '',
      '',
      '',
    ]);
  }

  progress('(d) The writers');
  const silent = await start('gatehouse', 'feed/silent.ts', silentUrl);
  const load: WriteLoad = startHelper('writes/load.ts');
  atEnd(() => load.stop());
  const both = { silent, gatehouse };
  for (const [name, contender] of Object.entries(both)) {
    const asks = asksOf(contender, 'membershipCreate', 'spread', targets.spread);
    await load.order({ keep: name, asks });
    await slicesOf(load, { send: [{ name, connections: WRITERS }], seconds: 2 });
  }
  await clients.order({ open: 1, url: gatehouse.url, key, payloads: [payloadOf(null)] });
  const shares: number[] = [];
  const written = { silent: [] as number[], gatehouse: [] as number[] };
  for (let round = 0; round < ROUNDS * 2; round += 1) {
    const names =
      round % 2 === 0 ? (['silent', 'gatehouse'] as const) : (['gatehouse', 'silent'] as const);
    const turn = { silent: 0, gatehouse: 0 };
    for (const name of names) {
      const [slice] = await slicesOf(load, {
        send: [{ name, connections: WRITERS }],
        seconds: options.quick ? 1 : 2,
      });
      turn[name] = slice?.rate ?? 0;
      written[name].push(turn[name]);
    }
    shares.push(turn.gatehouse / turn.silent);
  }

  const kilobytes = (value: number) => `${value.toFixed(1)} KB`;
  const whole = (values: number[]) => Math.round(median(values)).toLocaleString('en');
  return [
    [
      `(a) memory of the process per idle subscription, of ${IDLE}`,
      kilobytes(idleOurs.rss),
      kilobytes(idleFloor.rss),
      twoDigits(idleOurs.rss / idleFloor.rss),
      'at most 40 KB',
    ],
    [
      '(a) of it, held by JavaScript',
      kilobytes(idleOurs.held),
      kilobytes(idleFloor.held),
      twoDigits(idleOurs.held / idleFloor.held),
      '',
    ],
    [
      '(a) still held when all have gone',
      kilobytes(idleOurs.left),
      kilobytes(idleFloor.left),
      '',
      'none',
    ],
    [
      `(b) deliveries a second, ${CROWD} subscribers of one organization`,
      whole(rates.ours),
      whole(rates.floor),
      twoDigits(median(rates.ratio)),
      'at least 0.50',
    ],
    [
      '(b) server CPU per delivery, µs',
      median(cpus.ours).toFixed(1),
      median(cpus.floor).toFixed(1),
      twoDigits(median(cpus.ours) / median(cpus.floor)),
      '',
    ],
    ...latencies,
    [
      `(d) membershipCreate a second, ${WRITERS} connections: with the feed and one subscriber, without`,
      whole(written.gatehouse),
      whole(written.silent),
      twoDigits(median(shares)),
      'at least 0.75',
    ],
  ];
}

/** Changes one thing after the other, by several connections, and tells when each was told. */
async function latencyAt(pool: pg.Pool, clients: Clients, organization: string, perSecond: number) {
  const announce = createAnnouncer(() => pool.query('NOTIFY gatehouse_events'));
  const committed = new Map<number, number>();
  const size = Math.max(5, perSecond * SECONDS);
  const begin = performance.now();
  const change = async (first: number) => {
    for (let n = first; n < size; n += CONNECTIONS) {
      await sleep(Math.max(0, begin + (n * 1000) / perSecond - performance.now()));
      const { rows } = await pool.query<{ sequence: number }>(INSERT, [organization, 1]);
      committed.set(rows[0]?.sequence ?? 0, performance.timeOrigin + performance.now());
      announce();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, first) => change(first)));
  const rate = size / ((performance.now() - begin) / 1000);
  await sleep(2000);
  const outcome = await clients.order({ times: true });
  if (!('at' in outcome) || outcome.at.length !== size) {
    throw new Error('The subscriber was not told everything.');
  }
  const times = outcome.at
    .map(([sequence, at]) => at - (committed.get(sequence) ?? Number.NaN))
    .sort((a, b) => a - b);
  return { times, rate };
}
