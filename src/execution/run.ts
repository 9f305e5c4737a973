/** One execution of a compiled query, which ends when the last of what it waits for has come. */
import type { VariableValues } from './selections.ts';
import { isPromise, type Text, taken } from './text.ts';

export type Args = Record<string, unknown>;

export type Run = {
  context: unknown;
  values: VariableValues;
  /** Of each field whose arguments name variables, once they were read. */
  args: (Args | undefined)[];
  /** How much is still to come. */
  awaited: number;
  /** Tells that something of it has come. */
  came(): void;
  fail(error: unknown): void;
};

/** Writes a value. */
export type Write = (value: unknown, run: Run) => Text;

/**
 * Writes an answer, from nothing. Resolves when all of it has come, to what gives its text the first time that it is
 * called, and an empty one after that; rejects as the first part of it that does. A promise of the text itself would keep
 * it for long after its time: what waited is swept up late.
 */
export function runOf(
  write: Write,
  context: unknown,
  values: VariableValues,
): Promise<() => string> {
  return new Promise((resolve, reject) => {
    let text: Text = '';
    const run: Run = {
      context,
      values,
      args: [],
      awaited: 1,
      came() {
        run.awaited -= 1;
        if (run.awaited === 0) {
          resolve(() => {
            const all = taken(text);
            text = '';
            return all;
          });
        }
      },
      fail: reject,
    };
    text = write({}, run);
    run.came();
  });
}

/** Writes a value when it is there; until then, a place is kept for it. */
export function later(value: unknown, write: Write, run: Run): Text {
  if (!isPromise(value)) {
    return write(value, run);
  }
  const place: Text[] = [];
  run.awaited += 1;
  // Whatever fails, the rest is written on: what it waits for has to be waited for by somebody.
  value.then((known) => {
    try {
      place.push(write(known, run));
    } catch (error) {
      run.fail(error);
      return;
    }
    run.came();
  }, run.fail);
  return place;
}
