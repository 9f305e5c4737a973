/** Questions to the loaders, whose statements are looked at by their plans. */
import type { Loaders } from '../../src/loaders/loaders.ts';
import type { List, PageArgs, Position } from '../../src/loaders/page.ts';
import type { TestDatabase } from '../support/database.ts';

/** Rows that may be read for each row that is returned. */
export const MOST_READS = 5;

/** No page or lookup touches more pages of the database than this: far less than any table of many has. */
export const MOST_PAGES = 900;

/** How many rows a page may have. */
export const SIZE = 20;

export type Question = {
  name: string;
  /** Asks the loaders of a request, and returns how many rows came back. */
  ask(loaders: Loaders): Promise<number>;
  /** How many rows may be read, of all tables together. @default MOST_READS for each that came back */
  most?: (returned: number) => number;
  mostPages?: number;
};

/** The first and the last page, and one deep inside, each in both directions. */
export function pages<Field extends string>(field: Field, deep: Position): PageArgs<Field>[] {
  return [false, true].flatMap((descending) =>
    [false, true].flatMap((backward) => {
      const args = { size: SIZE, field, descending, backward };
      return [args, { ...args, [backward ? 'before' : 'after']: deep }];
    }),
  );
}

/** A question's name. */
export function nameOf(
  list: string,
  { field, descending, backward, ...at }: PageArgs<string, object>,
): string {
  const deep = at.after || at.before ? 'deep inside' : 'at the end';
  return `${list} by ${field} ${descending ? 'DESC' : 'ASC'}, ${backward ? 'last' : 'first'} ${deep}`;
}

/** How many rows a page has. */
export async function size(list: List<unknown>): Promise<number> {
  return (await list.page()).rows.length;
}

const middles = new Map<string, Promise<Position>>();

/** The place in the middle of what `from` selects, sorted by `key`. Looked for once, as it takes reading all of it. */
export function middleOf(world: TestDatabase, from: string, key: string): Promise<Position> {
  const name = `${world.url} ${from} ${key}`;
  const middle = middles.get(name) ?? findMiddle(world, from, key);
  middles.set(name, middle);
  return middle;
}

async function findMiddle(world: TestDatabase, from: string, key: string): Promise<Position> {
  const isTime = key.endsWith('_at') || key.startsWith('coalesce');
  const shown = isTime
    ? `CASE WHEN isfinite(${key}) THEN to_char(${key} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') ELSE 'infinity' END`
    : key;
  const [row] = await world.query<Position>(
    `SELECT ${shown} AS key, id FROM ${from} ORDER BY ${key}, id OFFSET (SELECT count(*) / 2 FROM ${from}) LIMIT 1`,
  );
  if (row === undefined) {
    throw new Error(`There is nothing in ${from}.`);
  }
  return row;
}

/** Fields with their keys. */
export function entriesOf<Key extends string>(record: Record<Key, string>): [Key, string][] {
  return Object.entries(record) as [Key, string][];
}

/** How many rows `from` selects. */
export async function count(
  world: TestDatabase,
  from: string,
  values?: unknown[],
): Promise<number> {
  const [row] = await world.query<{ count: number }>(`SELECT count(*)::int FROM ${from}`, values);
  return row?.count ?? 0;
}
