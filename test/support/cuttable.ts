/** A line to a gateway that can be cut. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { vi } from 'vitest';

export type Cuttable = {
  /** Leads to the gateway. */
  url: string;
  /** Resolves when a connection is there. */
  connected(): Promise<void>;
  /** Cuts what is connected, and refuses everything new until `mend`. */
  cut(): void;
  mend(): void;
  /** Carries nothing any more on what is connected, without a word to anybody. */
  freeze(): void;
  close(): Promise<void>;
};

/** Starts a TCP proxy in front of `target`. */
export async function createCuttable(target: string): Promise<Cuttable> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<[near: Socket, far: Socket]>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) {
      socket.on('error', end).on('close', end);
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    isCut = true;
    for (const [near] of pairs) {
      near.destroy();
    }
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connected: () =>
      vi.waitUntil(() => pairs.size > 0, { timeout: 20_000, interval: 20 }).then(() => {}),
    cut,
    mend() {
      isCut = false;
    },
    freeze() {
      for (const [near, far] of pairs) {
        near.unpipe();
        far.unpipe();
      }
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
