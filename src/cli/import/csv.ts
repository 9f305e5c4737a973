/** Reads CSV as a stream of rows, in constant memory, so that a bad row costs itself and nothing else. */
import { type CsvError, parse } from 'csv-parse';

/** One record of the file; `line` is the first line it stands on, from 1. */
export type CsvRow =
  | { line: number; cells: string[]; problem?: undefined }
  | { line: number; cells?: undefined; problem: string };

type Parsed = { cells: string[]; end: number };

// A cell holds at most some kilobytes of JSON: what is longer than this is a quote that nobody closed.
const maxRecordSize = 256 * 1024;
const newline = 0x0a;
const carriageReturn = 0x0d;

/**
 * Yields the records of a CSV file, the header among them. Understands UTF-8 with or without a byte order mark, any
 * line ending, and quoted cells with commas, quotes and line breaks in them; leaves out empty lines.
 *
 * A record that is not CSV (a stray quote, or one that nobody closes) is a `problem` at its first line, and reading goes
 * on at the line after it. Rejects only when `chunks` does.
 */
export async function* readCsv(chunks: AsyncIterable<Buffer>): AsyncGenerator<CsvRow> {
  let line = 1;
  let parser = openParser(true);
  // What the parser was given and has not made into records yet.
  let unread: Buffer = Buffer.alloc(0);
  let skipping = false;

  function* records(): Generator<CsvRow> {
    let from = 0;
    for (const { cells, end } of parser.take()) {
      const bytes = unread.subarray(from, end - parser.base);
      yield { line: line + blankLines(bytes).lines, cells };
      line += countLines(bytes);
      from = end - parser.base;
    }
    unread = unread.subarray(from);
    parser.base += from;
  }

  // What the parser stumbled over, and what is left to read behind that line.
  function giveUpLine(error: CsvError): { problem: CsvRow; rest: Buffer } {
    const blank = blankLines(unread);
    const problem = { line: line + blank.lines, problem: describe(error) };
    line += blank.lines + 1;
    const rest = unread.subarray(blank.bytes);
    unread = Buffer.alloc(0);
    parser = openParser(false);
    skipping = true;
    return { problem, rest };
  }

  async function* feed(chunk: Buffer): AsyncGenerator<CsvRow> {
    let input = chunk;
    while (true) {
      if (skipping) {
        const end = lineEnd(Buffer.concat([unread, input]));
        input = Buffer.concat([unread, input]).subarray(end.at);
        unread = end.found ? Buffer.alloc(0) : input;
        if (!end.found) {
          return;
        }
        skipping = false;
      }
      unread = unread.length === 0 ? input : Buffer.concat([unread, input]);
      const error = await parser.write(input);
      yield* records();
      if (error === undefined) {
        return;
      }
      const { problem, rest } = giveUpLine(error);
      yield problem;
      input = rest;
    }
  }

  for await (const chunk of chunks) {
    yield* feed(chunk);
  }
  while (!skipping) {
    const error = await parser.end();
    yield* records();
    if (error === undefined) {
      return;
    }
    const { problem, rest } = giveUpLine(error);
    yield problem;
    yield* feed(rest);
  }
}

// csv-parse as a function from bytes to records: `write` and `end` resolve to the error that stopped it, if any.
function openParser(bom: boolean) {
  let found: Parsed[] = [];
  let failure: CsvError | undefined;
  const parser = parse({
    bom,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: maxRecordSize,
    onRecord: (cells: string[], { bytes }) => {
      found.push({ cells, end: bytes });
      return null;
    },
  });
  parser.on('error', (error) => {
    failure = error as CsvError;
  });
  parser.resume();
  const settle = (run: (done: (error?: Error | null) => void) => void) =>
    new Promise<CsvError | undefined>((resolve) => {
      run((error) => resolve((error as CsvError | undefined) ?? failure));
    });
  return {
    /** Where `unread` begins, in bytes of this parser's input. */
    base: 0,
    write: (chunk: Buffer) => settle((done) => parser.write(chunk, done)),
    end: () => settle((done) => parser.end(done)),
    take() {
      const taken = found;
      found = [];
      return taken;
    },
  };
}

function blankLines(bytes: Buffer): { lines: number; bytes: number } {
  let at = 0;
  let lines = 0;
  while (bytes[at] === newline || bytes[at] === carriageReturn) {
    at += bytes[at] === carriageReturn && bytes[at + 1] === newline ? 2 : 1;
    lines += 1;
  }
  return { lines, bytes: at };
}

// A carriage return at the very end may be half of a line ending: it is left for the next chunk.
function lineEnd(bytes: Buffer): { found: boolean; at: number } {
  let at = 0;
  while (at < bytes.length && bytes[at] !== newline && bytes[at] !== carriageReturn) {
    at += 1;
  }
  if (bytes[at] === newline) {
    return { found: true, at: at + 1 };
  }
  if (at + 1 >= bytes.length) {
    return { found: false, at };
  }
  return { found: true, at: at + (bytes[at + 1] === newline ? 2 : 1) };
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] === newline || (bytes[at] === carriageReturn && bytes[at + 1] !== newline)) {
      lines += 1;
    }
  }
  return lines;
}

function describe(error: CsvError): string {
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE':
      return 'A quote is opened here and never closed.';
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'A closing quote is followed by more text; a quote inside a cell is written twice.';
    case 'INVALID_OPENING_QUOTE':
      return 'A quote stands inside a cell that does not begin with one.';
    default:
      return 'This is not a row of a CSV file.';
  }
}
