/** What became of every row, as a CSV file: which row of which file is which node. */
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { FileKind } from './columns.ts';

export type RowOutcome = 'created' | 'changed' | 'unchanged' | 'refused';

/** What became of one row. Ids are those of the API (`org_…`), and of the row that was there first if it is refused. */
export type RowResult = {
  line: number;
  /** How the row is called in the file: its external id, or its address, or `organization/person`. */
  sourceId: string;
  outcome: RowOutcome;
  organizationId?: string | undefined;
  userId?: string | undefined;
  membershipId?: string | undefined;
  /** Of a refused row. */
  code?: string | undefined;
  /** Why it was refused, or what was done differently from what the row says. */
  notes: string[];
};

export type Report = {
  /** Resolves when there is room for more. Rejects when the file cannot be written. */
  add(kind: FileKind, results: RowResult[]): Promise<void>;
  close(): Promise<void>;
};

const header = 'file,line,source_id,outcome,organization_id,user_id,membership_id,code,notes';

/** Begins a report in a new file, over one that may be there. Rejects when it cannot be written. */
export async function openReport(path: string): Promise<Report> {
  const file = createWriteStream(path);
  await once(file, 'open');
  let failure: Error | undefined;
  file.on('error', (error) => {
    failure = error;
  });
  file.write(`${header}\n`);
  return {
    async add(kind, results) {
      const text = results.map((result) => reportLine(kind, result)).join('');
      if (failure !== undefined) {
        throw failure;
      }
      if (!file.write(text)) {
        await once(file, 'drain');
      }
    },
    close: () => end(file),
  };
}

async function end(file: WriteStream): Promise<void> {
  file.end();
  if (!file.closed) {
    await once(file, 'close');
  }
}

function reportLine(kind: FileKind, result: RowResult): string {
  const cells = [
    kind,
    String(result.line),
    result.sourceId,
    result.outcome,
    result.organizationId,
    result.userId,
    result.membershipId,
    result.code,
    result.notes.join(' '),
  ];
  return `${cells.map((cell = '') => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`;
}
