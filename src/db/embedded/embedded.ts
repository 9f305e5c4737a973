import type pg from 'pg';
import { prepareBinaries } from './binaries.ts';
import { checkVersion, createCluster, DATABASE_USER } from './cluster.ts';
import { EmbeddedError, systemFailure } from './embedded-error.ts';
import { type Location, locate, prepareDataDir } from './location.ts';
import { databasePassword } from './secret-file.ts';
import { findServer, type RunningServer, startServer, stopServer } from './server.ts';
import { limitServerLog } from './server-log.ts';
import { openSession, type Session, withClient } from './session.ts';
import { acquireStartLock } from './start-lock.ts';

/** A database of our own that is running, and that this process has announced itself to. */
export type EmbeddedPostgres = {
  /** `postgresql://<user>:<password>@127.0.0.1:<port>/gatehouse?sslmode=disable`. */
  url: string;
  /** Leaves the database, and stops it when nobody else uses it. Never throws. */
  detach(): Promise<void>;
};

/** What to attach to, and how. */
export type EmbeddedOptions = {
  /** The folder that holds the database and its password; made when missing. */
  dataDir: string;
  /** Told, in a few words, what takes its time. */
  onProgress?: (message: string) => void;
  /** Off only for throw-away clusters: a crash of the machine may then lose or damage the data. */
  durable?: boolean;
  /** For how many milliseconds the server may be silent while it starts. Default 60,000. */
  patienceMs?: number;
};

const DATABASE = 'gatehouse';
const USERS_LOCK = { key: 1, shared: true };
const LONGEST_ANSWER_MS = 10_000;
const LOG_CHECK_MS = 60_000;

/**
 * Attaches to the embedded PostgreSQL of `dataDir`, creating or starting it when needed.
 * Throws an EmbeddedError, with nothing of what was there changed, when it cannot.
 */
export async function attachEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { durable = true, patienceMs = 60_000, onProgress = () => {} } = options;
  const dataDir = await prepareDataDir(options.dataDir);
  const lock = await acquireStartLock(dataDir, 3 * patienceMs);
  try {
    const location = await locate(dataDir);
    const password = await databasePassword(dataDir, !location.exists);
    const found = location.exists ? await findServer(location, patienceMs) : undefined;
    const server =
      found ?? (await bringUp(location, { password, durable, patienceMs, onProgress }));
    try {
      const address = `postgresql://${DATABASE_USER}:${password}@127.0.0.1:${server.port}`;
      const session = await enter(address, location, server, patienceMs);
      // Said out loud, so that a PGSSLMODE of the user's does not ask a server without certificates for TLS.
      const url = `${address}/${DATABASE}?sslmode=disable`;
      return attached({ dataDir, location, server, session, url });
    } catch (error) {
      if (!found) {
        await stopServer(location, server);
      }
      throw error;
    }
  } catch (error) {
    throw systemFailure(`The embedded database in ${dataDir} cannot be used`, error);
  } finally {
    lock.release();
  }
}

async function bringUp(
  location: Location,
  options: {
    password: string;
    durable: boolean;
    patienceMs: number;
    onProgress: (message: string) => void;
  },
): Promise<RunningServer> {
  const binaries = await prepareBinaries(location.home, location.account, options.onProgress);
  if (location.exists) {
    await checkVersion(location.home, binaries);
  } else {
    options.onProgress(`Creating a database in ${location.home}`);
    await createCluster(location, binaries, options);
  }
  options.onProgress('Starting the database');
  return await startServer(location, binaries, options);
}

async function enter(
  address: string,
  location: Location,
  server: RunningServer,
  patienceMs: number,
): Promise<Session> {
  // Not in the gatehouse database: a connection to it would keep it from being copied or dropped.
  const url = `${address}/postgres`;
  const timeoutMs = Math.min(patienceMs, LONGEST_ANSWER_MS);
  try {
    await withClient(url, timeoutMs, ensureDatabase);
    const session = await openSession(url, USERS_LOCK, timeoutMs);
    if (session) {
      return session;
    }
  } catch (error) {
    throw systemFailure(
      `PostgreSQL (process ${server.pid}) in ${location.home} does not let us in`,
      error,
    );
  }
  throw new EmbeddedError(`PostgreSQL in ${location.home} is being stopped: try again.`);
}

async function ensureDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
  if (rowCount === 0) {
    await client.query(`CREATE DATABASE ${DATABASE} TEMPLATE template0`);
  }
}

function attached(place: {
  dataDir: string;
  location: Location;
  server: RunningServer;
  session: Session;
  url: string;
}): EmbeddedPostgres {
  const { dataDir, location, server, session, url } = place;
  const logCheck = setInterval(() => limitServerLog(location.home), LOG_CHECK_MS).unref();
  const leave = async () => {
    clearInterval(logCheck);
    const lock = await acquireStartLock(dataDir, 10_000);
    try {
      if (session.holds() && (await session.holdsAlone())) {
        await stopServer(location, server);
      }
    } finally {
      lock.release();
    }
  };
  let left: Promise<void> | undefined;
  return {
    url,
    detach: () => {
      left ??= leave()
        .catch(() => {})
        .then(() => session.close());
      return left;
    },
  };
}
