/**
 * A short way for SQL that is written out. `$queryRaw` and its kin go to the connection of their transaction themselves, as
 * prepared statements: by way of the runtime and the adapter of Prisma they take several times the CPU, and PostgreSQL
 * plans them anew each time.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/prisma/client.ts';
import { statementName } from './statement.ts';

/** The connection that Prisma has for a transaction: none before it begins, and from its end on. */
type Place = { connection?: pg.PoolClient };

/** A transaction, or a part of it that may be rolled back by itself. */
type Scope = { place: Place; isOver: boolean };

type Client = Pick<PrismaClient, '$transaction'>;

const BIGINT = 20;

const types = {
  // As Prisma reads it.
  getTypeParser: (oid: number) => (oid === BIGINT ? BigInt : pg.types.getTypeParser(oid, 'text')),
};

/** How Prisma begins a transaction. Nobody waits for the answer: what is sent behind it happens behind it. */
const BEGIN = 'BEGIN';

/** How Prisma ends a transaction, also while its work is under way: when that takes too long, or the client is closed. */
const ENDS: ReadonlySet<unknown> = new Set(['COMMIT', 'ROLLBACK']);

/** What PostgreSQL says of a prepared statement whose columns are others since a migration. */
const CHANGED = '0A000';

/** The statements that stand in the source. */
const written = new WeakMap<TemplateStringsArray, Written>();

/** Without a name it is not prepared. */
type Written = { name: string | undefined; text: string };

/**
 * Opens Prisma's client on `pool`, with the short way. With `isPrepared`, connections keep the statements that stand in the
 * source. On a pool with `pipeline`, statements of a transaction that do not wait for each other are sent one behind the
 * other, and happen in this order; when one fails, so do those behind it.
 */
export function openPrisma(pool: pg.Pool, { isPrepared }: { isPrepared: boolean }): PrismaClient {
  const beginAt = noteConnections(pool);

  const withDirectSql = <Target extends Client>(prisma: Target, scope?: Scope): Target => {
    const send = (text: string, values: unknown[], name?: string) =>
      (scope === undefined ? pool : connectionOf(scope)).query({ name, text, values, types });
    const sendWritten = async (strings: TemplateStringsArray, values: unknown[]) => {
      const statement = statementOf(strings);
      try {
        return await send(statement.text, values, isPrepared ? statement.name : undefined);
      } catch (error) {
        if (error instanceof pg.DatabaseError && error.code === CHANGED) {
          statement.name = undefined;
        }
        throw error;
      }
    };
    const own: Record<string | symbol, unknown> = {
      $queryRaw: async (strings: TemplateStringsArray, ...values: unknown[]) =>
        (await sendWritten(strings, values)).rows,
      $executeRaw: async (strings: TemplateStringsArray, ...values: unknown[]) =>
        (await sendWritten(strings, values)).rowCount ?? 0,
      $queryRawUnsafe: async (text: string, ...values: unknown[]) =>
        (await send(text, values)).rows,
      $transaction(work: (db: Client) => Promise<unknown>, limits?: object) {
        const inner = { place: scope?.place ?? {}, isOver: false };
        const workThere = async (db: unknown) => {
          try {
            return await beginAt(undefined, () => work(withDirectSql(db as Client, inner)));
          } finally {
            // Before it is rolled back: what was left under way must not go on behind that.
            inner.isOver = true;
          }
        };
        return beginAt(inner.place, () => prisma.$transaction(workThere, limits));
      },
    };
    return new Proxy(prisma, {
      get: (target, name) => own[name] ?? Reflect.get(target, name),
    });
  };

  return withDirectSql(new PrismaClient({ adapter: new PrismaPg(pool) }));
}

/** Makes what begins transactions and notes in their place on which connection of `pool` Prisma does, until it ends them. */
function noteConnections(pool: pg.Pool): <T>(place: Place | undefined, begin: () => T) => T {
  const beginnings = new AsyncLocalStorage<Place | undefined>();
  const connect = pool.connect.bind(pool);
  const connectFor = async (place: Place) => {
    const connection = await connect();
    const query = connection.query;
    place.connection = connection;
    let failure: Error | undefined;
    connection.query = ((...asked: [unknown]) => {
      const { text } = Object(asked[0]);
      if (ENDS.has(text)) {
        place.connection = undefined;
      }
      if (failure !== undefined) {
        return Promise.reject(failure);
      }
      const answer: Promise<unknown> = Reflect.apply(query, connection, asked);
      if (text !== BEGIN) {
        return answer;
      }
      // It is heard of before any other answer. So only what was sent without waiting for anything can come behind a
      // beginning that failed.
      answer.catch((error: Error) => {
        failure = error;
        place.connection = undefined;
        // The pool takes no connection back that is being ended.
        connection.end();
      });
      return Promise.resolve({ rowCount: null });
    }) as typeof query;
    return connection;
  };
  // Prisma asks for a connection without a callback, and the pool itself with one.
  pool.connect = ((callback?: Parameters<typeof connect>[0]) => {
    if (callback !== undefined) {
      return connect(callback);
    }
    const place = beginnings.getStore();
    return place === undefined ? connect() : connectFor(place);
  }) as typeof pool.connect;
  pool.on('release', (_, connection) => Reflect.deleteProperty(connection, 'query'));
  return (place, begin) => beginnings.run(place, begin);
}

/** @throws Error when it is over: the connection may be in another transaction. */
function connectionOf({ place: { connection }, isOver }: Scope): pg.PoolClient {
  if (connection === undefined || isOver) {
    throw new Error('The transaction is over.');
  }
  return connection;
}

function statementOf(strings: TemplateStringsArray): Written {
  let statement = written.get(strings);
  if (statement === undefined) {
    const text = strings.reduce((before, part, at) => `${before}$${at}${part}`);
    statement = { text, name: statementName(text) };
    written.set(strings, statement);
  }
  return statement;
}
