/**
 * A read as the client of `pg` is handed it. Its own query asks for the columns of a statement each time, and makes an
 * event emitter and a result around the rows; this one asks once, and is the rows.
 */
import type { Submittable } from 'pg';
import utils from 'pg/lib/utils.js';
import { type Column, type RowReader, rowReader } from './row-reader.ts';

export type ReadRequest = {
  /** Undefined: it is not kept prepared. */
  name: string | undefined;
  text: string;
  values: unknown[];
};

/** The part of the client's connection that queries speak to. */
type Connection = {
  stream: { cork(): void; uncork(): void };
  parsedStatements: Record<string, string>;
  submittedNamedStatements: Record<string, string>;
  parse(statement: { name: string | undefined; text: string }): void;
  bind(portal: {
    statement: string | undefined;
    values: unknown[];
    valueMapper: (value: unknown) => unknown;
  }): void;
  describe(portal: { type: 'P'; name: string }): void;
  execute(portal: object): void;
  sync(): void;
  sendCopyFail(reason: string): void;
};

type Callback = (error: Error | null, rows?: object[]) => void;

/** By the name of the statement. Its columns never change: PostgreSQL refuses to run it when they would. */
const readers = new Map<string, RowReader>();

/** Makes a query of which the client's callback gets the rows. */
export function readQuery({ name, text, values }: ReadRequest): Submittable {
  // Made when the first row comes: what is older keeps the rows that are put into it for long after their time.
  let rows: object[] | undefined;
  let reader = name === undefined ? undefined : readers.get(name);
  let failure: Error | undefined;
  const query = {
    name,
    text,
    callback: undefined as Callback | undefined,
    submit(connection: Connection) {
      connection.stream.cork();
      try {
        send(connection);
      } finally {
        connection.stream.uncork();
      }
      return null;
    },
    handleRowDescription({ fields }: { fields: Column[] }) {
      reader = rowReader(fields);
      if (name !== undefined) {
        readers.set(name, reader);
      }
    },
    handleDataRow({ fields }: { fields: (string | null)[] }) {
      try {
        if (failure === undefined && reader !== undefined) {
          rows ??= [];
          rows.push(reader(fields));
        }
      } catch (error) {
        failure = error as Error;
      }
    },
    handleReadyForQuery() {
      if (failure === undefined) {
        const all = rows ?? [];
        rows = undefined;
        query.callback?.(null, all);
      } else {
        query.callback?.(failure);
      }
    },
    handleError(error: Error) {
      query.callback?.(failure ?? error);
    },
    handleCopyInResponse(connection: Connection) {
      connection.sendCopyFail('A read copies nothing.');
    },
    handleCommandComplete() {},
    handleEmptyQuery() {},
    handlePortalSuspended() {},
    handleCopyData() {},
  };

  function send(connection: Connection): void {
    const isPrepared =
      name !== undefined &&
      (connection.parsedStatements[name] ?? connection.submittedNamedStatements[name]) === text;
    if (!isPrepared) {
      connection.parse({ name, text });
      if (name !== undefined) {
        connection.submittedNamedStatements[name] = text;
      }
    }
    connection.bind({ statement: name, values, valueMapper: utils.prepareValue });
    if (reader === undefined) {
      connection.describe({ type: 'P', name: '' });
    }
    connection.execute({});
    connection.sync();
  }

  return query as unknown as Submittable;
}
