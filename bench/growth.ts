/** Whether what Gatehouse returns becomes dearer as tenants become more, or larger. */
import type { StartContender } from './comparison.ts';
import { withCursors } from './cursors.ts';
import type { Issuer } from './issuer.ts';
import { measure, type Pace, ratio, type Turn } from './measure.ts';
import { ask, GATEHOUSE, type Question } from './operations.ts';
import type { Load, RunningContender } from './processes.ts';
import { OPERATION_NAMES, type OperationName } from './questions.ts';
import { type Place, questionsOf } from './samples.ts';
import { objectsIn, startWatched } from './shape.ts';

export type Growing = 'tenants' | 'members';

/** What an object in the answer costs at a size, as a multiple of what it costs at the smallest. */
export type Point = {
  /** Memberships in all tenants, or members of the one tenant. */
  size: number;
  /** Time, at 16 connections. */
  time: number;
  /** CPU of the server process. */
  cpu: number;
  /** Rows read for it; no multiple. */
  rowsRead: number;
};

export type Curve = { grows: Growing; operation: OperationName; points: Point[] };

/** A size, the database where there is one, and a running Gatehouse on it. */
export type Site = {
  grows: Growing;
  size: number;
  url: string;
  gatehouse: RunningContender;
  place: Place;
};

const COUNTED = 16;
const EXPLAINED = 2;

/** What stands before the page: of one's own memberships nothing, of a search, which one in eleven meets, about half. */
const SKIPPED: Partial<Record<OperationName, (size: number) => number>> = {
  e: () => 0,
  d100: (size) => Math.floor(size / 20),
};

type Options = {
  start: StartContender;
  pace: Pace;
  issuer: Issuer;
  progress(what: string): void;
};

type Entry = { site: Site; operation: OperationName; name: string; questions: Question[] };

/** Measures every operation at all sites; those of the same kind stand in the order of their sizes. */
export async function measureGrowth(
  load: Load,
  sites: Site[],
  { start, pace, issuer, progress }: Options,
): Promise<Curve[]> {
  const entries: Entry[] = [];
  // What is compared stands side by side, so that as much time has passed since each was asked last: what is noted of a
  // caller once a minute falls upon all of them, or upon none.
  for (const operation of OPERATION_NAMES) {
    for (const site of sites) {
      const skip = SKIPPED[operation]?.(site.place.tenants.size);
      const questions = await questionsOf(operation, site.place, issuer, pace.questions, { skip });
      const name = `${site.grows} ${site.size} ${operation}`;
      entries.push({
        site,
        operation,
        name,
        questions: await withCursors(site.gatehouse, questions),
      });
    }
  }
  progress('Growing: counting objects');
  const objects = new Map<string, number>();
  for (const { site, name, questions } of entries) {
    const counts = questions
      .slice(0, COUNTED)
      .map(async (question) => objectsIn(await ask(site.gatehouse, question)));
    const sum = (await Promise.all(counts)).reduce((one, other) => one + other, 0);
    objects.set(name, sum / COUNTED);
  }
  progress('Growing: explaining statements');
  const rowsRead = await rowsReadOf(entries, start);
  const turns = entries.map(
    ({ site, name, questions }): Turn => ({ name, contender: site.gatehouse, questions }),
  );
  progress('Growing: measuring');
  const measurements = await measure(load, turns, pace);

  return (['tenants', 'members'] as const).flatMap((grows) =>
    OPERATION_NAMES.map((operation): Curve => {
      const those = entries.filter(
        (entry) => entry.operation === operation && entry.site.grows === grows,
      );
      const base = those[0]?.name ?? '';
      const points = those.map(({ site, name }) => {
        const fewer = (objects.get(base) ?? 0) / (objects.get(name) ?? 0);
        return {
          size: site.size,
          time: ratio(measurements, base, name, 'rate') * fewer,
          cpu: ratio(measurements, name, base, 'cpu') * fewer,
          rowsRead: rowsRead.get(name) ?? Number.NaN,
        };
      });
      return { grows, operation, points };
    }),
  );
}

async function rowsReadOf(entries: Entry[], start: StartContender): Promise<Map<string, number>> {
  const rowsRead = new Map<string, number>();
  for (const url of new Set(entries.map(({ site }) => site.url))) {
    const here = entries.filter(({ site }) => site.url === url);
    const questions = Object.fromEntries(
      here.map((entry) => [entry.name, entry.questions.slice(0, EXPLAINED)]),
    );
    const watched = await startWatched(url, (through) => start(GATEHOUSE, through));
    const found = await watched.shapesOf(questions);
    await watched.stop();
    for (const [name, { rowsReadPerObject }] of Object.entries(found)) {
      rowsRead.set(name, rowsReadPerObject);
    }
  }
  return rowsRead;
}
