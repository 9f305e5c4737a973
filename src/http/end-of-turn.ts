/** The end of a turn of the event loop. */

let end: Promise<void> | undefined;

/**
 * Resolves at the end of this turn of the event loop, for all who wait for it one right after the other. Answers that are
 * written then cost less than those written whenever they are ready where one process on the same machine, such as a
 * proxy, reads them: only the first has to wake it.
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
