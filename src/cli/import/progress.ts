/** How far an import is, on standard error: a bar on a terminal, now and then a line anywhere else. */
import { SingleBar } from 'cli-progress';
import type { FileKind } from './columns.ts';

export type Progress = {
  /** `size` in bytes; undefined if nobody knows. */
  begin(kind: FileKind, size: number | undefined): void;
  /** What was done until now of the file that was begun. */
  update(rows: number, bytes: number): void;
  end(): void;
};

const linesEvery = 10_000;

/** Progress on `stream`. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? bars(stream) : lines(stream);
}

function bars(stream: NodeJS.WriteStream): Progress {
  let bar: SingleBar | undefined;
  let total: number | undefined;
  let startedAt = 0;
  return {
    begin(kind, size) {
      total = size;
      bar = new SingleBar({
        stream,
        clearOnComplete: true,
        hideCursor: true,
        format: `${kind.padEnd(14)} {bar} {percentage}% | {rows} rows | {seconds} s`,
      });
      bar.start(Math.max(size ?? 1, 1), 0, { rows: '0', seconds: '0' });
      startedAt = performance.now();
    },
    update(rows, bytes) {
      bar?.update(total === undefined ? 0 : Math.min(bytes, total), {
        rows: rows.toLocaleString('en'),
        seconds: ((performance.now() - startedAt) / 1000).toFixed(0),
      });
    },
    end() {
      bar?.stop();
      bar = undefined;
    },
  };
}

function lines(stream: NodeJS.WriteStream): Progress {
  let kind: FileKind | undefined;
  let said = 0;
  let done = 0;
  return {
    begin(next) {
      kind = next;
      said = 0;
      done = 0;
    },
    update(rows) {
      done = rows;
      if (rows - said >= linesEvery) {
        said = rows;
        stream.write(`${kind}: ${rows.toLocaleString('en')} rows\n`);
      }
    },
    end() {
      if (done > said || done === 0) {
        stream.write(`${kind}: ${done.toLocaleString('en')} rows\n`);
      }
    },
  };
}
