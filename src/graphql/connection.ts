/** Relay connections: their arguments, their types, and pages of loaders as connections. */
import type { InterfaceRef, ObjectRef } from '@pothos/core';
import type { List, Page, PageArgs, Position, SortKey } from '../loaders/page.ts';
import { builder } from './builder.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { invalidArgument } from './errors.ts';

/** How many a connection returns when it is not told. */
export const DEFAULT_SIZE = 20;

/** How many a connection returns at most. */
export const LARGEST_SIZE = 100;

type Edge<Row> = { node: Row; cursorOf: (row: Row) => string };

type PageInfo = {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string | null;
  endCursor: string | null;
};

/** A connection whose parts are fetched when they are selected. */
export type Connection<Row> = {
  edges(): Promise<Edge<Row>[]>;
  nodes(): Promise<Row[]>;
  pageInfo(): Promise<PageInfo>;
  totalCount(): Promise<number>;
};

/** One way to sort a list: what its cursors are bound to, and where a row stands in it. */
export type ListOrder<Field extends string, Row> = {
  /** Which list; a cursor of another one is refused. */
  list: string;
  field: Field;
  descending: boolean;
  type: SortKey['type'];
  /** The sort key of a row; null stands behind everything. */
  keyOf(row: Row): Date | string | null;
};

const PageInfoType = builder.objectRef<PageInfo>('PageInfo').implement({
  description: 'Where a page lies in its list.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', {
      nullable: false,
      description: 'Whether more follow after this page, when paging forward.',
    }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      nullable: false,
      description: 'Whether more stand before this page, when paging backward.',
    }),
    startCursor: t.exposeString('startCursor', {
      description: 'The cursor of the first edge, for `before`. Null when the page is empty.',
    }),
    endCursor: t.exposeString('endCursor', {
      description: 'The cursor of the last edge, for `after`. Null when the page is empty.',
    }),
  }),
});

/** The type `<Name>Connection` of lists of a node, with its edge. */
export function connectionType<Row extends object>(
  name: string,
  node:
    | ObjectRef<typeof builder.$inferSchemaTypes, Row>
    | InterfaceRef<typeof builder.$inferSchemaTypes, Row>,
  noun: string,
) {
  const edge = builder.objectRef<Edge<Row>>(`${name}Edge`).implement({
    description: `One of the ${noun} of a page, with its place in the list.`,
    fields: (t) => ({
      cursor: t.string({
        nullable: false,
        description: 'The place in the list, for `after` and `before`.',
        resolve: ({ node, cursorOf }) => cursorOf(node),
      }),
      node: t.field({
        type: node,
        nullable: false,
        description: 'What stands there.',
        // The builder's types cannot follow a type parameter.
        resolve: (parent) => parent.node as never,
      }),
    }),
  });
  return builder.objectRef<Connection<Row>>(`${name}Connection`).implement({
    description: `A page of ${noun}.`,
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        nullable: false,
        description: `The ${noun} of this page, with their cursors.`,
        resolve: (connection) => connection.edges(),
      }),
      nodes: t.field({
        type: [node],
        nullable: false,
        description: `The ${noun} of this page.`,
        resolve: (connection) => connection.nodes(),
      }),
      pageInfo: t.field({
        type: PageInfoType,
        nullable: false,
        description: 'Where this page lies in the list.',
        resolve: (connection) => connection.pageInfo(),
      }),
      totalCount: t.int({
        nullable: false,
        description: `How many ${noun} there are on all pages together. Counted only when selected.`,
        resolve: (connection) => connection.totalCount(),
      }),
    }),
  });
}

/** The arguments of every connection, for `args` of a field. */
export const pageArguments = builder.args((t) => ({
  first: t.int({
    description: `How many to return from the front, at most ${LARGEST_SIZE}. ${DEFAULT_SIZE} when neither first nor last is given.`,
  }),
  after: t.string({ description: 'Return what follows this cursor.' }),
  last: t.int({ description: `How many to return from the back, at most ${LARGEST_SIZE}.` }),
  before: t.string({ description: 'Return what stands before this cursor.' }),
}));

