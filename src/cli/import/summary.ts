/** What an import has done, counted, and the first rows that somebody should look at. */
import { type FileKind, fileKinds } from './columns.ts';
import type { RowOutcome, RowResult } from './report.ts';

export type Summary = {
  add(kind: FileKind, results: RowResult[]): void;
  refused(): number;
  /** The table and the rows to look at, in lines. `reportPath`: where all of them are, if anywhere. */
  lines(reportPath: string | undefined): string[];
};

type Remark = { kind: FileKind; line: number; text: string };

const outcomes: readonly RowOutcome[] = ['created', 'changed', 'unchanged', 'refused'];
const shown = 20;

/** An empty summary. It keeps the first few remarks only, so that it stays small however many there are. */
export function createSummary(): Summary {
  const counts = new Map<FileKind, Record<RowOutcome, number>>();
  const refusals: Remark[] = [];
  const notes: Remark[] = [];
  let noteCount = 0;
  const total = (outcome: RowOutcome) =>
    counts.values().reduce((sum, count) => sum + count[outcome], 0);
  return {
    add(kind, results) {
      const count = counts.get(kind) ?? { created: 0, changed: 0, unchanged: 0, refused: 0 };
      counts.set(kind, count);
      for (const { line, outcome, code, notes: texts } of results) {
        count[outcome] += 1;
        if (outcome === 'refused' && refusals.length < shown) {
          refusals.push({ kind, line, text: `${code ?? ''} ${texts.join(' ')}` });
        }
        if (outcome !== 'refused' && texts.length > 0) {
          noteCount += 1;
          if (notes.length < shown) {
            notes.push({ kind, line, text: texts.join(' ') });
          }
        }
      }
    },
    refused: () => total('refused'),
    lines(reportPath) {
      return [
        ...table(counts),
        ...remarks('Refused', refusals, total('refused'), reportPath),
        ...remarks('Notes', notes, noteCount, reportPath),
      ];
    },
  };
}

function table(counts: Map<FileKind, Record<RowOutcome, number>>): string[] {
  const rows = fileKinds.flatMap((kind) => {
    const count = counts.get(kind);
    return count === undefined
      ? []
      : [[kind, ...outcomes.map((outcome) => count[outcome].toLocaleString('en'))]];
  });
  return [['', ...outcomes], ...rows].map(([first = '', ...cells]) =>
    `${first.padEnd(15)}${cells.map((cell) => cell.padStart(12)).join('')}`.trimEnd(),
  );
}

function remarks(title: string, list: Remark[], count: number, reportPath?: string): string[] {
  if (count === 0) {
    return [];
  }
  const more = count - list.length;
  const where = reportPath === undefined ? '--report FILE lists all' : `all are in ${reportPath}`;
  return [
    '',
    `${title}:`,
    ...list.map(({ kind, line, text }) => `  ${kind}, line ${line}: ${printable(text.trim())}`),
    ...(more > 0 ? [`  … and ${more.toLocaleString('en')} more: ${where}.`] : []),
  ];
}

// What stands in a file must not steer the terminal.
function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 500);
}
