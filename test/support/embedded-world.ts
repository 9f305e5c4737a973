import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, onTestFinished } from 'vitest';
import {
  attachEmbeddedPostgres,
  type EmbeddedOptions,
  type EmbeddedPostgres,
} from '../../src/db/embedded/embedded.ts';

/** What embedded-user.ts says: it has attached, is getting on, holds the claim, or was refused. */
export type Said = {
  url?: string;
  progress?: string;
  claimed?: true;
  name?: string;
  message?: string;
};

/** A process of its own that uses the embedded database. */
export type User = {
  child: ChildProcess;
  /** The next thing it says that is of interest; rejects when it ends without. */
  hear(isIt: (said: Said) => boolean): Promise<Said>;
  /** Its end: the exit code, or the signal's name. */
  ended: Promise<number | string>;
};

const PROGRAM = new URL('../../src/db/embedded/embedded.ts', import.meta.url);
const USER = fileURLToPath(new URL('embedded-user.ts', import.meta.url));

/**
 * A folder for one test, below `parent`, reachable by every account, and removed after the test together
 * with what its databases left elsewhere, their servers ended.
 */
export async function temporaryFolder(parent = tmpdir()): Promise<string> {
  const folder = await reachableFolder(parent);
  onTestFinished(() => removeWithServers(folder));
  return folder;
}

async function removeWithServers(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true });
  const homes = files.flatMap((file) => {
    const [home] = file.split('/data/postmaster.pid');
    return home === undefined || home === file ? [] : [join(folder, home)];
  });
  for (const file of files.filter((name) => basename(name) === 'postgres.location')) {
    const home = (await readFile(join(folder, file), 'utf8')).trim();
    if (/^\/var\/lib\/gatehouse\/[0-9a-f]{32}$/.test(home)) {
      homes.push(home);
    }
  }
  for (const home of homes) {
    await endServer(join(home, 'data'));
    await rm(home, { recursive: true, force: true });
  }
  await rm(folder, { recursive: true, force: true });
}

async function endServer(cluster: string): Promise<void> {
  const pid = await serverPid(cluster).catch(() => undefined);
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (pid !== undefined && command.includes(cluster)) {
    process.kill(pid, 'SIGKILL');
    await gone(pid);
  }
}

async function serverPid(cluster: string): Promise<number> {
  return Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

/**
 * A data directory with a stopped database, the same for all tests of the file that calls this, since making one takes
 * a second: a test leaves it as usable as it was.
 */
export function shareStoppedDatabase(): () => Promise<string> {
  let shared: Promise<string> | undefined;
  afterAll(async () => {
    const dataDir = await shared;
    if (dataDir) {
      await removeWithServers(dirname(dataDir));
    }
  });
  return async () => {
    shared ??= makeDatabase();
    const dataDir = await shared;
    await endServer(join(dataDir, 'postgres', 'data'));
    return dataDir;
  };
}

async function makeDatabase(): Promise<string> {
  const dataDir = join(await reachableFolder(tmpdir()), '.data');
  const database = await attachEmbeddedPostgres({ dataDir, durable: false });
  await database.detach();
  return dataDir;
}

async function reachableFolder(parent: string): Promise<string> {
  const folder = await realpath(await mkdtemp(join(parent, 'gatehouse-test-')));
  await chmod(folder, 0o755);
  return folder;
}

/** Attaches to a throw-away database in this process, and detaches after the test. */
export async function attach(
  dataDir: string,
  options: Partial<EmbeddedOptions> = {},
): Promise<EmbeddedPostgres> {
  const database = await attachEmbeddedPostgres({ dataDir, durable: false, ...options });
  onTestFinished(() => database.detach());
  return database;
}

/** Starts a process that attaches; it leads a process group of its own, as a command in a terminal does. */
export function startUser(
  dataDir: string,
  how: { account?: { uid: number; gid: number }; program?: URL; options?: object } = {},
): User {
  const options = JSON.stringify({ dataDir, durable: false, ...how.options });
  const child = fork(USER, [(how.program ?? PROGRAM).href, options], {
    cwd: '/',
    detached: true,
    execArgv: [],
    ...how.account,
  });
  const said: Said[] = [];
  child.on('message', (message: Said) => said.push(message));
  const ended = once(child, 'exit').then(([code, signal]) => code ?? signal);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const hear = async (isIt: (said: Said) => boolean): Promise<Said> => {
    for (;;) {
      const found = said.findIndex(isIt);
      if (found >= 0) {
        return said.splice(0, found + 1)[found] ?? {};
      }
      const over = ended.then((end) => {
        if (!said.some(isIt)) {
          throw new Error(`ended with ${end}, having said ${JSON.stringify(said)}`);
        }
      });
      await Promise.race([once(child, 'message'), over]);
    }
  };
  return { child, hear, ended };
}

/** The URL that a user tells once it has attached; rejects with its refusal. */
export async function attachedUrl(user: User): Promise<string> {
  const { url, message } = await user.hear((said) => 'url' in said || 'message' in said);
  if (url === undefined) {
    throw new Error(message);
  }
  return url;
}

/** Runs one statement on a connection of its own, and returns the first column of its rows. */
export async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows.map((row: unknown[]) => row[0]);
  } finally {
    await client.end();
  }
}

/** Makes `kept (n int)` an empty table. */
export async function emptyTable(url: string): Promise<void> {
  await query(url, 'DROP TABLE IF EXISTS kept');
  await query(url, 'CREATE TABLE kept (n int)');
}

/** Where the server of a data directory keeps its cluster, and that server's process id. */
export async function serverOf(dataDir: string): Promise<{ cluster: string; pid: number }> {
  const pointer = await readFile(join(dataDir, 'postgres.location'), 'utf8').catch(() => '');
  const cluster = join(pointer.trim() || join(dataDir, 'postgres'), 'data');
  return { cluster, pid: await serverPid(cluster) };
}

/**
 * Waits until a process, not of our own starting perhaps, has ended. A server that has been stopped takes a few more
 * milliseconds: its memory goes, and with it the command line that it is told by, before the process does.
 */
export async function gone(pid: number): Promise<void> {
  while (await isAlive(pid)) {
    await sleep(5);
  }
}

/** Whether a process runs; one that was killed and waits for its parent to notice does not. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/\) Z /.test(status);
}
