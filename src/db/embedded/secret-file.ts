import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedError, errorCode, systemFailure } from './embedded-error.ts';

/**
 * Writes a file of mode 0600 so that it is, after a crash, either wholly there or not at all.
 * Throws what the file system throws.
 */
export async function writeWhole(file: string, content: string): Promise<void> {
  const partial = `${file}.partial`;
  try {
    await write(partial, content);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/**
 * The same, unless the file is there: of several processes at once one writes it, and the others leave it.
 * Throws what the file system throws.
 */
export async function writeOnce(file: string, content: string): Promise<void> {
  const partial = `${file}.${randomBytes(8).toString('hex')}.partial`;
  try {
    await write(partial, content);
    await link(partial, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') {
      throw error;
    }
  } finally {
    await rm(partial, { force: true });
  }
}

async function write(partial: string, content: string): Promise<void> {
  const handle = await open(partial, 'w', 0o600);
  try {
    await handle.chmod(0o600);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The text of a file without its last line break, or undefined when there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).replace(/\n$/, '');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw systemFailure(`Cannot read ${file}`, error);
  }
}

/**
 * The database's password, kept in the data directory; made when there is none and `mayCreate`.
 * Throws an EmbeddedError when it is missing beside existing data, or garbled.
 */
export async function databasePassword(dataDir: string, mayCreate: boolean): Promise<string> {
  const file = join(dataDir, 'postgres.password');
  const kept = await readIfThere(file);
  if (kept === undefined && mayCreate) {
    const made = randomBytes(32).toString('base64url');
    await writeWhole(file, `${made}\n`).catch((error) => {
      throw systemFailure(`Cannot write ${file}`, error);
    });
    return made;
  }
  if (kept === undefined || !/^[\w-]{43}$/.test(kept)) {
    throw new EmbeddedError(
      `The database's password file ${file} is ${kept === undefined ? 'missing' : 'garbled'}: ` +
        'restore it from a backup of the data directory.',
    );
  }
  return kept;
}
