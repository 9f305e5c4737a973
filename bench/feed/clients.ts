// The process of those who listen, each over a WebSocket of its own.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

export type Order =
  /** Listens so many times, the payloads in turn. */
  | { open: number; url: string; key: string; payloads: object[] }
  /** Waits until everybody together was told so often since the last order of this kind. */
  | { told: number }
  /** What was told since then, by the number of the event, with the time in milliseconds. */
  | { times: true }
  | { close: true };

export type Outcome =
  | { failed: string }
  | { done: true }
  /** Messages per millisecond, from the first one to the last. */
  | { rate: number; sample: string }
  | { at: [sequence: number, at: number][] };

const PATIENCE_MS = 60_000;
/** How many connect at once. */
const CROWD = 50;

let sockets: WebSocket[] = [];
let count = 0;
let first = 0;
let last = 0;
let sample = '';
let at: [number, number][] = [];
let isTimed = false;

async function open(url: string, key: string, payload: object): Promise<void> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', {
    perMessageDeflate: false,
  });
  sockets.push(socket);
  await once(socket, 'open');
  socket.send(
    JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }),
  );
  await once(socket, 'message');
  socket.on('message', (data: Buffer) => {
    // Anything but events is short.
    if (data.length < 40) {
      return;
    }
    last = performance.timeOrigin + performance.now();
    first ||= last;
    count += 1;
    sample ||= String(data);
    if (isTimed) {
      at.push([Number(/"sequence":(\d+)/.exec(String(data))?.[1]), last]);
    }
  });
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
}

function reset(): void {
  count = 0;
  first = 0;
  at = [];
}

async function obey(order: Order): Promise<Outcome> {
  if ('open' in order) {
    reset();
    sample = '';
    isTimed = order.open === 1;
    const { url, key, payloads } = order;
    let next = 0;
    const line = async () => {
      while (next < order.open) {
        const number = next++;
        await open(url, key, payloads[number % payloads.length] ?? {});
      }
    };
    await Promise.all(Array.from({ length: CROWD }, line));
    return { done: true };
  }
  if ('told' in order) {
    for (const end = Date.now() + PATIENCE_MS; count < order.told; await sleep(5)) {
      if (Date.now() > end) {
        throw new Error(`Only ${count} of ${order.told} were told: ${sample}`);
      }
    }
    const rate = count / (last - first);
    reset();
    return { rate, sample };
  }
  if ('times' in order) {
    const times = at;
    reset();
    return { at: times };
  }
  for (const socket of sockets) {
    socket.terminate();
  }
  sockets = [];
  return { done: true };
}

process.on('message', (order: Order) => {
  obey(order).then(
    (outcome) => process.send?.(outcome),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
