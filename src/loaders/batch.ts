/** Batches of lookups: many keys of one level of a query become one statement. */
import DataLoader from 'dataloader';
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import { once } from './once.ts';
import { param, run } from './statement.ts';

/** Loads what belongs to one key, or null (or an empty list) when there is nothing. */
export type Load<Key, Value> = (key: Key) => Promise<Value>;

/** What was read already is there at once. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** The position of its key in the batch, from 1; every statement of a batch returns it. */
export type Ordinal = { ordinal: number };

/** The keys of the batch as a table `k(<columns>, ordinal)`; `types` are PostgreSQL's. */
export function keyTable(columns: Record<string, string>): RawBuilder<unknown> {
  const arrays = Object.entries(columns).map(
    ([name, type]) => sql`${param(name)}::${sql.raw(type)}[]`,
  );
  const names = [...Object.keys(columns), 'ordinal'].map((name) => sql.ref(name));
  return sql`unnest(${sql.join(arrays)}) WITH ORDINALITY AS k(${sql.join(names)})`;
}

/**
 * The rows that `select` finds for each key `k`, as a table `alias`. OFFSET 0 makes PostgreSQL look up one key after the
 * other: for a hundred keys it would rather read a whole table, whoever's rows are in it.
 */
export function found(
  columns: Record<string, string>,
  alias: string,
  select: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`${keyTable(columns)} CROSS JOIN LATERAL (${select} OFFSET 0) AS ${sql.ref(alias)}`;
}

type BatchOptions<Key extends object> = {
  read: Read;
  shape: string;
  /** The columns of the key and their PostgreSQL types. */
  columns: { [Column in keyof Key & string]: string };
  build: () => RawBuilder<unknown>;
  /** Of placeholders that are the same for all keys. */
  values?: Record<string, unknown>;
};

/** A row that must be there. Throws `otherwise`, or rejects with it, when it is not. */
export function present<Row>(row: MaybePromise<Row | null>, otherwise: string): MaybePromise<Row> {
  if (row instanceof Promise) {
    return row.then((read) => present(read, otherwise));
  }
  if (row === null) {
    throw new Error(otherwise);
  }
  return row;
}

/** What every statement of a batch selects besides its own columns. */
export const ordinal = sql`k.ordinal::int AS "ordinal"`;

/** A loader of at most one row per key. */
export function loadOne<Key extends object, Row>(
  options: BatchOptions<Key>,
): Load<Key, Row | null> {
  return batched<Key, Row, Row | null>(options, (rows) => rows[0] ?? null);
}

/** The same of rows that lie nested in those of the statement, under the name of their table. */
export function loadNested<Key extends object, Row>(
  table: string,
  options: BatchOptions<Key>,
): Load<Key, Row | null> {
  return batched<Key, Record<string, Row>, Row | null>(options, (rows) => rows[0]?.[table] ?? null);
}

/** A loader of all rows of a key, in the order of the statement. */
export function loadMany<Key extends object, Row>(options: BatchOptions<Key>): Load<Key, Row[]> {
  return batched<Key, Row, Row[]>(options, (rows) => rows);
}

function batched<Key extends object, Row, Value>(
  { read, shape, columns, build, values: common }: BatchOptions<Key>,
  pick: (rows: Row[]) => Value,
): Load<Key, Value> {
  const names = Object.keys(columns) as (keyof Key & string)[];
  const fetch = async (keys: readonly Key[]): Promise<Value[]> => {
    const asked = Object.fromEntries(names.map((name) => [name, keys.map((key) => key[name])]));
    const values = { ...common, ...asked };
    const groups = keys.map((): Row[] => []);
    for (const row of await run<Row & Ordinal>(read, shape, build, values)) {
      groups[row.ordinal - 1]?.push(row);
    }
    return groups.map(pick);
  };
  const cacheKeyFn = (key: Key) => names.map((name) => key[name]).join('\n');
  // Of the loaders of a request most are asked nothing.
  const loader = once(() => new DataLoader<Key, Value, string>(fetch, { cacheKeyFn }));
  return (key) => loader().load(key);
}
