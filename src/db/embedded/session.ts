import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { errorCode } from './embedded-error.ts';

/** A connection of our own that holds an advisory lock for as long as this process lives. */
export type Session = {
  /** Whether the lock is held right now: not while the server restarts under us. */
  holds(): boolean;
  /** Whether nobody else holds the lock, in any mode. Throws when the connection breaks meanwhile. */
  holdsAlone(): Promise<boolean>;
  /** Ends the connection, and the lock with it. Never throws. */
  close(): Promise<void>;
};

/** A lock's name in PostgreSQL, and whether others may hold it too. */
export type SessionLock = { key: number; shared: boolean };

type Connection = { client: pg.Client; socket: Socket };

const FAMILY = 0x67617465;
const TIMEOUT_MS = 10_000;
const GOODBYE_MS = 2_000;
const RECONNECT_MS = 500;
const DEAD_HOLDER_MS = 3_000;
const POLL_MS = 20;
const APPLICATION = 'gatehouse session of process ';
const OTHER_HOLDERS = `
  SELECT application_name AS name FROM pg_stat_activity JOIN pg_locks USING (pid)
  WHERE locktype = 'advisory' AND granted AND classid = $1 AND objid = $2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND pid <> pg_backend_pid()`;

/**
 * Opens a connection that holds an advisory lock, and takes it again whenever the server comes back
 * after a crash. It does not keep the process alive. Returns undefined when somebody else holds the
 * lock; throws what `pg` throws when there is no connection, or no answer for `timeoutMs`.
 */
export async function openSession(
  url: string,
  lock: SessionLock,
  timeoutMs = TIMEOUT_MS,
): Promise<Session | undefined> {
  let current: Connection | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const lost = () => {
    current = undefined;
    if (!closed) {
      timer = setTimeout(retake, RECONNECT_MS).unref();
    }
  };
  const retake = () => {
    take(url, lock, timeoutMs, lost).then(
      (taken) => {
        if (closed) {
          taken?.socket.destroy();
        } else if (taken) {
          current = taken;
        } else {
          lost();
        }
      },
      () => lost(),
    );
  };
  current = await take(url, lock, timeoutMs, () => lost());
  if (!current) {
    return undefined;
  }
  return {
    holds: () => current !== undefined,
    holdsAlone: async () => {
      current?.socket.ref();
      const exclusive = { ...lock, shared: false };
      return current !== undefined && (await tryLock(current.client, exclusive));
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      const last = current;
      if (last) {
        await disconnect(last);
      }
    },
  };
}

/** Runs `work` on a connection of its own to `url`. Throws what `pg` and `work` throw. */
export async function withClient<Result>(
  url: string,
  timeoutMs: number,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const connection = makeConnection(url, timeoutMs);
  try {
    connection.client.on('error', () => {});
    await connection.client.connect();
    return await work(connection.client);
  } finally {
    await disconnect(connection);
  }
}

async function take(
  url: string,
  lock: SessionLock,
  timeoutMs: number,
  lost: () => void,
): Promise<Connection | undefined> {
  const connection = makeConnection(url, timeoutMs);
  const { client, socket } = connection;
  try {
    client.on('error', () => {});
    await client.connect();
    if (await tryLock(client, lock)) {
      client.once('end', lost);
      socket.unref();
      return connection;
    }
  } catch (error) {
    socket.destroy();
    throw error;
  }
  await disconnect(connection);
  return undefined;
}

/**
 * Takes the lock, unless a living process has it: the server notices only a moment later that one was
 * killed, and drops its locks then.
 */
async function tryLock(client: pg.Client, { key, shared }: SessionLock): Promise<boolean> {
  const deadline = performance.now() + DEAD_HOLDER_MS;
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>(
      `SELECT pg_try_advisory_lock${shared ? '_shared' : ''}($1, $2) AS taken`,
      [FAMILY, key],
    );
    if (rows[0]?.taken === true) {
      return true;
    }
    const holders = await client.query<{ name: string }>(OTHER_HOLDERS, [FAMILY, key]);
    const pids = holders.rows.map(({ name }) => Number(name.slice(APPLICATION.length)));
    if (pids.some(isAlive) || performance.now() > deadline) {
      return false;
    }
    await sleep(POLL_MS);
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

function makeConnection(url: string, timeoutMs: number): Connection {
  const socket = new Socket();
  const client = new pg.Client({
    connectionString: url,
    application_name: `${APPLICATION}${process.pid}`,
    ssl: false,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    stream: () => socket,
  });
  return { client, socket };
}

async function disconnect({ client, socket }: Connection): Promise<void> {
  // A server that hangs answers neither our goodbye nor with one of its own.
  const timer = setTimeout(() => socket.destroy(), GOODBYE_MS);
  await client.end().catch(() => {});
  clearTimeout(timer);
  socket.destroy();
}
