import { randomBytes } from 'node:crypto';
import { access, chmod, constants, mkdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { type Account, canReach, ownUid, unprivilegedAccounts } from './account.ts';
import { EmbeddedError, errorCode, systemFailure } from './embedded-error.ts';
import { readIfThere, writeWhole } from './secret-file.ts';

/**
 * Where PostgreSQL lives: its cluster in `<home>/data`, its log and, where needed, its programs beside it;
 * `account` is whom it runs as (undefined: ourselves); `exists` tells whether there is a cluster yet.
 */
export type Location = { home: string; account: Account | undefined; exists: boolean };

const SHARED_FOLDER = '/var/lib/gatehouse';
// PostgreSQL's own limit is 1,023 bytes for any path, and its files stand up to 60 below the cluster's folder.
const LONGEST_PATH = 900;

/**
 * Creates the data directory where it is missing, and returns its real path.
 * Throws an EmbeddedError when it cannot be used by this account.
 */
export async function prepareDataDir(dataDir: string): Promise<string> {
  const path = resolve(dataDir);
  if (Buffer.byteLength(path) > LONGEST_PATH || /[\r\n]/.test(path)) {
    throw new EmbeddedError(
      `The data directory's path has a line break or more than ${LONGEST_PATH} bytes: set GATEHOUSE_DATA_DIR to another.`,
    );
  }
  try {
    if (await mkdir(path, { recursive: true })) {
      // Root's database runs as another account, which must be able to pass through.
      await chmod(path, ownUid() === 0 ? 0o711 : 0o700);
    }
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    const key = await stat(join(path, 'postgres.password')).catch(() => undefined);
    if (key && ownUid() !== 0 && key.uid !== ownUid()) {
      throw foreign(path, key.uid);
    }
    return await realpath(path);
  } catch (error) {
    throw systemFailure(`Cannot use the data directory ${path}`, error);
  }
}

/**
 * Finds the database of a data directory, or a place for a new one: beside the other files where the
 * account of the server gets there, and under /var/lib/gatehouse, with a pointer to it, where it does not.
 * Call it under the start lock. Throws an EmbeddedError when what is there cannot be used by this account.
 */
export async function locate(dataDir: string): Promise<Location> {
  const pointer = join(dataDir, 'postgres.location');
  const target = await readIfThere(pointer);
  if (target !== undefined) {
    return await existing(await pointedTo(pointer, target));
  }
  const beside = await existing(join(dataDir, 'postgres'));
  return beside.account && !beside.exists ? await placeForRoot(dataDir, pointer) : beside;
}

async function pointedTo(pointer: string, target: string): Promise<string> {
  if (!isAbsolute(target) || !/^[0-9a-f]{32}$/.test(basename(target))) {
    throw new EmbeddedError(
      `${pointer} is garbled: it should hold the path of the database; restore it from a backup.`,
    );
  }
  if (!(await stat(target).catch(() => undefined))?.isDirectory()) {
    throw new EmbeddedError(
      `${pointer} says that the database is in ${target}, which does not exist: restore that folder, ` +
        'or delete the pointer to begin anew.',
    );
  }
  return target;
}

async function existing(home: string): Promise<Location> {
  const owner = await ownerOf(join(home, 'data'));
  if (ownUid() !== 0) {
    if (owner !== undefined && owner !== ownUid()) {
      throw foreign(home, owner);
    }
    await mkdir(home, { mode: 0o700, recursive: true }).catch((error) => {
      throw systemFailure(`Cannot create ${home}`, error);
    });
    return { home, account: undefined, exists: owner !== undefined };
  }
  const accounts = await unprivilegedAccounts();
  const account = owner === undefined ? accounts[0] : accounts.find(({ uid }) => uid === owner);
  if (!account) {
    throw foreign(home, owner);
  }
  if (owner !== undefined && !(await canReach(account, join(home, 'data')))) {
    throw new EmbeddedError(
      `The database runs as the account ${account.name}, which cannot reach ${home}: ` +
        'let it pass the folders above (chmod o+x), or move the data directory.',
    );
  }
  return { home, account, exists: owner !== undefined };
}

async function ownerOf(cluster: string): Promise<number | undefined> {
  try {
    return (await stat(cluster)).uid;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw systemFailure(`Cannot use the database in ${cluster}`, error);
  }
}

async function placeForRoot(dataDir: string, pointer: string): Promise<Location> {
  const beside = join(dataDir, 'postgres');
  const reached = await offer(beside);
  if (reached) {
    return reached;
  }
  await rm(beside, { recursive: true, force: true });
  const elsewhere = join(SHARED_FOLDER, randomBytes(16).toString('hex'));
  try {
    if (await mkdir(SHARED_FOLDER, { recursive: true })) {
      await chmod(SHARED_FOLDER, 0o711);
    }
    const place = await offer(elsewhere);
    if (place) {
      await writeWhole(pointer, `${elsewhere}\n`);
      return place;
    }
  } catch (error) {
    throw systemFailure(`Cannot keep the database in ${elsewhere}`, error);
  }
  await rm(elsewhere, { recursive: true, force: true });
  throw new EmbeddedError(
    `No account that may run PostgreSQL reaches ${dirname(beside)} or ${SHARED_FOLDER}: ` +
      'run Gatehouse as an ordinary user, or set DATABASE_URL.',
  );
}

async function offer(home: string): Promise<Location | undefined> {
  for (const account of await unprivilegedAccounts()) {
    // The folder stays root's: whatever root does in it, the account cannot lead it elsewhere by a link.
    await mkdir(home, { recursive: true });
    await chmod(home, 0o711);
    if (await canReach(account, home)) {
      return { home, account, exists: false };
    }
  }
  return undefined;
}

function foreign(path: string, uid: number | undefined): EmbeddedError {
  return new EmbeddedError(
    `The database in ${path} was created by another account (user id ${uid}): run Gatehouse as that ` +
      'account, or set GATEHOUSE_DATA_DIR to another folder.',
  );
}
