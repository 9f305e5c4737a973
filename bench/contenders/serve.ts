/** What the peers have in common: a listening server that takes part in the benchmark. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { takePart } from '../contender.ts';

/** As many connections as Gatehouse's read pool has. */
export const CONNECTIONS = 10;

/** Listens on this machine, and tells the benchmark that the contender is reached at `path` there. */
export async function serve(
  server: Server,
  path: string,
  stop: () => Promise<unknown>,
): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  takePart(`http://127.0.0.1:${port}${path}`, async () => {
    server.closeAllConnections();
    await stop();
  });
}
