/** Turns: within one process, who waits for the same lock waits here, one after the other, and not on a connection. */

const PATIENCE_MS = 10_000;

/** Does `work` when everybody who came before with one of the `names` is done; throws `giveUp()` after a while. */
export type InTurn = <T>(
  names: string[],
  work: () => Promise<T>,
  giveUp: () => Error,
) => Promise<T>;

/** Makes the turns of one process. Whoever waits longer than `patienceMs` gives up. */
export function createTurns(patienceMs = PATIENCE_MS): InTurn {
  const lines = new Map<string, Promise<void>>();

  const take = async (name: string, giveUp: () => Error): Promise<() => void> => {
    const { promise: mine, resolve: leave } = Promise.withResolvers<void>();
    const before = lines.get(name);
    const line = before === undefined ? mine : before.then(() => mine);
    lines.set(name, line);
    line.then(() => {
      if (lines.get(name) === line) {
        lines.delete(name);
      }
    });
    if (before !== undefined && !(await endsWithin(before, patienceMs))) {
      leave();
      throw giveUp();
    }
    return leave;
  };

  return async (names, work, giveUp) => {
    const taken: (() => void)[] = [];
    try {
      // In one order for everybody, as the locks themselves, so that nobody waits in a circle.
      for (const name of [...new Set(names)].sort()) {
        taken.push(await take(name, giveUp));
      }
      return await work();
    } finally {
      for (const leave of taken) {
        leave();
      }
    }
  };
}

async function endsWithin(work: Promise<void>, patienceMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), patienceMs);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
