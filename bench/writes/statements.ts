/** How many statements a write sends to PostgreSQL. */
import type { RunningContender } from '../processes.ts';
import { openProxy } from '../proxy.ts';
import { postOnce, UNTIMED } from './asks.ts';
import type { Writer } from './comparison.ts';
import { WRITE_NAMES, type WriteName } from './operations.ts';

/**
 * Does the writes on another one of the same contenders, started by `start` on the URL of a database, and counts what
 * it sends there, the beginning and the end of the transaction included.
 */
export async function statementsOf(
  { url, asker }: Writer,
  start: (url: string) => Promise<RunningContender>,
): Promise<Partial<Record<WriteName, number>>> {
  const proxy = await openProxy(url);
  const contender = await start(proxy.url);
  try {
    const counts: Partial<Record<WriteName, number>> = {};
    for (const write of WRITE_NAMES) {
      const asks = asker(contender, write, 'spread');
      if (asks === undefined) {
        continue;
      }
      // What is done once a minute, such as noting that a key is in use, belongs to the first.
      for (const number of UNTIMED.statements) {
        proxy.take();
        const answer = await (await postOnce(asks, number)).text();
        counts[write] = proxy.take().length;
        if (!answer.includes(asks.expected)) {
          throw new Error(`${asks.url} answered ${answer.slice(0, 200)}`);
        }
      }
    }
    return counts;
  } finally {
    await contender.stop();
    proxy.close();
  }
}
