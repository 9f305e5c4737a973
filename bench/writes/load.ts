// The process that asks for writes and reads. It only ever asks a contender that the benchmark has started here.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Asks, bodyOf, FIRST_TIMED, headersOf } from './asks.ts';

/** What to do: keep for later how to ask, or ask for all of these at once for so many seconds. */
export type Order = { keep: string; asks: Asks } | { send: Sending[]; seconds: number };

/** What came of it; slices in the order of the sendings. */
export type Outcome = { kept: true } | { failed: string } | { slices: Slice[] };

export type Sending = {
  name: string;
  /** How many requests are under way at most, each on a connection of its own. */
  connections: number;
  /** How many begin in a second. @default as soon as the one before has its answer */
  perSecond?: number;
};

/** Answers per second, and percentiles of their times in milliseconds, for comparison only. */
export type Slice = { rate: number; p50: number; p99: number; answers: number };

/** However slow it is, every connection gets its answer a few times. */
const LEAST_ANSWERS = 3;

const kept = new Map<string, Asks & { next: number }>();

async function obey(order: Order): Promise<Outcome> {
  if ('keep' in order) {
    if (new URL(order.asks.url).hostname !== '127.0.0.1') {
      throw new Error(`${order.asks.url} is not on this machine.`);
    }
    kept.set(order.keep, { ...order.asks, next: FIRST_TIMED });
    return { kept: true };
  }
  return { slices: await Promise.all(order.send.map((sending) => send(sending, order.seconds))) };
}

async function send({ name, connections, perSecond }: Sending, seconds: number): Promise<Slice> {
  const asks = kept.get(name);
  if (asks === undefined) {
    throw new Error(`There is nothing to ask for by the name ${name}.`);
  }
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times: number[] = [];
  const begin = performance.now();
  let left = asks.perTurn ?? Number.POSITIVE_INFINITY;
  // When it is enough: what is answered later counts only in the percentiles.
  let end = 0;
  let inTime = 0;
  const ask = async () => {
    left -= 1;
    const asked = performance.now();
    await post(agent, asks, asks.next++);
    const answered = performance.now();
    times.push(answered - asked);
    if (end === 0) {
      inTime += 1;
      const isLongEnough = answered - begin >= seconds * 1000;
      if ((isLongEnough && inTime >= LEAST_ANSWERS * connections) || left <= 0) {
        end = answered;
      }
    }
  };
  if (perSecond === undefined) {
    const line = async () => {
      while (end === 0 && left > 0) {
        await ask();
      }
    };
    await Promise.all(Array.from({ length: connections }, line));
  } else {
    const asked: Promise<void>[] = [];
    while (asked.length < seconds * perSecond) {
      asked.push(ask());
      const wait = begin + (asked.length * 1000) / perSecond - performance.now();
      await sleep(Math.max(0, wait));
    }
    await Promise.all(asked);
  }
  agent.destroy();
  end ||= performance.now();
  times.sort((one, other) => one - other);
  const percentile = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return {
    rate: (inTime * 1000) / (end - begin),
    p50: percentile(0.5),
    p99: percentile(0.99),
    answers: times.length,
  };
}

function post(agent: Agent, asks: Asks, number: number): Promise<void> {
  const { url, expected } = asks;
  const body = bodyOf(asks, number);
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const asked = request(url, {
      method: 'POST',
      agent,
      headers: { ...headersOf(asks, number), 'content-length': length },
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200 && text.includes(expected)) {
          resolve();
        } else {
          reject(new Error(`${url} answered ${response.statusCode} to ${body}: ${text}`));
        }
      });
    });
    asked.end(body);
  });
}

process.on('message', (order: Order) => {
  obey(order).then(
    (outcome) => process.send?.(outcome),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
