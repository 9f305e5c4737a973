/** The results as tables of ratios: nothing in them depends on how fast a machine is. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Comparison } from './comparison.ts';
import type { Step } from './growth.ts';
import { OPERATION_NAMES } from './operations.ts';
import { PEERS } from './peers/peers.ts';

export type Results = Comparison & { growth?: Step[] };

const README = new URL('README.md', import.meta.url);

const NAMES: Record<string, string> = {
  gatehouse: 'Gatehouse',
  flat: 'floor, flat rows',
  jsonAgg: 'floor, json_agg',
  ...Object.fromEntries(Object.entries(PEERS).map(([name, { title }]) => [name, title])),
};

/** The results as Markdown. */
export function tablesOf({ growth, ...comparison }: Results): string {
  const rows: [string, keyof Comparison, (value: number) => string][] = [
    ['requests per second, share of the best floor', 'shareOfFloor', twoDigits],
    ['requests per second, times the best peer’s', 'timesBestPeer', twoDigits],
    ['p99, times the best floor’s', 'p99', twoDigits],
    ['server CPU per request, times the best floor’s', 'cpu', twoDigits],
    ['statements per operation', 'statements', String],
    ['rows read per object in the answer', 'rowsReadPerObject', twoDigits],
  ];
  const lines = rows.flatMap(([title, what, format]) =>
    namesIn(comparison[what]).map((name) => [
      title,
      NAMES[name] ?? name,
      ...OPERATION_NAMES.map((operation) => {
        const value = comparison[what][operation][name];
        return value === undefined ? '–' : format(value);
      }),
    ]),
  );
  const tables = [table(['', '', '(a)', '(b)', '(c)'], lines)];
  if (growth !== undefined) {
    const header = ['', 'what grows', 'time', 'server CPU', 'rows read per object'];
    const steps = growth.map(({ operation, step, time, cpu, rowsReadPerObject }) => [
      `(${operation})`,
      step,
      twoDigits(time),
      twoDigits(cpu),
      rowsReadPerObject.map(twoDigits).join(' → '),
    ]);
    tables.push(table(header, steps));
  }
  return tables.join('\n\n');
}

// Not every contender has every operation.
function namesIn(table: Comparison[keyof Comparison]): string[] {
  return [...new Set(OPERATION_NAMES.flatMap((operation) => Object.keys(table[operation])))];
}

/** Puts the tables in the place of those `results` in README.md. Throws when it has no place for them. */
export async function rewriteReadme(tables: string, results = 'results'): Promise<void> {
  const text = await readFile(README, 'utf8');
  const marker = `<!-- ${results} -->`;
  const begin = text.indexOf(marker);
  const end = text.indexOf(`<!-- end of ${results} -->`);
  if (begin < 0 || end < begin) {
    throw new Error(`README.md has no "${marker}" with an end.`);
  }
  const head = text.slice(0, begin + marker.length);
  await writeFile(README, `${head}\n\n${tables}\n\n${text.slice(end)}`);
}

/** Markdown, with its columns in line. */
export function table(header: string[], rows: string[][]): string {
  const widths = header.map((_, at) =>
    Math.max(3, ...[header, ...rows].map((cells) => cells[at]?.length ?? 0)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [header, rule, ...rows].map(line).join('\n');
}

/** How ratios are written. */
export function twoDigits(value: number): string {
  return value.toFixed(2);
}
