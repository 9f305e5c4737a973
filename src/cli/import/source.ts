/** An input file: opened and its header checked before anything is written, then read row by row. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type FileKind, headerProblems } from './columns.ts';
import { type CsvRow, readCsv } from './csv.ts';

/** A row by its columns; empty cells are left out. Or what keeps it from being one. */
export type SourceRow =
  | { line: number; cells: Record<string, string>; problem?: undefined }
  | { line: number; cells?: undefined; problem: string };

export type Source = {
  kind: FileKind;
  path: string;
  /** In bytes; undefined for what is no plain file (a pipe). */
  size: number | undefined;
  /** How many bytes were read until now. */
  bytesRead(): number;
  rows: AsyncIterable<SourceRow>;
  close(): Promise<void>;
};

/** What the caller got wrong: a file that is not there, a header that does not fit. Nothing has been written. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Opens a file and reads its header.
 *
 * @throws UsageError when the file cannot be read, is empty, or its columns are not those of `kind`.
 */
export async function openSource(kind: FileKind, path: string): Promise<Source> {
  const handle = await openFile(kind, path);
  let bytesRead = 0;
  async function* chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(path, { fd: handle, autoClose: false })) {
      bytesRead += chunk.length;
      yield chunk;
    }
  }
  const rows = readCsv(chunks());
  try {
    const { size, header } = await readHeader(handle, rows);
    const names = (header?.cells ?? []).map((name) => name.trim());
    const problems = header === undefined ? ['The file is empty.'] : headerProblems(kind, names);
    const problem = header?.problem ?? (problems.length > 0 ? problems.join(' ') : undefined);
    if (problem !== undefined) {
      throw new UsageError(`--${kind} ${path}: ${problem}`);
    }
    return {
      kind,
      path,
      size,
      bytesRead: () => bytesRead,
      rows: toSourceRows(rows, names),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openFile(kind: FileKind, path: string): Promise<FileHandle> {
  try {
    const handle = await open(path, 'r');
    if ((await handle.stat()).isDirectory()) {
      await handle.close();
      throw new UsageError(`--${kind} ${path}: This is a folder.`);
    }
    return handle;
  } catch (error) {
    if (error instanceof UsageError) {
      throw error;
    }
    throw new UsageError(`--${kind} ${path}: ${readProblem(error)}`);
  }
}

async function readHeader(handle: FileHandle, rows: AsyncGenerator<CsvRow>) {
  const stats = await handle.stat();
  const { value, done } = await rows.next();
  return { size: stats.isFile() ? stats.size : undefined, header: done ? undefined : value };
}

async function* toSourceRows(
  rows: AsyncGenerator<CsvRow>,
  names: string[],
): AsyncGenerator<SourceRow> {
  for await (const { line, cells, problem } of rows) {
    if (cells === undefined) {
      yield { line, problem };
    } else if (cells.length !== names.length) {
      yield { line, problem: `The row has ${cells.length} cells, the header ${names.length}.` };
    } else {
      yield toSourceRow(line, cells, names);
    }
  }
}

function toSourceRow(line: number, cells: string[], names: string[]): SourceRow {
  const row: Record<string, string> = {};
  for (const [at, name] of names.entries()) {
    const cell = (cells[at] ?? '').trim();
    // PostgreSQL cannot store the one; the other is what a decoder makes of bytes that are not UTF-8.
    if (cell.includes('\0') || cell.includes('\ufffd')) {
      return { line, problem: `The cell "${name}" is not UTF-8 text.` };
    }
    if (cell !== '') {
      row[name] = cell;
    }
  }
  return { line, cells: row };
}

function readProblem(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'There is no such file.';
    case 'EACCES':
      return 'This file may not be read.';
    default:
      return (error as Error).message;
  }
}
