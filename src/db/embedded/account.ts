import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { EmbeddedError } from './embedded-error.ts';

/** An account of the operating system that PostgreSQL is run as. */
export type Account = { name: string; uid: number; gid: number };

/** How a program ended; `output` is what it wrote to both of its outputs. */
export type Finished = { code: number | null; signal: string | null; output: string };

const CANDIDATES = ['postgres', 'nobody'];
// The caller's environment stays out: PGDATA, PGPORT and the like would change what the programs do.
const ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/bin:/bin:/usr/sbin:/sbin' };

/** The numeric id of the account that we run as. Throws an EmbeddedError on Windows, which has none. */
export function ownUid(): number {
  const uid = process.getuid?.();
  if (uid === undefined) {
    throw new EmbeddedError(
      'The embedded PostgreSQL does not run on Windows: set DATABASE_URL to a PostgreSQL of yours.',
    );
  }
  return uid;
}

/**
 * The existing unprivileged accounts that may run PostgreSQL in root's place, best first.
 * Throws an EmbeddedError when there is none.
 */
export async function unprivilegedAccounts(): Promise<Account[]> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n');
  const accounts = CANDIDATES.flatMap((name) => {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    const [uid, gid] = [Number(fields[2]), Number(fields[3])];
    return Number.isInteger(uid) && Number.isInteger(gid) && uid !== 0 ? [{ name, uid, gid }] : [];
  });
  if (accounts.length === 0) {
    throw new EmbeddedError(
      'PostgreSQL refuses to run as root, and neither the account postgres nor nobody exists: ' +
        'run Gatehouse as an ordinary user, or set DATABASE_URL.',
    );
  }
  return accounts;
}

/** How a process is started as `account` (undefined: as ourselves), for the options of spawn. */
export function spawnAs(account: Account | undefined) {
  return { env: ENVIRONMENT, ...(account && { uid: account.uid, gid: account.gid }) };
}

/** Runs a program to its end as `account` (undefined: as ourselves). Rejects when it cannot be started. */
export function runAs(
  account: Account | undefined,
  program: string,
  args: string[],
  cwd = '/',
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...spawnAs(account),
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: string) => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, output }));
  });
}

/**
 * Whether `account` reaches a folder, found out by trying as that account: modes alone do not tell
 * (access lists, mount options and the folders above have their say). Throws an EmbeddedError when
 * nothing can be started as that account.
 */
export async function canReach(account: Account, folder: string): Promise<boolean> {
  try {
    const tried = await runAs(account, '/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder]);
    return tried.code === 0;
  } catch (error) {
    throw new EmbeddedError(
      `Programs cannot be started as the account ${account.name}: ` +
        'run Gatehouse as an ordinary user, or set DATABASE_URL.',
      { cause: error },
    );
  }
}
