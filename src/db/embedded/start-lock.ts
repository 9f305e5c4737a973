import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedError, systemFailure } from './embedded-error.ts';

/** The right to create, start or stop the server of one data directory. */
export type StartLock = { release(): void };

const BUSY = 5;
const POLL_MS = 25;

/**
 * Takes the start lock of a data directory, waiting for its holder. It is the kernel's lock on an empty
 * SQLite file: Node has no flock, and this one goes with its process, however that ends.
 * Throws an EmbeddedError after `patienceMs`, or when the file cannot be made.
 */
export async function acquireStartLock(dataDir: string, patienceMs: number): Promise<StartLock> {
  const file = join(dataDir, 'postgres.lock');
  const deadline = performance.now() + patienceMs;
  const database = open(file);
  while (!tryLock(database, file)) {
    if (performance.now() > deadline) {
      database.close();
      throw new EmbeddedError(
        `Another process has been starting or stopping the database in ${dataDir} ` +
          `for ${Math.round(patienceMs / 1000)} s: try again when it has ended.`,
      );
    }
    await sleep(POLL_MS);
  }
  return { release: () => database.close() };
}

function open(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { timeout: 0 });
  } catch (error) {
    throw systemFailure(`Cannot open the lock file ${file}`, error);
  }
}

function tryLock(database: DatabaseSync, file: string): boolean {
  try {
    // A journal on the disk would be of no use, and needs space that a full disk does not have.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === BUSY) {
      return false;
    }
    database.close();
    throw systemFailure(`Cannot lock ${file}`, error);
  }
}
