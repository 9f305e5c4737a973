import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedError, systemFailure } from './embedded-error.ts';
import { openSession } from './session.ts';

const LOCK = { key: 2, shared: false };
const ATTEMPTS = 10;
const PAUSE_MS = 150;

/**
 * Makes this process the one gateway on the embedded database at `url`; commands run beside it.
 * `release` never throws. Throws an EmbeddedError when another gateway runs there.
 */
export async function claimGateway(url: string): Promise<{ release(): Promise<void> }> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const session = await openSession(url, LOCK).catch((error) => {
      throw systemFailure('Cannot reach the embedded database', error);
    });
    if (session) {
      return { release: () => session.close() };
    }
    // The server may not have noticed yet that the last gateway was killed a moment ago.
    await sleep(PAUSE_MS);
  }
  throw new EmbeddedError(
    'Another gateway is already running on this data directory: stop it, or set GATEHOUSE_DATA_DIR to another folder.',
  );
}
