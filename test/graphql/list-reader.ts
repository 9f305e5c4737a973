/** Reads lists through the API, and compares them with what they should be. */
import { expect } from 'vitest';
import type { TestGateway } from '../support/gateway.ts';
import type { Order } from './list-oracle.ts';

export type Connection = {
  totalCount: number;
  nodes: { id: string }[];
  edges: { cursor: string; node: { id: string } }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
};

type Variables = Record<string, unknown>;

/** What every list is asked for. */
export const PAGE = `totalCount nodes { id } edges { cursor node { id } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;

export const PAGE_VARIABLES = '$first: Int, $after: String, $last: Int, $before: String';
export const PAGE_ARGUMENTS = 'first: $first, after: $after, last: $last, before: $before';

/** The list of an answer that must have no error; it is called `list` in the query, at the root or in a node. */
export async function fetchList(
  world: TestGateway,
  query: string,
  variables: Variables,
): Promise<Connection> {
  const { data, errors } = await world.ask<{ list?: Connection; node?: { list: Connection } }>(
    query,
    variables,
  );
  expect(errors, JSON.stringify(variables)).toBeUndefined();
  const list = data?.list ?? data?.node?.list;
  if (list === undefined) {
    throw new Error('There is no list in the answer.');
  }
  return list;
}

/** Expects a list to be these ids on one page, and the total to be their number. */
export async function expectList(
  world: TestGateway,
  query: string,
  variables: Variables,
  ids: string[],
): Promise<void> {
  expect(ids.length).toBeLessThanOrEqual(100);
  const { totalCount, nodes, edges, pageInfo } = await fetchList(world, query, {
    ...variables,
    first: 100,
  });
  const context = JSON.stringify(variables);
  expect(
    nodes.map(({ id }) => id),
    context,
  ).toEqual(ids);
  expect(
    edges.map(({ node }) => node.id),
    context,
  ).toEqual(ids);
  expect(totalCount, context).toBe(ids.length);
  expect(pageInfo, context).toEqual({
    hasNextPage: false,
    hasPreviousPage: false,
    startCursor: edges.at(0)?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  });
}

/** Walks a list page by page from either end, and expects these ids. */
export async function expectPages(
  world: TestGateway,
  query: string,
  variables: Variables,
  ids: string[],
): Promise<void> {
  for (const [size, from, to] of [
    ['first', 'after', 'endCursor'],
    ['last', 'before', 'startCursor'],
  ] as const) {
    const seen: string[] = [];
    let cursor: string | null = null;
    for (;;) {
      const page: Connection = await fetchList(world, query, {
        ...variables,
        [size]: 7,
        [from]: cursor,
      });
      const pageIds = page.nodes.map(({ id }) => id);
      seen.splice(size === 'first' ? seen.length : 0, 0, ...pageIds);
      expect(page.totalCount).toBe(ids.length);
      const hasMore = size === 'first' ? page.pageInfo.hasNextPage : page.pageInfo.hasPreviousPage;
      expect(hasMore, 'whether there is more').toBe(seen.length < ids.length);
      if (!hasMore) {
        break;
      }
      cursor = page.pageInfo[to];
    }
    expect(seen, `${JSON.stringify(variables)} by ${size}`).toEqual(ids);
  }
}

const DIRECTIONS = ['ASC', 'DESC'] as const;

/** Every field in both directions. */
export function ordersOf(fields: Record<string, unknown>): Order[] {
  return Object.keys(fields).flatMap((field) =>
    DIRECTIONS.map((direction) => ({ field, direction })),
  );
}

/** Texts to search for, with what SQL, LIKE and JSON could trip over. */
export const SEARCHES = [
  'asa',
  'ÅSA',
  'öberg',
  'OBERG',
  'ö',
  'do',
  'a',
  'é',
  '%',
  '_',
  '\\',
  "'",
  '"',
  '😀',
  '0%',
  'r_s',
  'ck\\sl',
  'y "h',
  "o'b",
  '😀 smi',
  'example.com',
  '@beta',
  '.1',
  '  ADA   love ',
  'lace\nada',
  'nobody at all',
  '',
  '   ',
];

/** Metadata to look for. */
export const BAGS = [
  { plan: 'gold' },
  { plan: 'gold', seats: 10 },
  { tags: ['y'] },
  { tags: [] },
  { nested: { b: { c: [2] } } },
  { nested: {} },
  { empty: null },
  { plan: 'GOLD' },
  {},
];
