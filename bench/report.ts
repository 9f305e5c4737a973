/** The results as tables of ratios: nothing in them depends on how fast a machine is. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Comparison, Table } from './comparison.ts';
import type { Curve, Point } from './growth.ts';
import { PEERS } from './peers/peers.ts';
import { FIRST_NAMES, MORE_NAMES, type OperationName } from './questions.ts';

export type Results = Comparison & { growth?: Curve[] };

const README = new URL('README.md', import.meta.url);

/** How contenders are called, in the order in which they are shown. */
export const NAMES: Record<string, string> = {
  gatehouse: 'Gatehouse',
  flat: 'floor, flat rows',
  json: 'floor, json_agg',
  ...Object.fromEntries(Object.entries(PEERS).map(([name, { title }]) => [name, title])),
};

type Row = [
  title: string,
  what: keyof Omit<Comparison, 'memory'>,
  format: (value: number) => string,
];

const ROWS: Row[] = [
  ['requests per second, share of the best floor', 'shareOfFloor', twoDigits],
  ['requests per second, times the best peer’s', 'timesBestPeer', twoDigits],
  ['p99, times the best floor’s', 'p99', twoDigits],
  ['server CPU per request, times the best floor’s', 'cpu', twoDigits],
  ['statements per operation', 'statements', String],
  ['rows read per object in the answer', 'rowsReadPerObject', twoDigits],
];

/** The results as Markdown. */
export function tablesOf({ growth, ...comparison }: Results): string {
  const tables = [comparisonTable(comparison, FIRST_NAMES)];
  if (MORE_NAMES.some((operation) => operation in comparison.shareOfFloor)) {
    tables.push(comparisonTable(comparison, MORE_NAMES));
  }
  const memory = Object.entries(comparison.memory).map(([name, megabytes]) => [
    NAMES[name] ?? name,
    String(megabytes),
  ]);
  tables.push(table(['largest process under load', 'MB'], memory));
  if (growth !== undefined) {
    tables.push(growthTable(growth, 'tenants', 'memberships in all tenants'));
    tables.push(growthTable(growth, 'members', 'members of the one tenant'));
  }
  return tables.join('\n\n');
}

function comparisonTable(comparison: Comparison, operations: readonly OperationName[]): string {
  const lines = ROWS.flatMap(([title, what, format]) => {
    const values: Table = comparison[what];
    // Not every contender has every operation.
    const names = new Set(operations.flatMap((operation) => Object.keys(values[operation] ?? {})));
    return [...names].map((name) => [
      title,
      NAMES[name] ?? name,
      ...operations.map((operation) => {
        const value = values[operation]?.[name];
        return value === undefined ? '–' : format(value);
      }),
    ]);
  });
  return table(['', '', ...operations.map((operation) => `(${operation})`)], lines);
}

function growthTable(growth: Curve[], grows: Curve['grows'], what: string): string {
  const curves = growth.filter((curve) => curve.grows === grows);
  const sizes = curves[0]?.points.map(({ size }) => size.toLocaleString('en')) ?? [];
  const along = (points: Point[], key: keyof Point) =>
    points.map((point) => twoDigits(point[key])).join(' → ');
  return table(
    [
      `${what}: ${sizes.join(' → ')}`,
      'time per object',
      'server CPU per object',
      'rows read per object',
    ],
    curves.map(({ operation, points }) => [
      `(${operation})`,
      along(points, 'time'),
      along(points, 'cpu'),
      along(points, 'rowsRead'),
    ]),
  );
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
