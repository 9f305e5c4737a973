import { open, rename, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

const LARGEST_BYTES = 4 * 1024 * 1024;
const LINES_SHOWN = 8;

/** The file that the server of `home` writes its messages to; a large one gives way to an empty one. */
export async function rotateServerLog(home: string): Promise<string> {
  const file = join(home, 'server.log');
  if ((await serverLogSize(file)) > LARGEST_BYTES) {
    await rename(file, `${file}.old`);
  }
  return file;
}

/** Empties the log of a running server when it has grown large: the server only ever appends to it. */
export async function limitServerLog(home: string): Promise<void> {
  const file = join(home, 'server.log');
  if ((await serverLogSize(file)) > LARGEST_BYTES) {
    await truncate(file).catch(() => {});
  }
}

/** The size of the log in bytes, 0 when there is none. */
export async function serverLogSize(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}

/** The last lines that were written to the log after its first `from` bytes. */
export async function lastLines(file: string, from: number): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) {
    return '';
  }
  try {
    const size = (await handle.stat()).size;
    const start = Math.max(from, size - 16_384);
    const { buffer, bytesRead } = await handle.read({
      buffer: Buffer.alloc(Math.max(size - start, 0)),
      position: start,
    });
    const text = buffer.toString('utf8', 0, bytesRead).trimEnd();
    return text.split('\n').slice(-LINES_SHOWN).join('\n');
  } finally {
    await handle.close();
  }
}
