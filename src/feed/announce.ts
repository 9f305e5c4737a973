/** Telling other processes that something happened: often, and at little cost. */

import { setTimeout } from 'node:timers/promises';

/** How long to wait after each: whoever listens cannot look more often, and NOTIFY has all who commit one wait in line. */
const PAUSE_MS = 10;

/**
 * Makes a function that has `send` called soon after each call of it: while one is under way, and a moment longer, all
 * that come meanwhile are one more. What fails is not tried again, as nobody depends on it.
 */
export function createAnnouncer(send: () => Promise<unknown>): () => void {
  let isUnderWay = false;
  let isWanted = false;
  const run = async () => {
    isUnderWay = true;
    while (isWanted) {
      isWanted = false;
      await send().catch(() => {});
      await setTimeout(PAUSE_MS, undefined, { ref: false });
    }
    isUnderWay = false;
  };
  return () => {
    isWanted = true;
    if (!isUnderWay) {
      run();
    }
  };
}
