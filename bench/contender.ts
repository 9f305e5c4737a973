/** The side of a contender's process that talks to the benchmark: where it is, and what it has used. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a contender is told by its environment. */
export type Task = {
  DATABASE_URL: string;
  API_KEY: string;
  /** More settings of the gateway, as JSON. */
  SETTINGS?: string;
};

/**
 * What a contender says: first its address, then, whenever asked, its CPU time so far in microseconds with
 * the bytes of the process, or the bytes that it holds once all garbage is collected.
 */
export type Said = { url: string } | Usage | Memory;

/** Microseconds of CPU so far, and the bytes of the process now. */
export type Usage = { cpu: number; rss: number };

/** Bytes: of the process, and of what JavaScript holds. */
export type Memory = { rss: number; held: number };

/** The task of this process. */
export function task(): Task {
  const { DATABASE_URL = '', API_KEY = '', SETTINGS } = process.env;
  return { DATABASE_URL, API_KEY, SETTINGS };
}

/** Tells where this contender is reached, answers questions, and ends the process with the benchmark's. */
export function takePart(url: string, stop: () => Promise<void>): void {
  const say = (said: Said) => process.send?.(said);
  process.on('message', (what) => {
    if (what === 'memory') {
      collectGarbage();
      const { rss, heapUsed, external } = process.memoryUsage();
      say({ rss, held: heapUsed + external });
      return;
    }
    const { user, system } = process.cpuUsage();
    say({ cpu: user + system, rss: process.memoryUsage.rss() });
  });
  process.on('disconnect', () => stop().finally(() => process.exit()));
  say({ url });
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  for (let turn = 0; turn < 3; turn += 1) {
    collect();
  }
}
