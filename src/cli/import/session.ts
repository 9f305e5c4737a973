/** Where an import reads and writes: the database itself, or for a dry run one transaction that is rolled back. */
import { randomBytes } from 'node:crypto';
import type { Prisma } from '../../db/generated/prisma/client.ts';
import { statementName } from '../../db/statement.ts';
import { flushEvents } from '../../domain/event-flush.ts';
import { SYSTEM } from '../../domain/principal.ts';
import { inTransaction, type Transaction } from '../../domain/transaction.ts';
import type { Connection } from '../connect.ts';

export type Session = {
  /** How many transactions are worth having at the same time. */
  lanes: number;
  query<Row>(text: string, values: unknown[]): Promise<Row[]>;
  /** Runs `work` in a transaction that holds the locks of the organizations (uuids). */
  write<T>(organizationIds: string[], work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Whether what has this uuid is still there when the import is over. */
  lasts(id: string): boolean;
};

/** The import cannot go on at all, whatever the rows are. */
export class ImportStoppedError extends Error {
  override readonly name = 'ImportStoppedError';
}

const longestTimeout = 2 ** 31 - 1;
const liveLanes = 2;

/** A session that writes. */
export async function liveSession({ database, runner }: Connection): Promise<Session> {
  // Where a person may have one membership only, which row gets it must not be a matter of luck.
  const single = await database.prisma.environment.count({ where: { membershipsPerUser: 'ONE' } });
  return {
    lanes: single > 0 ? 1 : liveLanes,
    query: (text, values) => database.read({ name: statementName(text), text }, values),
    write: (organizations, work) =>
      inTransaction(runner, { principal: SYSTEM, organizations }, work),
    lasts: () => true,
  };
}

/**
 * Gives `work` a session in which everything is really done, and takes all of it back. Every write is a savepoint of one
 * transaction, so that later rows find what earlier ones made.
 */
export async function inDrySession<T>(
  { database, runner }: Connection,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const done: { result?: T } = {};
  const takeBack = new Error('The dry run is over.');
  // Ids that end like this were made here. It is short enough to leave the counter in a UUIDv7 alone.
  const mark = randomBytes(4).toString('hex');
  const newId = () => runner.newId().slice(0, -mark.length) + mark;
  try {
    await database.prisma.$transaction(
      async (outer) => {
        const nested = { ...runner, newId, prisma: outer };
        done.result = await work({
          lanes: 1,
          query: (text, values) => outer.$queryRawUnsafe(text, ...values),
          write: (organizations, act) =>
            inTransaction(nested, { principal: SYSTEM }, async (tx) => {
              // Nothing of this is numbered for good, so nobody need wait for it, and thousands fit.
              for (const id of organizations) {
                tx.locked.add(id);
              }
              const result = await act(tx);
              // Where events fail, their savepoint must not have been released: nothing else is taken back then.
              await flushEvents(tx);
              return result;
            }).catch((error: unknown) => unlessLost(outer, error)),
          lasts: (id) => !id.endsWith(mark),
        });
        throw takeBack;
      },
      { timeout: longestTimeout, maxWait: 10_000 },
    );
  } catch (error) {
    if (error !== takeBack) {
      throw error;
    }
  }
  return done.result as T;
}

// A failed savepoint leaves the transaction usable. When it is not, no row can be tried any more.
async function unlessLost(outer: Prisma.TransactionClient, error: unknown): Promise<never> {
  try {
    await outer.$queryRaw`SELECT 1`;
  } catch {
    throw new ImportStoppedError('The transaction of the dry run was lost.', { cause: error });
  }
  throw error;
}
