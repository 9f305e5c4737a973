// The process that makes the load. It only ever asks a contender that the benchmark has started on this machine.
import autocannon from 'autocannon';
import type { Request } from './operations.ts';

/** What to do: keep requests for later, or send those of a name over and over for so many seconds. */
export type Order = { keep: string; requests: Request[] } | { send: string; seconds: number };

/** What came of it. */
export type Outcome = { kept: true } | { failed: string } | Slice;

/** Requests per second and the 99th percentile of their times in milliseconds, for comparison only. */
export type Slice = { rate: number; p99: number; requests: number };

const CONNECTIONS = 16;
const SAMPLE_MS = 50;
/** However slow it is, every connection gets its answer a few times, or once when that takes so many turns. */
const LEAST_REQUESTS = 3 * CONNECTIONS;
const LEAST_OF_SLOW = CONNECTIONS;
const SLOW_TURNS = 5;
const PATIENCE_SECONDS = 30;

const kept = new Map<string, Request[]>();

async function obey(order: Order): Promise<Outcome> {
  if ('keep' in order) {
    const elsewhere = order.requests.find(({ url }) => new URL(url).hostname !== '127.0.0.1');
    if (elsewhere !== undefined) {
      throw new Error(`${elsewhere.url} is not on this machine.`);
    }
    kept.set(order.keep, order.requests);
    return { kept: true };
  }
  const requests = kept.get(order.send);
  if (requests === undefined) {
    throw new Error(`There is nothing to send to ${order.send}.`);
  }
  return await send(requests, order.seconds);
}

async function send(requests: Request[], seconds: number): Promise<Slice> {
  const url = requests[0]?.url ?? '';
  const times: number[] = [];
  let clients = 0;
  let begin = 0;
  let end = 0;
  const run = autocannon({
    url,
    connections: CONNECTIONS,
    duration: PATIENCE_SECONDS,
    timeout: PATIENCE_SECONDS,
    sampleInt: SAMPLE_MS,
    setupClient(client) {
      // Every connection asks for other things.
      const from = clients++;
      client.setRequests(
        requests.filter((_, at) => at % CONNECTIONS === from).map(asAutocannonTakesIt),
      );
    },
  });
  run.on('response', (_client, _status, _bytes, milliseconds) => {
    end = performance.now();
    begin ||= end - milliseconds;
    times.push(milliseconds);
    const passed = end - begin;
    const turns = passed / (seconds * 1000);
    const least = turns < SLOW_TURNS ? LEAST_REQUESTS : LEAST_OF_SLOW;
    if (times.length >= least && turns >= 1) {
      run.stop();
    }
  });
  const { errors, non2xx } = await run;
  if (errors + non2xx > 0 || times.length === 0) {
    throw new Error(`${url}: ${errors} errors and ${non2xx} refusals.`);
  }
  times.sort((one, other) => one - other);
  const p99 = times[Math.floor(times.length * 0.99)] ?? 0;
  return { rate: (times.length * 1000) / (end - begin), p99, requests: times.length };
}

function asAutocannonTakesIt({ method = 'POST', url, headers, body }: Request) {
  const { pathname, search } = new URL(url);
  return { method, path: `${pathname}${search}`, headers, ...(method === 'POST' ? { body } : {}) };
}

process.on('message', (order: Order) => {
  obey(order).then(
    (outcome) => process.send?.(outcome),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
