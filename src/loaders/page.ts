/**
 * Pages of lists, by keyset: a page begins after a position, not after a number of rows, so it stays right while rows
 * come and go, and page 100 costs what page 1 costs. One statement serves the same page of many parents, and their
 * totals with it.
 */
import DataLoader from 'dataloader';
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import { type Ordinal, ordinal } from './batch.ts';
import { param, run } from './statement.ts';

/** A place in a list: the row's sort key as text (times in ISO 8601 or `infinity`) and its id as a uuid. */
export type Position = { key: string; id: string };

/** Lists whose rows do not stand by a key and an id have places of their own kind. */
export type PageArgs<Field extends string, Place extends object = Position> = {
  /** How many rows at most. */
  size: number;
  /** Whether the rows are the last ones before `before`, not the first ones after `after`. */
  backward: boolean;
  after?: Place;
  before?: Place;
  field: Field;
  descending: boolean;
};

export type Page<Row> = { rows: Row[]; hasNextPage: boolean; hasPreviousPage: boolean };

/** A list whose parts are fetched when they are asked for; those asked for in the same tick share one statement. */
export type List<Row> = { page(): Promise<Page<Row>>; totalCount(): Promise<number> };

/** A sort key: the expression in SQL, its type, and whether it is what the row's id breaks ties of. */
export type SortKey = { expression: string; id: string; type: 'timestamptz' | 'text' };

/** The conditions and the order that cut a page out of a list sorted by `key`. */
export type Keyset = { where: RawBuilder<unknown>; orderBy: RawBuilder<unknown> };

export function keysetOf(args: PageArgs<string>, key: SortKey): Keyset {
  const { expression, id, type } = key;
  const tuple = sql.raw(`(${expression}, ${id})`);
  const bound = (name: 'after' | 'before', operator: string) =>
    args[name]
      ? sql` AND ${tuple} ${sql.raw(operator)} (${param(`${name}Key`)}::${sql.raw(type)}, ${param(`${name}Id`)}::uuid)`
      : sql``;
  const direction = sql.raw(args.descending !== args.backward ? 'DESC' : 'ASC');
  return {
    where: sql`true${bound('after', args.descending ? '<' : '>')}${bound('before', args.descending ? '>' : '<')}`,
    orderBy: sql`${sql.raw(expression)} ${direction}, ${sql.raw(id)} ${direction}`,
  };
}

/** What the placeholders of a keyset stand for; one row more than the page tells whether more follow. */
function pageValues({ size, after, before }: PageArgs<string, object>): Record<string, unknown> {
  return { ...placeValues('after', after), ...placeValues('before', before), limit: size + 1 };
}

function placeValues(name: 'after' | 'before', place: object = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(place).map(([part, value]) => [placeholderOf(name, part), value]),
  );
}

/** The placeholder of a part of a place: `afterKey`, `afterId`… */
export function placeholderOf(name: 'after' | 'before', part: string): string {
  return `${name}${part.charAt(0).toUpperCase()}${part.slice(1)}`;
}

/** What makes two pages the same statement. */
export function pageShape(args: PageArgs<string, object>): string {
  const flags = [
    args.descending,
    args.backward,
    args.after !== undefined,
    args.before !== undefined,
  ];
  return `${args.field} ${flags.map(Number).join('')}`;
}

export type ListSource<Row, Found = Row> = {
  read: Read;
  shape: string;
  args: PageArgs<string, object>;
  /** What the placeholders stand for, besides those of the page and `parents`. */
  values: Record<string, unknown>;
  /** `FROM … WHERE … ORDER BY … LIMIT`: the rows of one parent `k.id`, under the alias `item`. */
  rows: () => RawBuilder<unknown>;
  /** The columns to select from `item`, and from what is joined to it. */
  columns: () => RawBuilder<unknown>;
  /** `LEFT JOIN …`: what else is read with each `item`. */
  joined?: () => RawBuilder<unknown>;
  /** The rows of the list out of those of the statement, in their order, where they are not these. */
  itemsOf?(found: Found[]): Row[];
  /** The same order once more, over `item`, and over what is joined. */
  order: () => RawBuilder<unknown>;
  /** An expression: the size of the whole list of one parent `k.id`. */
  total: () => RawBuilder<unknown>;
};

type Request = { parent: string; wantsPage: boolean; wantsTotal: boolean };
type Answer<Row> = { page: Page<Row>; total: number };

