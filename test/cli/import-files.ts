/** CSV files to import, and the report that comes out. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Database } from '../../src/db/database.ts';
import { type Finished, runCommand } from './run-command.ts';

/** The texts of the files; what is left out is not imported. */
export type Files = { organizations?: string; users?: string; memberships?: string };

export type ReportRow = {
  file: string;
  line: string;
  source_id: string;
  outcome: string;
  organization_id: string;
  user_id: string;
  membership_id: string;
  code: string;
  notes: string;
};

/** Imports `files` into the database at `url`, and reads the report if there is one. */
export async function runImport(
  url: string,
  files: Files,
  ...args: string[]
): Promise<Finished & { report: ReportRow[] }> {
  return await withFiles(files, async (fileArgs, folder) => {
    const reportPath = join(folder, 'report.csv');
    const finished = await runCommand(url, [
      'import',
      ...fileArgs,
      '--report',
      reportPath,
      ...args,
    ]);
    return { ...finished, report: await readReport(reportPath) };
  });
}

/** Writes `files` into a folder of their own, and hands `work` the arguments that name them. */
export async function withFiles<T>(
  files: Files,
  work: (args: string[], folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-import-'));
  try {
    const args: string[] = [];
    for (const [kind, text] of Object.entries(files)) {
      const path = join(folder, `${kind}.csv`);
      await writeFile(path, text);
      args.push(`--${kind}`, path);
    }
    return await work(args, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Rows as CSV, quoted where they must be. */
export function csv(...rows: string[][]): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `${rows.map((row) => row.map(cell).join(',')).join('\n')}\n`;
}

/** What the database holds, counted and summed, so that any change shows. */
export async function digest(database: Database): Promise<unknown> {
  const tables = [
    'organization',
    'organization_slug',
    'user',
    'identity',
    'membership',
    'role_assignment',
    'invitation',
    'event',
    'event_detail',
  ];
  const parts = tables.map(
    (name) =>
      `(SELECT count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM "${name}" AS t) AS "${name}"`,
  );
  return await database.prisma.$queryRawUnsafe(`SELECT ${parts.join(', ')}`);
}

async function readReport(path: string): Promise<ReportRow[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return parse<ReportRow>(text, { columns: true });
}
