/** The connections to PostgreSQL: one pool for reads, one for writes, so that neither starves the other. */
import pg from 'pg';
import { openPrisma } from './direct-sql.ts';
import type { PrismaClient } from './generated/prisma/client.ts';
import { readQuery } from './read-query.ts';
import type { Statement } from './statement.ts';

/** Does the work, and notes how long it took. */
export type Trace = <T>(
  name: string,
  attributes: Record<string, string>,
  work: () => Promise<T>,
) => Promise<T>;

/** Runs one statement on a connection of the read pool and returns its rows. */
export type Read = <Row>(statement: Statement, values: unknown[]) => Promise<Row[]>;

/** Runs SQL that a library brings with it; without values it may be several statements. */
export type Execute = (text: string, values?: unknown[]) => Promise<pg.QueryResult>;

/** Connections of a pool, and how many callers wait for one. */
export type PoolState = { total: number; idle: number; waiting: number };

export type Pools = { read: PoolState; write: PoolState };

export type Database = {
  read: Read;
  /** Transactions and writes. */
  prisma: PrismaClient;
  /** On a connection of the write pool. */
  execute: Execute;
  /** Resolves when PostgreSQL answers; rejects with what kept it from answering. */
  ping(): Promise<void>;
  /** How the pools are at this moment. */
  pools(): Pools;
  close(): Promise<void>;
};

export type DatabaseOptions = {
  url: string;
  /** Off behind a transaction pooler that cannot keep prepared statements. @default true */
  preparedStatements?: boolean;
  /** Connections of each of the two pools. @default 10 */
  poolSize?: number;
  /** Told of connections that break while idle. */
  onError?: (error: Error) => void;
  /** Told of every read. */
  trace?: Trace;
};

const ATTRIBUTES = { 'db.system.name': 'postgresql' };

/** Opens the pools on `url`. Connects on first use, so it never rejects by itself. */
export function openDatabase(options: DatabaseOptions): Database {
  const { url, preparedStatements = true, poolSize = 10, onError = () => {}, trace } = options;
  const open = (name: string, more: pg.PoolConfig = {}) => {
    const pool = new pg.Pool({
      ...more,
      connectionString: url,
      max: poolSize,
      application_name: name,
      connectionTimeoutMillis: 10_000,
    });
    pool.on('error', onError);
    return pool;
  };
  const planned = preparedStatements ? { onConnect: planOnce } : {};
  const reads = open('gatehouse-read', planned);
  const writes = open('gatehouse-write', { ...planned, pipeline: true });
  const prisma = openPrisma(writes, { isPrepared: preparedStatements });
  return {
    prisma,
    execute: (text, values) => writes.query(text, values),
    read<Row>(statement: Statement, values: unknown[]) {
      const { text, name } = statement;
      const send = () => {
        const query = readQuery({ name: preparedStatements ? name : undefined, text, values });
        return reads.query(query) as unknown as Promise<Row[]>;
      };
      return trace === undefined ? send() : trace(statement.summary ?? name, ATTRIBUTES, send);
    },
    async ping() {
      await reads.query('SELECT 1');
    },
    pools: () => ({ read: stateOf(reads), write: stateOf(writes) }),
    async close() {
      await prisma.$disconnect();
      await Promise.all([reads.end(), writes.end()]);
    },
  };
}

/** Does `work` on one connection of its own to `url`, which must lead to PostgreSQL itself. */
export async function onDirectConnection<T>(
  url: string,
  work: (execute: Execute) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'gatehouse-direct',
    connectionTimeoutMillis: 10_000,
  });
  // Statements reject by themselves; a connection that breaks between them would end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work((text, values) => client.query(text, values));
  } finally {
    await client.end();
  }
}

/** Left alone, PostgreSQL plans many a statement anew at each execution, which takes longer than to execute it. */
async function planOnce(client: pg.ClientBase): Promise<void> {
  await client.query('SET plan_cache_mode = force_generic_plan');
}

function stateOf({ totalCount, idleCount, waitingCount }: pg.Pool): PoolState {
  return { total: totalCount, idle: idleCount, waiting: waitingCount };
}
