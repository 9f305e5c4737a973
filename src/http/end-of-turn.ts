/** The end of a turn of the event loop. */

let end: Promise<void> | undefined;

/**
 * Resolves at the end of this turn of the event loop, for all who wait for it one right after the other. Answers that are
 * written then cost less than those written whenever they are ready: only the first has to wake the process that reads
 * them.
 */
export function endOfTurn(): Promise<void> {
  end ??= new Promise((resolve) => {
    setImmediate(() => {
      end = undefined;
      resolve();
    });
  });
  return end;
}
