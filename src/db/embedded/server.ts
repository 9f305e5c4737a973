import { type ChildProcess, spawn } from 'node:child_process';
import { open, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnAs } from './account.ts';
import type { Binaries } from './binaries.ts';
import { EmbeddedError, systemFailure } from './embedded-error.ts';
import type { Location } from './location.ts';
import { disownPostmaster, isPostmasterOf, lastPort, readPostmaster } from './postmaster.ts';
import { lastLines, rotateServerLog, serverLogSize } from './server-log.ts';

/** A server that accepts connections on 127.0.0.1. */
export type RunningServer = { pid: number; port: number };

const POLL_MS = 20;
const LEAST_SPACE_BYTES = 1024 * 1024;
const STOP_PATIENCE_MS = 60_000;
// Somebody was quicker at the port; processes of a killed server are on their way out; or one that was
// started by a killed process has just come up.
const TRY_AGAIN = /could not bind|pre-existing shared memory|lock file "postmaster\.pid"/;
const NOT_DURABLE = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/**
 * Finds the running server of a cluster through its postmaster.pid, and waits while it starts or stops:
 * undefined when there is none. Call it under the start lock. Throws an EmbeddedError when it has been
 * silent for `patienceMs`.
 */
export async function findServer(
  { home }: Location,
  patienceMs: number,
): Promise<RunningServer | undefined> {
  const cluster = join(home, 'data');
  const silent = silenceMeter(join(home, 'server.log'));
  for (;;) {
    const found = await readPostmaster(cluster);
    if (!found || !(await isPostmasterOf(found.pid, cluster))) {
      return undefined;
    }
    if (found.ready && found.port !== undefined) {
      return { pid: found.pid, port: found.port };
    }
    if ((await silent()) > patienceMs) {
      throw new EmbeddedError(
        `PostgreSQL (process ${found.pid}) in ${home} neither starts nor stops: end it and try again.`,
      );
    }
    await sleep(POLL_MS);
  }
}

/**
 * Starts the server of a cluster that has none; it outlives this process. Call it under the start lock.
 * Throws an EmbeddedError with the last lines of its log when it ends, or is silent for `patienceMs`.
 */
export async function startServer(
  location: Location,
  binaries: Binaries,
  options: { patienceMs: number; durable: boolean },
): Promise<RunningServer> {
  const cluster = join(location.home, 'data');
  const log = await rotateServerLog(location.home);
  const deadline = performance.now() + options.patienceMs;
  // The same port again lets those who are still running find it after a crash.
  let port = await freePort(await lastPort(cluster));
  for (;;) {
    await disownPostmaster(cluster, location.account);
    const from = await serverLogSize(log);
    const child = await spawnServer(location, binaries, { ...options, port, log });
    const pid = await untilReady(child, cluster, log, options.patienceMs);
    if (pid !== undefined) {
      return { pid, port };
    }
    const words = await lastLines(log, from);
    if (performance.now() > deadline || !TRY_AGAIN.test(words)) {
      throw await startFailure(location.home, words);
    }
    port = await freePort(words.includes('could not bind') ? undefined : port);
    await sleep(POLL_MS);
    const other = await findServer(location, options.patienceMs);
    if (other) {
      return other;
    }
  }
}

async function startFailure(home: string, words: string): Promise<EmbeddedError> {
  const { bavail, bsize } = await statfs(home);
  if (bavail * bsize < LEAST_SPACE_BYTES) {
    // Its log is cut short, too.
    return new EmbeddedError(`PostgreSQL does not start in ${home}: the disk is full.`);
  }
  const heard = words ? `Its last words:\n${words}` : 'It said nothing.';
  return new EmbeddedError(`PostgreSQL does not start in ${home}. ${heard}`);
}

async function spawnServer(
  { home, account }: Location,
  binaries: Binaries,
  options: { port: number; log: string; durable: boolean },
): Promise<ChildProcess> {
  const cluster = join(home, 'data');
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'logging_collector=off',
    'log_destination=stderr',
    // Statements and their values are personal data: only the server's own troubles are logged.
    'log_min_messages=log',
    'log_min_error_statement=panic',
    'log_checkpoints=off',
    'log_startup_progress_interval=5s',
    ...(options.durable ? [] : NOT_DURABLE),
  ];
  const output = await open(options.log, 'a', 0o600);
  try {
    const child = spawn(
      join(binaries.directory, 'bin', 'postgres'),
      ['-D', cluster, '-p', String(options.port), ...settings.flatMap((value) => ['-c', value])],
      {
        ...spawnAs(account),
        cwd: cluster,
        // A session of its own: neither our end nor Ctrl-C in our terminal reaches it.
        detached: true,
        stdio: ['ignore', output.fd, output.fd],
      },
    );
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.unref();
    return child;
  } catch (error) {
    throw systemFailure(`PostgreSQL cannot be started in ${home}`, error);
  } finally {
    await output.close();
  }
}

async function untilReady(
  child: ChildProcess,
  cluster: string,
  log: string,
  patienceMs: number,
): Promise<number | undefined> {
  const silent = silenceMeter(log);
  while (child.exitCode === null && child.signalCode === null) {
    const found = await readPostmaster(cluster);
    if (found?.ready && found.pid === child.pid) {
      return found.pid;
    }
    if ((await silent()) > patienceMs) {
      child.kill('SIGKILL');
      return undefined;
    }
    await sleep(POLL_MS);
  }
  return undefined;
}

/** Stops a server at once, its connections included, and waits until it has ended. Never throws. */
export async function stopServer({ home }: Location, server: RunningServer): Promise<void> {
  const cluster = join(home, 'data');
  const deadline = performance.now() + STOP_PATIENCE_MS;
  try {
    if (await isPostmasterOf(server.pid, cluster)) {
      process.kill(server.pid, 'SIGINT');
    }
    while (performance.now() < deadline && (await isPostmasterOf(server.pid, cluster))) {
      await sleep(POLL_MS);
    }
  } catch {
    // It has ended by itself.
  }
}

/** Tells for how many milliseconds the log has not grown: a long recovery speaks every five seconds. */
function silenceMeter(log: string): () => Promise<number> {
  let size = -1;
  let since = performance.now();
  return async () => {
    const now = await serverLogSize(log);
    if (now !== size) {
      size = now;
      since = performance.now();
    }
    return performance.now() - since;
  };
}

async function freePort(wanted: number | undefined): Promise<number> {
  const listener = createServer();
  try {
    return await new Promise<number>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen({ host: '127.0.0.1', port: wanted ?? 0 }, () => {
        const address = listener.address();
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
  } catch (error) {
    if (wanted === undefined) {
      throw systemFailure('There is no free port on 127.0.0.1', error);
    }
    return freePort(undefined);
  } finally {
    listener.close();
  }
}
