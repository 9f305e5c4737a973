import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { type Account, runAs } from './account.ts';
import { errorCode } from './embedded-error.ts';

/** What a cluster's postmaster.pid tells about its server; `ready` is false while it starts or stops. */
export type Postmaster = { pid: number; port: number | undefined; ready: boolean };

/** Reads postmaster.pid of a cluster: undefined when there is none, or none with a process id yet. */
export async function readPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch((error) => {
    if (errorCode(error) === 'ENOENT') {
      return '';
    }
    throw error;
  });
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) {
    return undefined;
  }
  return { pid, port: Number(lines[3]) || undefined, ready: lines[7]?.trim() === 'ready' };
}

/**
 * Whether process `pid` is, right now, the living server of this cluster: not another process that was
 * given the number, nor a server killed and never collected by its parent, nor that of a copied folder.
 */
export async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  const [program, ...args] = await commandLine(pid);
  if (!program || basename(program) !== 'postgres') {
    return false;
  }
  const folder = args[args.indexOf('-D') + 1];
  if (folder === undefined || folder === cluster) {
    return folder === cluster;
  }
  const theirs = await stat(folder).catch(() => undefined);
  const ours = await stat(cluster);
  // A folder that is gone was most likely moved here under the running server.
  return !theirs || (theirs.dev === ours.dev && theirs.ino === ours.ino);
}

async function commandLine(pid: number): Promise<string[]> {
  try {
    if (process.platform === 'linux') {
      return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    }
    const listed = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
    const [, program, folder] = /^(.*?\/postgres) -D (.*?) -p \d/.exec(listed.stdout) ?? [];
    return program && folder ? [program, '-D', folder] : [];
  } catch {
    return [];
  }
}

/**
 * Makes PostgreSQL take a left-over postmaster.pid for stale even if its process id is in use by somebody
 * else: it does so when it finds its own parent's there, and then still makes sure, by the shared memory
 * named below in the file, that no process of the last server is left. Deleting the file would skip that.
 */
export async function disownPostmaster(
  cluster: string,
  account: Account | undefined,
): Promise<void> {
  const file = join(cluster, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined) {
    const [first = '', ...others] = text.split('\n');
    const script = /^\d+$/.test(first) ? 'printf %s "$2" >"$1"' : 'rm -f -- "$1"';
    // By the account itself: in a folder of its own, it could lead root's hand elsewhere by a link.
    const content = [process.pid, ...others].join('\n');
    await runAs(account, '/bin/sh', ['-c', script, 'sh', file, content]);
  }
}

/** The port that the cluster's server listened on when it was last started, if that is known. */
export async function lastPort(cluster: string): Promise<number | undefined> {
  const options = await readFile(join(cluster, 'postmaster.opts'), 'utf8').catch(() => '');
  return Number(/"-p" "(\d+)"/.exec(options)?.[1]) || undefined;
}