export type GivenPage = {
  first?: number | null;
  after?: string | null;
  last?: number | null;
  before?: string | null;
};

/**
 * Reads the arguments of a connection.
 *
 * @throws GraphQLError INVALID_INPUT for a bad size, both ends at once, or a cursor of another list or order.
 */
export function readPage<Field extends string, Row>(
  given: GivenPage,
  order: ListOrder<Field, Row>,
): PageArgs<Field> {
  const page = readPlaces(given, (cursor, argument) => readCursor(cursor, argument, order));
  return { ...page, field: order.field, descending: order.descending };
}

/**
 * Reads the arguments of a connection whose cursors are of another kind.
 *
 * @throws GraphQLError INVALID_INPUT for a bad size, both ends at once, and as `read` does.
 */
export function readPlaces<Place extends object>(
  given: GivenPage,
  read: (cursor: string, argument: 'after' | 'before') => Place,
): Pick<PageArgs<string, Place>, 'size' | 'backward' | 'after' | 'before'> {
  if (given.first != null && given.last != null) {
    throw invalidArgument(['last'], 'cannot be given together with "first"');
  }
  const backward = given.last != null;
  const size = given.last ?? given.first ?? DEFAULT_SIZE;
  if (size < 0 || size > LARGEST_SIZE) {
    throw invalidArgument([backward ? 'last' : 'first'], `must be from 0 to ${LARGEST_SIZE}`);
  }
  return {
    size,
    backward,
    after: given.after == null ? undefined : read(given.after, 'after'),
    before: given.before == null ? undefined : read(given.before, 'before'),
  };
}

function readCursor<Field extends string, Row>(
  cursor: string,
  argument: string,
  order: ListOrder<Field, Row>,
): Position {
  const position = decodeCursor(`${order.list} ${order.field}`, order.type, cursor);
  if (position === null) {
    throw invalidArgument([argument], 'must be a cursor of this list in this order');
  }
  return position;
}

/** Shows a list of the loaders as a connection. */
export function connectionOf<Field extends string, Row extends { id: string }>(
  list: List<Row>,
  order: ListOrder<Field, Row>,
): Connection<Row> {
  return connectionBy(list, (row) =>
    encodeCursor(`${order.list} ${order.field}`, { key: keyText(order.keyOf(row)), id: row.id }),
  );
}

/** Shows a list of the loaders as a connection whose cursors `cursorOf` writes. */
export function connectionBy<Row>(
  list: List<Row>,
  cursorOf: (row: Row) => string,
): Connection<Row> {
  return {
    edges: async () => (await list.page()).rows.map((node) => ({ node, cursorOf })),
    nodes: async () => (await list.page()).rows,
    pageInfo: async () => pageInfoOf(await list.page(), cursorOf),
    totalCount: () => list.totalCount(),
  };
}

function pageInfoOf<Row>(
  { rows, hasNextPage, hasPreviousPage }: Page<Row>,
  cursorOf: (row: Row) => string,
): PageInfo {
  const [first] = rows;
  const last = rows.at(-1);
  return {
    hasNextPage,
    hasPreviousPage,
    startCursor: first === undefined ? null : cursorOf(first),
    endCursor: last === undefined ? null : cursorOf(last),
  };
}

function keyText(key: Date | string | null): string {
  if (key === null) {
    return 'infinity';
  }
  return key instanceof Date ? key.toISOString() : key;
}

/** A connection without any row, for those who may not see the list's rows but may know that it exists. */
export function emptyConnection<Row>(): Connection<Row> {
  const pageInfo = {
    hasNextPage: false,
    hasPreviousPage: false,
    startCursor: null,
    endCursor: null,
  };
  return {
    edges: () => Promise.resolve([]),
    nodes: () => Promise.resolve([]),
    pageInfo: () => Promise.resolve(pageInfo),
    totalCount: () => Promise.resolve(0),
  };
}
