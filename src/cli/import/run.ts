/** Imports the files, one after the other, batch by batch. */
import type { Connection } from '../connect.ts';
import { batchImporter, type ImportBatch } from './batch.ts';
import type { FileKind } from './columns.ts';
import { membershipRules } from './memberships.ts';
import { organizationRules } from './organizations.ts';
import type { Progress } from './progress.ts';
import type { RowResult } from './report.ts';
import { createSeenKeys } from './seen.ts';
import { inDrySession, liveSession, type Session } from './session.ts';
import type { Source, SourceRow } from './source.ts';
import { userRules } from './users.ts';

export type ImportOptions = {
  /** Everything is tried, and taken back. */
  dryRun: boolean;
  /** People who were removed since come back. */
  reactivate: boolean;
  progress: Progress;
  /** Told what became of each batch once that is certain. */
  onResults(kind: FileKind, results: RowResult[]): Promise<void>;
  /** No further batch is begun once this is aborted. */
  signal: AbortSignal;
};

const batchSize = 1000;

/**
 * Imports `sources` in their order, which must be that of what depends on what. A row that is refused is a result;
 * rejects with ImportStoppedError when the import cannot go on. What was done until then stays, and a second run goes on.
 */
export async function importSources(
  connection: Connection,
  sources: Source[],
  options: ImportOptions,
): Promise<void> {
  const work = async (session: Session) => {
    for (const source of sources) {
      await importSource(source, importerOf(source.kind, session, options), options);
    }
  };
  await (options.dryRun ? inDrySession(connection, work) : work(liveSession(connection)));
}

function importerOf(kind: FileKind, session: Session, { reactivate }: ImportOptions): ImportBatch {
  const seen = createSeenKeys();
  switch (kind) {
    case 'organizations':
      return batchImporter(organizationRules(session), seen);
    case 'users':
      return batchImporter(userRules(session), seen);
    case 'memberships':
      return batchImporter(membershipRules(session, reactivate), seen);
  }
}

async function importSource(
  source: Source,
  importBatch: ImportBatch,
  { progress, onResults, signal }: ImportOptions,
): Promise<void> {
  progress.begin(source.kind, source.size);
  let rows = 0;
  try {
    for await (const batch of inBatches(source.rows)) {
      if (signal.aborted) {
        return;
      }
      await onResults(source.kind, await importBatch(batch));
      rows += batch.length;
      progress.update(rows, source.bytesRead());
    }
  } finally {
    progress.end();
  }
}

async function* inBatches(rows: AsyncIterable<SourceRow>): AsyncGenerator<SourceRow[]> {
  let batch: SourceRow[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length === batchSize) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) {
    yield batch;
  }
}
