/** How often a write goes to PostgreSQL and back. */
import type { RunningContender } from '../processes.ts';
import { openProxy } from '../proxy.ts';
import { UNTIMED } from './asks.ts';
import { asksOf, WRITE_NAMES, type WriteName, writeOnce } from './operations.ts';
import type { Targets } from './world.ts';

/**
 * Does the writes on a contender of its own, started by `start` on the URL of a database, and counts what it sends
 * there, the beginning and the end of the transaction included.
 */
export async function roundTripsOf(
  databaseUrl: string,
  start: (url: string) => Promise<RunningContender>,
  targets: Targets,
): Promise<Record<WriteName, number>> {
  const proxy = await openProxy(databaseUrl);
  const contender = await start(proxy.url);
  try {
    const counts = { membershipCreate: 0, membershipRoleAssign: 0, membershipSuspend: 0 };
    for (const write of WRITE_NAMES) {
      // What is done once a minute, such as noting that a key is in use, belongs to the first.
      for (const number of UNTIMED.roundTrips) {
        proxy.take();
        await writeOnce(asksOf(contender, write, 'spread', targets), number);
        counts[write] = proxy.take().length;
      }
    }
    return counts;
  } finally {
    await contender.stop();
    proxy.close();
  }
}
