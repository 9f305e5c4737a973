/** The database with its schema and built-in rows in place, for the gateway and for commands. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { Config } from './config.ts';
import { type Database, onDirectConnection, openDatabase, type Trace } from './db/database.ts';
import { attachEmbeddedPostgres } from './db/embedded/embedded.ts';
import { claimGateway } from './db/embedded/gateway-claim.ts';
import { migrate } from './db/migrate.ts';
import { createTurns, type InTurn } from './db/turns.ts';
import { ensureEnvironment } from './domain/environment.ts';
import { SYSTEM } from './domain/principal.ts';
import { inTransaction, type TransactionRunner } from './domain/transaction.ts';
import { installQueue, openQueue, type Queue } from './jobs/queue.ts';

export type Store = {
  database: Database;
  runner: TransactionRunner;
  queue: Queue;
  /** How many writers wait for their turn in this process. */
  waitingTurns(): number;
  /** Whether it is the embedded PostgreSQL. */
  embedded: boolean;
  close(): Promise<void>;
};

export type StoreOptions = {
  /** For a gateway, of which there is only one on an embedded PostgreSQL. */
  asGateway?: boolean;
  /** Told, in a few words, what takes its time. */
  onProgress?: (message: string) => void;
  /** Told of connections that break while idle. */
  onError?: (error: Error) => void;
  /** Told of reads, of turns with the wait for them, and of transactions. */
  trace?: Trace;
};

/** Thrown when DATABASE_URL leads to nothing that can be used. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

const OLDEST_SERVER = 150_000;

const PATIENCE_MS = 10_000;

/**
 * Attaches to PostgreSQL (the embedded one unless `config` names another), applies what migrations it lacks and makes
 * sure of the built-in rows. Rejects with what keeps it from that, and then leaves nothing open.
 *
 * @throws StoreError, EmbeddedError, MigrationError
 */
export async function openStore(config: Config, options: StoreOptions = {}): Promise<Store> {
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const undo of opened.reverse()) {
      await undo();
    }
  };
  try {
    const url = config.databaseUrl ?? (await attach(config, options, opened));
    const directUrl = config.directDatabaseUrl ?? url;
    if (config.databaseUrl !== undefined) {
      await checkServer(directUrl);
    }
    await migrate(directUrl);
    await onDirectConnection(directUrl, installQueue);
    const { preparedStatements } = config;
    const { onError, trace } = options;
    const database = openDatabase({ url, preparedStatements, onError, trace });
    opened.push(() => database.close());
    const queue = await openQueue(database.execute, onError);
    opened.push(() => queue.close());
    const turns = createTurns();
    const inTurn = trace === undefined ? turns : traced(turns, trace);
    const runner = {
      prisma: database.prisma,
      inTurn,
      newId: () => uuidv7(),
      randomBytes,
      enqueue: queue.enqueue,
      invitations: {
        redirectUrls: config.redirectUrls,
        perInviter: config.invitationsPerInviter,
        perOrganization: config.invitationsPerOrganization,
        perRecipient: config.invitationsPerRecipient,
      },
    };
    await inTransaction(runner, { principal: SYSTEM, environment: 'exclusive' }, (tx) =>
      ensureEnvironment(tx),
    );
    const waitingTurns = () => turns.waiting();
    return {
      database,
      runner,
      queue,
      waitingTurns,
      embedded: config.databaseUrl === undefined,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function traced(inTurn: InTurn, trace: Trace): InTurn {
  return (names, work, giveUp) =>
    trace('turn', {}, () => inTurn(names, () => trace('transaction', {}, work), giveUp));
}

async function attach(
  { dataDir }: Config,
  { asGateway, onProgress }: StoreOptions,
  opened: (() => Promise<void>)[],
): Promise<string> {
  const server = await attachEmbeddedPostgres({ dataDir, onProgress });
  opened.push(() => server.detach());
  if (asGateway) {
    const claim = await claimGateway(server.url);
    opened.push(() => claim.release());
  }
  return server.url;
}

async function checkServer(url: string): Promise<void> {
  const version = await askVersion(url).catch((error: unknown) => {
    throw new StoreError(`Cannot reach the database of DATABASE_URL: ${reasonOf(error)}.`);
  });
  if (version < OLDEST_SERVER) {
    throw new StoreError('DATABASE_URL leads to a PostgreSQL that is older than 15.');
  }
}

async function askVersion(connectionString: string): Promise<number> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number }>(
      `SELECT current_setting('server_version_num')::int AS version`,
    );
    return rows[0]?.version ?? 0;
  } finally {
    await client.end().catch(() => {});
  }
}

// A refused connection to a name with several addresses is an AggregateError without a message of its own.
function reasonOf(error: unknown): string {
  const [first] = error instanceof AggregateError ? error.errors : [error];
  return first instanceof Error ? first.message.split('\n', 1)[0] || first.name : String(first);
}
