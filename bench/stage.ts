/** The frame of a run: it says how far it is, and ends what it has begun, also when it is interrupted. */

export type Stage = {
  /** Tells the person who waits. */
  progress(what: string): void;
  /** What is to be done at the end, in the opposite order, however it ends. */
  atEnd(step: () => Promise<void>): void;
};

/** Does `run`, tidies up and rejects with what it rejected with, if anything. */
export async function conduct(run: (stage: Stage) => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const steps: (() => Promise<void>)[] = [];
  const progress = (what: string) => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    process.stderr.write(`${seconds.padStart(4)} s  ${what}\n`);
  };
  const interrupted = new Promise<never>((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => reject(new Error(signal)));
    }
  });
  try {
    await Promise.race([run({ progress, atEnd: (step) => steps.push(step) }), interrupted]);
  } finally {
    for (const step of steps.reverse()) {
      await step();
    }
    progress('Done');
  }
}
