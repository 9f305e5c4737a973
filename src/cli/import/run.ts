/** Imports the files, one after the other, batch by batch. */
import type { Connection } from '../connect.ts';
import { type ImportWindow, windowImporter } from './batch.ts';
import type { FileKind } from './columns.ts';
import { type MembershipOptions, membershipRules } from './memberships.ts';
import { organizationRules } from './organizations.ts';
import type { Progress } from './progress.ts';
import type { RowResult } from './report.ts';
import { createSeenKeys } from './seen.ts';
import { inDrySession, liveSession, type Session } from './session.ts';
import type { Source, SourceRow } from './source.ts';
import { userRules } from './users.ts';

export type ImportOptions = MembershipOptions & {
  /** Everything is tried, and taken back. */
  dryRun: boolean;
  progress: Progress;
  /** Told what became of each batch once that is certain. */
  onResults(kind: FileKind, results: RowResult[]): Promise<void>;
  /** No further batch is begun once this is aborted. */
  signal: AbortSignal;
};

// Large enough that the rows of an organization come together, small enough to keep.
const windowRows = 8000;
const windowCharacters = 8_000_000;

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
  await (options.dryRun ? inDrySession(connection, work) : work(await liveSession(connection)));
}

function importerOf(kind: FileKind, session: Session, options: ImportOptions): ImportWindow {
  const seen = createSeenKeys();
  switch (kind) {
    case 'organizations':
      return windowImporter(organizationRules(session), session, seen);
    case 'users':
      return windowImporter(userRules(session), session, seen);
    case 'memberships':
      return windowImporter(membershipRules(session, options), session, seen);
  }
}

async function importSource(
  source: Source,
  importWindow: ImportWindow,
  { progress, onResults, signal }: ImportOptions,
): Promise<void> {
  progress.begin(source.kind, source.size);
  let rows = 0;
  let bytes = 0;
  try {
    for await (const window of inWindows(source.rows)) {
      if (signal.aborted) {
        return;
      }
      let done = 0;
      const newBytes = source.bytesRead() - bytes;
      const { results, failure } = await importWindow(window, signal, (count) => {
        done += count;
        progress.update(rows + done, bytes + newBytes * (done / window.length));
      });
      rows += results.length;
      bytes += newBytes;
      await onResults(source.kind, results);
      if (failure !== undefined) {
        throw failure;
      }
    }
  } finally {
    progress.end();
  }
}

async function* inWindows(rows: AsyncIterable<SourceRow>): AsyncGenerator<SourceRow[]> {
  let window: SourceRow[] = [];
  let characters = 0;
  for await (const row of rows) {
    window.push(row);
    for (const name in row.cells) {
      characters += row.cells[name]?.length ?? 0;
    }
    if (window.length === windowRows || characters > windowCharacters) {
      yield window;
      window = [];
      characters = 0;
    }
  }
  if (window.length > 0) {
    yield window;
  }
}
