/** What is counted and measured, for whoever watches the gateway: nothing of tenants, and no label that callers choose. */
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  Registry,
} from 'prom-client';
import type { Pools } from '../db/database.ts';
import type { Ended, Observe } from './exchange.ts';
import type { Lags } from './lags.ts';

export type Metrics = {
  observe: Observe;
  contentType: string;
  /** All of it in the text format of OpenMetrics 1.0. What the database has to say is asked for now. */
  text(): Promise<string>;
};

export type MetricSources = {
  pools(): Pools;
  /** How many writers wait for their turn in this process. */
  waitingTurns(): number;
  /** Rejects when the database does not answer. */
  lags(): Promise<Lags>;
};

/** Of an answer, which is a matter of milliseconds, or of an act that waited for others. */
const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Codes of errors are ours and few; should a library bring more, they are counted together. */
const MOST_CODES = 200;

const OURS = ['INTERNAL_SERVER_ERROR', 'UNAVAILABLE'];

/** Makes the metrics of one gateway, in a registry of its own. */
export function createMetrics({ pools, waitingTurns, lags }: MetricSources): Metrics {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'gatehouse_requests',
    help: 'Requests, and operations on WebSockets, by what came of them: ok, refused (the caller), failed (us).',
    labelNames: ['route', 'transport', 'operation', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'gatehouse_request_duration_seconds',
    help: 'From the first byte that came to the last one that went.',
    labelNames: ['route', 'transport', 'operation'],
    buckets: BUCKETS_S,
    registers,
  });
  const refusals = new Counter({
    name: 'gatehouse_refusals',
    help: 'Errors that callers were answered with, those of result unions included, by code.',
    labelNames: ['code'],
    registers,
  });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `gatehouse_${name}`, help, labelNames: [], registers });
  const connections = new Gauge({
    name: 'gatehouse_database_connections',
    help: 'Connections to PostgreSQL, by pool and state.',
    labelNames: ['pool', 'state'],
    registers,
  });
  const waiting = new Gauge({
    name: 'gatehouse_queue_length',
    help: 'Who waits: for a connection of a pool, or for their turn to write to an organization.',
    labelNames: ['queue'],
    registers,
  });
  const up = gauge('database_up', 'Whether PostgreSQL answered just now.');
  const sweeperLag = gauge(
    'sweeper_lag_seconds',
    'How long the oldest deadline that nobody has settled yet is over.',
  );
  const feedLag = gauge(
    'feed_lag_seconds',
    'Age of the oldest writing transaction of the cluster: it holds the stream of all events back.',
  );
  const mailLag = gauge('mail_lag_seconds', 'Age of the oldest mail that has not left.');

  const codes = new Set<string>();
  const known = (code: string) => {
    if (codes.size < MOST_CODES) {
      codes.add(code);
    }
    return codes.has(code) ? code : 'OTHER';
  };

  const look = async () => {
    for (const [pool, { total, idle, waiting: queue }] of Object.entries(pools())) {
      connections.set({ pool, state: 'busy' }, total - idle);
      connections.set({ pool, state: 'idle' }, idle);
      waiting.set({ queue: `database_${pool}` }, queue);
    }
    waiting.set({ queue: 'turns' }, waitingTurns());
    const seen = await lags().catch(() => undefined);
    up.set(seen === undefined ? 0 : 1);
    sweeperLag.set(seen?.sweeper ?? Number.NaN);
    feedLag.set(seen?.feed ?? Number.NaN);
    mailLag.set(seen?.mail ?? Number.NaN);
  };

  return {
    contentType: registry.contentType,
    observe(ended) {
      const { route, transport, seconds, exchange } = ended;
      const operation = exchange.operation?.kind ?? 'none';
      requests.inc({ route, transport, operation, outcome: outcomeOf(ended) });
      durations.observe({ route, transport, operation }, seconds);
      for (const code of exchange.codes) {
        refusals.inc({ code: known(code) });
      }
    },
    async text() {
      await look();
      return registry.metrics();
    },
  };
}

function outcomeOf({ exchange: { codes }, status = 200 }: Ended): string {
  if (status >= 500 || OURS.some((code) => codes.has(code))) {
    return 'failed';
  }
  return status >= 400 || codes.size > 0 ? 'refused' : 'ok';
}
