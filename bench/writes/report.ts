/** The results of the writes as tables of ratios. */
import { table, twoDigits } from '../report.ts';
import type { WriteRatios } from './comparison.ts';
import type { Noticed } from './crowd.ts';
import { WRITE_NAMES, type WriteName } from './operations.ts';
import { PLACES, type Place } from './world.ts';

export type WriteResults = {
  writes: WriteRatios[];
  /** By contender. */
  statements: Record<string, Partial<Record<WriteName, number>>>;
  noticed: Noticed[];
};

const WHERE: Record<Place, string> = { spread: '300 organizations', one: 'one organization' };

const NAMES: Record<string, string> = {
  gatehouse: 'Gatehouse',
  floor: 'floor',
  together: 'floor, one pool and no turns',
  'better-auth': 'better-auth',
};

/** The results as Markdown. */
export function writeTablesOf({ writes, statements, noticed }: WriteResults): string {
  const rows = PLACES.flatMap((place) =>
    writes
      .filter((one) => one.place === place)
      .map(({ write, connections, rate, timesPeer, p50, p99, cpu }) => [
        write,
        WHERE[place],
        String(connections),
        twoDigits(rate),
        timesPeer === undefined ? '–' : twoDigits(timesPeer),
        ...[p50, p99, cpu].map(twoDigits),
      ]),
  );
  const header = [
    '',
    'written in',
    'connections',
    'writes per second',
    'times better-auth’s',
    'p50',
    'p99',
    'server CPU per write',
  ];
  const counted = Object.entries(statements).map(([name, counts]) => [
    NAMES[name] ?? name,
    ...WRITE_NAMES.map((write) => String(counts[write] ?? '–')),
  ]);
  const crowd = noticed.map(({ name, p50, p99 }) => [
    NAMES[name] ?? name,
    twoDigits(p50),
    twoDigits(p99),
  ]);
  return [
    table(header, rows),
    table(['statements to PostgreSQL', ...WRITE_NAMES], counted),
    table(['reads beside 50 writers on one organization', 'p50', 'p99'], crowd),
  ].join('\n\n');
}
