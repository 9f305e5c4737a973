/** Turns: within one process, who waits for the same lock waits here, one after the other, and not on a connection. */

const PATIENCE_MS = 10_000;

/** Does `work` when everybody who came before with one of the `names` is done; throws `giveUp()` after a while. */
export type InTurn = <T>(
  names: string[],
  work: () => Promise<T>,
  giveUp: () => Error,
) => Promise<T>;

export type Turns = InTurn & {
  /** How many wait at this moment. */
  waiting(): number;
};

/** Makes the turns of one process. Whoever waits longer than `patienceMs`, for all names together, gives up. */
export function createTurns(patienceMs = PATIENCE_MS): Turns {
  const lines = new Map<string, Promise<void>>();
  let waiting = 0;

  /** Resolves to what ends the turn, when it has come; to undefined when it is too late. */
  const take = async (name: string, late: Promise<void>): Promise<(() => void) | undefined> => {
    const { promise: mine, resolve: leave } = Promise.withResolvers<void>();
    const before = lines.get(name);
    const line = before === undefined ? mine : before.then(() => mine);
    lines.set(name, line);
    line.then(() => {
      if (lines.get(name) === line) {
        lines.delete(name);
      }
    });
    if (before === undefined) {
      return leave;
    }
    waiting += 1;
    const isMyTurn = await Promise.race([before.then(() => true), late.then(() => false)]);
    waiting -= 1;
    if (!isMyTurn) {
      leave();
      return undefined;
    }
    return leave;
  };

  const inTurn: InTurn = async (names, work, giveUp) => {
    const taken: (() => void)[] = [];
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, patienceMs);
    try {
      // In one order for everybody, as the locks themselves, so that nobody waits in a circle.
      for (const name of [...new Set(names)].sort()) {
        const leave = await take(name, late);
        if (leave === undefined) {
          throw giveUp();
        }
        taken.push(leave);
      }
      clearTimeout(timer);
      return await work();
    } finally {
      clearTimeout(timer);
      for (const leave of taken) {
        leave();
      }
    }
  };
  return Object.assign(inTurn, { waiting: () => waiting });
}
