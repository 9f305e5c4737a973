import { randomBytes } from 'node:crypto';
import {
  chown,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rmdir,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { runAs } from './account.ts';
import type { Binaries } from './binaries.ts';
import { EmbeddedError, systemFailure } from './embedded-error.ts';
import type { Location } from './location.ts';

/** The superuser of the embedded PostgreSQL. */
export const DATABASE_USER = 'gatehouse';

// pg_trgm asks the operating system's locale, not the built-in one, which characters are letters.
const CHARACTER_LOCALES = ['C.UTF-8', 'C.utf8', 'en_US.UTF-8', 'en_US.utf8', 'UTF-8', 'C'];
const PARTIAL = 'creating-';

const SETTINGS = {
  max_connections: '200',
  shared_buffers: '128MB',
  random_page_cost: '1.1',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/**
 * Creates the cluster in `<home>/data`; a kill on the way leaves only a partial folder, which the next
 * call removes. Throws an EmbeddedError with initdb's complaint when that fails.
 */
export async function createCluster(
  location: Location,
  binaries: Binaries,
  options: { password: string; durable: boolean },
): Promise<void> {
  const { home, account } = location;
  await discardPartial(location);
  // Never the same name twice: programs of a killed attempt may still be writing to theirs.
  const partial = join(home, `${PARTIAL}${randomBytes(8).toString('hex')}`);
  const passwordFile = `${partial}.password`;
  try {
    await mkdir(partial, { mode: 0o700 });
    await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600, flag: 'wx' });
    if (account) {
      await chown(partial, account.uid, account.gid);
      await chown(passwordFile, account.uid, account.gid);
    }
    await initialize(location, binaries, { ...options, partial, passwordFile });
    await rename(partial, join(home, 'data'));
    await syncFolder(home);
  } catch (error) {
    throw systemFailure(`The database cannot be created in ${home}`, error);
  } finally {
    await discardPartial(location);
  }
}

async function initialize(
  { home, account }: Location,
  binaries: Binaries,
  options: { partial: string; passwordFile: string; durable: boolean },
): Promise<void> {
  for (const locale of CHARACTER_LOCALES) {
    const args = [
      `--pgdata=${options.partial}`,
      `--username=${DATABASE_USER}`,
      `--pwfile=${options.passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      `--lc-ctype=${locale}`,
      '--text-search-config=simple',
      ...Object.entries(SETTINGS).map(([name, value]) => `--set=${name}=${value}`),
      ...(options.durable ? [] : ['--no-sync']),
    ];
    const initdb = join(binaries.directory, 'bin', 'initdb');
    const { code, signal, output } = await runAs(account, initdb, args, home);
    if (code === 0) {
      return;
    }
    if (!output.includes('invalid locale name') || locale === CHARACTER_LOCALES.at(-1)) {
      const reason = complaint(output) ?? `initdb was ended by ${signal}`;
      throw new EmbeddedError(`The database cannot be created in ${home}: ${reason}.`);
    }
  }
}

async function discardPartial({ home, account }: Location): Promise<void> {
  for (const name of await readdir(home)) {
    if (name.startsWith(PARTIAL)) {
      const path = join(home, name);
      // The account empties its own folder: root, walking it, could be led elsewhere by a link.
      await runAs(account, '/bin/rm', ['-rf', '--', path]);
      await rmdir(path).catch(() => unlink(path).catch(() => {}));
    }
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync();
  await handle.close();
}

function complaint(output: string): string | undefined {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((each) => /error:|FATAL:|PANIC:/.test(each)) ?? lines.at(-1);
  return line?.replace(/^.*?(error|FATAL|PANIC): +/, '');
}

/** Throws an EmbeddedError unless the cluster in `<home>/data` is of the programs' major version. */
export async function checkVersion(home: string, binaries: Binaries): Promise<void> {
  const file = join(home, 'data', 'PG_VERSION');
  const found = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (!/^\d+(\.\d+)?$/.test(found)) {
    throw new EmbeddedError(
      `The database in ${home} is damaged (no version in ${file}): restore it from a backup.`,
    );
  }
  if (found !== binaries.majorVersion) {
    throw new EmbeddedError(
      `The database in ${home} is of PostgreSQL ${found}, and this Gatehouse brings PostgreSQL ` +
        `${binaries.majorVersion}: run the Gatehouse that made it, or move the data with pg_dump.`,
    );
  }
}
