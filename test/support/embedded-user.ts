// A process that uses the embedded database: it attaches, says so to its parent, and does as it is told.
// Arguments: the URL of embedded.ts to use, and the options of attachEmbeddedPostgres as JSON.
import type { EmbeddedPostgres } from '../../src/db/embedded/embedded.ts';

const [, , program = '', options = '{}'] = process.argv;
const { attachEmbeddedPostgres }: typeof import('../../src/db/embedded/embedded.ts') = await import(
  program
);
const { claimGateway }: typeof import('../../src/db/embedded/gateway-claim.ts') = await import(
  new URL('gateway-claim.ts', program).href
);

function tell(message: object): void {
  process.send?.(message);
}

function refused(error: unknown): void {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  tell({ name, message });
}

async function obey(database: EmbeddedPostgres, command: unknown): Promise<void> {
  if (command === 'claim') {
    await claimGateway(database.url).then(() => tell({ claimed: true }), refused);
  } else if (command === 'detach') {
    await database.detach();
    process.disconnect();
  } else if (command === 'end') {
    process.disconnect();
  }
}

try {
  const database = await attachEmbeddedPostgres({
    ...JSON.parse(options),
    onProgress: (progress) => tell({ progress }),
  });
  process.on('message', (command) => obey(database, command));
  tell({ url: database.url });
} catch (error) {
  refused(error);
  process.disconnect();
}
