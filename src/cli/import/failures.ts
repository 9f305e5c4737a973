/** What to do about a batch that failed as a whole. */
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../../domain/errors.ts';
import { ImportStoppedError } from './session.ts';

type Failure =
  /** Somebody else is in the way. */
  | 'busy'
  /** The database cannot be reached just now. */
  | 'unreachable'
  /** It would refuse everything. */
  | 'hopeless'
  /** A row that nobody foresaw. */
  | 'poison';

const busyAttempts = 4;
const unreachableAttempts = 12;
const longestPause = 5_000;
const poisonInARow = 100;

/** Applies a batch of rows, all or none of them, and resolves to a result per row. */
export type Apply<Row, Result> = (rows: Row[]) => Promise<Result[]>;

/**
 * Wraps `apply` so that one row cannot take the others with it. What fails as a whole is tried again, then in halves: a
 * poisonous batch down to the row itself, a busy one down to the rows of one `group`, which wait for the same lock.
 * `refuse` turns what is left into results.
 *
 * The function that comes back throws ImportStoppedError when the database stays unreachable, or refuses a hundred rows
 * in a row for reasons that are not the domain's.
 */
export function applyOrSplit<Row, Result>(
  apply: Apply<Row, Result>,
  group: (row: Row) => string | undefined,
  refuse: (row: Row, error: unknown) => Result,
): Apply<Row, Result> {
  let poisoned = 0;

  const attempt = async (rows: Row[], patience: number): Promise<Result[]> => {
    for (let tries = 1; ; tries += 1) {
      try {
        const results = await apply(rows);
        poisoned = 0;
        return results;
      } catch (error) {
        const failure = classify(error);
        if (failure === 'hopeless' || (failure === 'unreachable' && tries >= unreachableAttempts)) {
          throw stopped(error);
        }
        if (failure === 'poison') {
          return await splitRows(rows, error);
        }
        if (failure === 'busy' && tries >= patience) {
          return await splitGroups(rows, error);
        }
        await delay(Math.min(100 * 2 ** tries, longestPause));
      }
    }
  };

  const splitRows = async (rows: Row[], error: unknown): Promise<Result[]> => {
    const [row] = rows;
    if (row !== undefined && rows.length === 1) {
      poisoned += error instanceof DomainError ? 0 : 1;
      if (poisoned >= poisonInARow) {
        throw stopped(error);
      }
      return [refuse(row, error)];
    }
    const half = Math.ceil(rows.length / 2);
    return [...(await attempt(rows.slice(0, half), 1)), ...(await attempt(rows.slice(half), 1))];
  };

  const splitGroups = async (rows: Row[], error: unknown): Promise<Result[]> => {
    const groups = [...Map.groupBy(rows, (row) => group(row) ?? row).values()];
    if (groups.length === 1) {
      return rows.map((row) => refuse(row, error));
    }
    const half = Math.ceil(groups.length / 2);
    const results = new Map<Row, Result>();
    for (const part of [groups.slice(0, half), groups.slice(half)]) {
      const together = part.flat();
      const applied = await attempt(together, part.length === 1 ? busyAttempts : 1);
      for (const [at, result] of applied.entries()) {
        results.set(together[at] as Row, result);
      }
    }
    return rows.map((row) => results.get(row) as Result);
  };

  return (rows) => (rows.length === 0 ? Promise.resolve([]) : attempt(rows, busyAttempts));
}

/** One line about an error that is not the domain's. */
export function describeFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.split('\n').filter((line) => line.trim() !== '');
  return (lines.at(-1) ?? 'unknown').trim().slice(0, 300);
}

function stopped(error: unknown): ImportStoppedError {
  return error instanceof ImportStoppedError
    ? error
    : new ImportStoppedError(describeFailure(error), { cause: error });
}

function classify(error: unknown): Failure {
  if (error instanceof ImportStoppedError) {
    return 'hopeless';
  }
  if (error instanceof DomainError) {
    return error.code === 'BUSY' ? 'busy' : 'poison';
  }
  const codes = errorCodes(error);
  const some = (pattern: RegExp) => codes.some((code) => pattern.test(code));
  if (some(/^(40001|40P01|55P03|57014|P2034|P2028)$/)) {
    return 'busy';
  }
  if (some(/^(08...|57P0.|53300|P1001|P1002|P1008|P1017|E[A-Z]{4,}|DatabaseNotReachable)$/)) {
    return 'unreachable';
  }
  return some(/^(25006|28...|42...|53...|58...|XX...)$/) ? 'hopeless' : 'poison';
}

// pg says `code`; Prisma wraps that in `meta.driverAdapterError.cause.originalCode`.
function errorCodes(error: unknown, depth = 0): string[] {
  if (typeof error !== 'object' || error === null || depth > 6) {
    return [];
  }
  return Object.entries(error)
    .concat(error instanceof Error ? [['cause', error.cause]] : [])
    .flatMap(([key, value]) => {
      if (['code', 'originalCode', 'kind'].includes(key) && typeof value === 'string') {
        return [value];
      }
      return ['cause', 'meta', 'driverAdapterError'].includes(key)
        ? errorCodes(value, depth + 1)
        : [];
    });
}
