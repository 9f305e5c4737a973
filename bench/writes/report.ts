/** The results of the writes as tables of ratios. */
import { table, twoDigits } from '../report.ts';
import type { WriteRatios } from './comparison.ts';
import type { Noticed } from './crowd.ts';
import { PLACES, type Place } from './world.ts';

export type WriteResults = { writes: WriteRatios[]; noticed: Noticed[] };

const WHERE: Record<Place, string> = { spread: '300 organizations', one: 'one organization' };

/** The names of the contenders in this file's tables. */
export const NAMES: Record<string, string> = {
  gatehouse: 'Gatehouse',
  floor: 'floor',
  together: 'floor, one pool and no turns',
};

/** The results as Markdown. */
export function writeTablesOf({ writes, noticed }: WriteResults): string {
  const rows = PLACES.flatMap((place) =>
    writes
      .filter((one) => one.place === place)
      .map(({ write, connections, rate, p50, p99, cpu }) => [
        write,
        WHERE[place],
        String(connections),
        ...[rate, p50, p99, cpu].map(twoDigits),
      ]),
  );
  const header = [
    '',
    'written in',
    'connections',
    'writes per second',
    'p50',
    'p99',
    'server CPU per write',
  ];
  const crowd = noticed.map(({ name, p50, p99 }) => [
    NAMES[name] ?? name,
    twoDigits(p50),
    twoDigits(p99),
  ]);
  return [
    table(header, rows),
    table(['reads beside 50 writers on one organization', 'p50', 'p99'], crowd),
  ].join('\n\n');
}