/** Makes the lists of parents (uuids) that one field of a query asks for with the same arguments. */
export function listsOf<Row, Found = Row>(
  source: ListSource<Row, Found>,
): (parent: string) => List<Row> {
  const loader = new DataLoader<Request, Answer<Row>>((requests) => fetchLists(source, requests), {
    cache: false,
  });
  const lists = new Map<string, List<Row>>();
  return (parent) => {
    const known = lists.get(parent);
    if (known !== undefined) {
      return known;
    }
    let open: { request: Request; answer: Promise<Answer<Row>> } | undefined;
    // Siblings in a selection ask within one tick; the statement goes out after it, knowing what all of them want.
    const ask = (want: 'wantsPage' | 'wantsTotal') => {
      if (open === undefined) {
        const request = { parent, wantsPage: false, wantsTotal: false };
        open = { request, answer: loader.load(request) };
        process.nextTick(() => {
          open = undefined;
        });
      }
      open.request[want] = true;
      return open.answer;
    };
    let page: Promise<Answer<Row>> | undefined;
    let total: Promise<Answer<Row>> | undefined;
    const list: List<Row> = {
      async page() {
        page ??= ask('wantsPage');
        return (await page).page;
      },
      async totalCount() {
        total ??= ask('wantsTotal');
        return (await total).total;
      },
    };
    lists.set(parent, list);
    return list;
  };
}

async function fetchLists<Row, Found>(
  source: ListSource<Row, Found>,
  requests: readonly Request[],
): Promise<Answer<Row>[]> {
  const { args, itemsOf = (found) => found as unknown[] as Row[] } = source;
  const wantsPage = requests.some((request) => request.wantsPage);
  const wantsTotal = requests.some((request) => request.wantsTotal);
  const rows = await run<Found & Ordinal & { present?: boolean; total?: number }>(
    source.read,
    `${source.shape} ${wantsPage ? pageShape(args) : ''} ${wantsTotal}`,
    () => listStatement(source, wantsPage, wantsTotal),
    {
      ...source.values,
      ...pageValues(args),
      parents: requests.map((request) => request.parent),
    },
  );
  const answers = requests.map(() => ({ found: [] as Found[], total: 0 }));
  for (const row of rows) {
    const answer = answers[row.ordinal - 1];
    if (answer) {
      answer.total = row.total ?? 0;
      if (row.present !== false) {
        answer.found.push(row);
      }
    }
  }
  return answers.map(({ found, total }) => ({ page: cut(itemsOf(found), args), total }));
}

function listStatement<Row, Found>(
  source: ListSource<Row, Found>,
  page: boolean,
  total: boolean,
): RawBuilder<unknown> {
  const { columns, rows, order, joined } = source;
  const from = sql`FROM unnest(${param('parents')}::uuid[]) WITH ORDINALITY AS k(id, ordinal)`;
  const all = joined?.() ?? sql``;
  if (!total) {
    return sql`SELECT ${ordinal}, ${columns()} ${from} CROSS JOIN LATERAL (${rows()}) AS item ${all}
ORDER BY k.ordinal, ${order()}`;
  }
  const totalColumn = sql`(${source.total()})::int`;
  if (!page) {
    return sql`SELECT ${ordinal}, false AS "present", ${totalColumn} AS "total" ${from}`;
  }
  // Totals go with parents that have no row, too, hence the outer join. OFFSET 0 counts once for each parent; without it
  // PostgreSQL counts again for every row of the page.
  const totals = sql`(SELECT k.id, k.ordinal, ${totalColumn} AS total ${from} OFFSET 0) AS k`;
  return sql`SELECT ${ordinal}, item.id IS NOT NULL AS "present", k.total AS "total", ${columns()}
FROM ${totals} LEFT JOIN LATERAL (${rows()}) AS item ON true ${all}
ORDER BY k.ordinal, ${order()}`;
}

/** The page out of its rows and one more, if more follow. */
export function cut<Row>(rows: Row[], args: PageArgs<string, object>): Page<Row> {
  const more = rows.length > args.size;
  const kept = rows.slice(0, args.size);
  return args.backward
    ? { rows: kept.reverse(), hasNextPage: args.before !== undefined, hasPreviousPage: more }
    : { rows: kept, hasNextPage: more, hasPreviousPage: args.after !== undefined };
}
