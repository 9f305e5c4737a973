/** Telling other processes that something happened: often, and at little cost. */

/**
 * Makes a function that has `send` called soon after each call of it: while one is under way, all that come meanwhile
 * are one more. What fails is not tried again, as nobody depends on it.
 */
export function createAnnouncer(send: () => Promise<unknown>): () => void {
  let isUnderWay = false;
  let isWanted = false;
  const run = async () => {
    isUnderWay = true;
    while (isWanted) {
      isWanted = false;
      await send().catch(() => {});
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
