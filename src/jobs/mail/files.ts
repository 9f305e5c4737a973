/** Mail that goes to files, where there is no mail server: for development. */
import { chmod, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { decodeId, encodeId } from '../../domain/id.ts';
import { DeliveryError } from './delivery-error.ts';
import { writeMessage } from './message.ts';
import type { Transport } from './transport.ts';

const FILE = /^(inv_[a-z0-9]+)-\d+\.eml$/;
const PARTIAL = /^\.inv_[a-z0-9]+-\d+\.eml\.partial$/;

/** After so long nobody is still writing, in milliseconds. */
const PARTIAL_LIFE = 60_000;

/**
 * Writes each mail to a file of its own in `folder`, which is made with the first one. The log says which file it is:
 * it holds the invitation's link, so only we may read it.
 */
export function createMailFiles(folder: string, log: Logger): Transport {
  return {
    async send({ options, sending }) {
      const message = await writeMessage(options);
      const name = `${encodeId('inv', sending.invitationId)}-${sending.sendNumber}.eml`;
      const file = join(folder, name);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await chmod(folder, 0o700);
        await writeWhole(join(folder, `.${name}.partial`), file, message);
      } catch (error) {
        throw new DeliveryError('The mail could not be written to a file.', {
          code: codeOf(error) ?? 'EUNKNOWN',
        });
      }
      log.info({ file }, 'A mail was written to a file');
    },
    close() {},
  };
}

async function writeWhole(partial: string, file: string, content: Buffer): Promise<void> {
  try {
    const handle = await open(partial, 'w', 0o600);
    try {
      await handle.chmod(0o600);
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/**
 * Deletes the mails of invitations that `remaining` does not name of the uuids that it is asked about, and what was
 * left half written. Throws what the file system throws, save that there is no folder.
 */
export async function tidyMailFiles(
  folder: string,
  remaining: (ids: string[]) => Promise<Set<string>>,
): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') {
      return [];
    }
    throw error;
  });
  const ids = new Map<string, string>();
  for (const name of names) {
    const id = decodeId('inv', FILE.exec(name)?.[1] ?? '');
    if (id !== null) {
      ids.set(name, id);
    } else if (PARTIAL.test(name) && (await ageOf(join(folder, name))) > PARTIAL_LIFE) {
      await rm(join(folder, name), { force: true });
    }
  }
  if (ids.size > 0) {
    const kept = await remaining([...new Set(ids.values())]);
    for (const [name, id] of ids) {
      if (!kept.has(id)) {
        await rm(join(folder, name), { force: true });
      }
    }
  }
}

/** Milliseconds since it was written; 0 for what is gone. */
async function ageOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined);
  return found === undefined ? 0 : Date.now() - found.mtimeMs;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
