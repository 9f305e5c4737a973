import { EmbeddedError, systemFailure } from './embedded-error.ts';
import { openSession } from './session.ts';

const LOCK = { key: 2, shared: false };

/**
 * Makes this process the one gateway on the embedded database at `url`; commands run beside it.
 * `release` never throws. Throws an EmbeddedError when another gateway runs there.
 */
export async function claimGateway(url: string): Promise<{ release(): Promise<void> }> {
  const session = await openSession(url, LOCK).catch((error) => {
    throw systemFailure('Cannot reach the embedded database', error);
  });
  if (!session) {
    throw new EmbeddedError(
      'Another gateway is already running on this data directory: stop it, or set GATEHOUSE_DATA_DIR to another folder.',
    );
  }
  return { release: () => session.close() };
}
