/** Gatehouse beside the floors and the peers, on every operation that these have. */
import { checkAgreement, checkPeerRefusal, checkRefusal } from './agree.ts';
import { withCursors } from './cursors.ts';
import type { Issuer } from './issuer.ts';
import { fastest, type Measured, measure, type Pace, ratio, type Turn } from './measure.ts';
import { GATEHOUSE, type Question } from './operations.ts';
import { has, PEERS } from './peers/peers.ts';
import type { Load, RunningContender } from './processes.ts';
import { FIRST_NAMES, type OperationName } from './questions.ts';
import { type Place, questionsOf } from './samples.ts';
import type { Shape, Watched } from './shape.ts';

export const FLOORS = { flat: 'floors/flat.ts', json: 'floors/json-agg.ts' };

/** The programs of all contenders by name. */
export const PROGRAMS: Record<string, string> = {
  [GATEHOUSE]: 'gatehouse.ts',
  ...FLOORS,
  ...Object.fromEntries(Object.entries(PEERS).map(([name, { program }]) => [name, program])),
};

/** Who is asked the other operations, too. */
export const ASKED_MORE = [GATEHOUSE, 'flat'];

/** Whether it is Gatehouse or a floor. */
export function isOurs(name: string): boolean {
  return name === GATEHOUSE || name in FLOORS;
}

/** By operation, then by contender. */
export type Comparison = {
  /** Requests per second, as a share of the best floor's. */
  shareOfFloor: Table;
  /** Requests per second of Gatehouse, as a multiple of those of the best peer, where there is one. */
  timesBestPeer: Table;
  /** The 99th percentile of the times, as a multiple of the best floor's. */
  p99: Table;
  /** CPU of the server process per request, as a multiple of the best floor's. */
  cpu: Table;
  /** Statements per operation, the caller's check included. */
  statements: Table;
  /** Rows read in tables for each object in the answer. */
  rowsReadPerObject: Table;
  /** The largest of the server's process at the end of a turn, in megabytes, by contender. */
  memory: Record<string, number>;
};

export type Table = Partial<Record<OperationName, Record<string, number>>>;

export type StartContender = (name: string, url: string) => Promise<RunningContender>;

/**
 * Where an operation is asked: who runs on a database, of whom it is told what they ask of it, and what of its world is
 * asked about.
 */
export type Ground = { place: Place; contenders: RunningContender[]; watched: Watched[] };

/** How much is done of all that. */
export type Effort = {
  pace: Pace;
  /** In how many of the rounds the peers take part. */
  roundsOfPeers: number;
  /** How many answers to each operation have to agree. */
  checked: number;
};

const EXPLAINED = 3;
const MEGABYTE = 2 ** 20;

type Entry = { operation: OperationName; contender: RunningContender; questions: Question[] };

/** All who are asked one operation; `questions` are for whoever may not see the answers, as the user of that number. */
type Group = { those: Entry[]; questions: Question[]; stranger: number };

/** Compares the contenders on these operations, each on its ground. Whoever is watched is stopped before that. */
export async function compare(
  load: Load,
  grounds: Partial<Record<OperationName, Ground>>,
  { pace, roundsOfPeers, issuer, checked }: Effort & { issuer: Issuer },
): Promise<Comparison> {
  const asked = Object.entries(grounds) as [OperationName, Ground][];
  const groups: Group[] = [];
  for (const [operation, { place, contenders }] of asked) {
    const questions = await questionsOf(operation, place, issuer, pace.questions);
    const isFirst = FIRST_NAMES.some((name) => name === operation);
    const those: Entry[] = [];
    for (const contender of contenders) {
      const { name } = contender;
      if (isFirst ? has(name, operation) : ASKED_MORE.includes(name)) {
        those.push({ operation, contender, questions: await withCursors(contender, questions) });
      }
    }
    groups.push({ those, questions: questions.slice(0, 1), stranger: place.world.users - 1 });
  }
  const entries = groups.flatMap(({ those }) => those);

  // One that fails is told of when the others are over: they hold what ends with the run.
  const shaping = shapesOfAll(asked, entries);
  const checks = groups.map((group) => check(group, issuer, checked));
  await Promise.allSettled([shaping, ...checks]);
  await Promise.all(checks);
  const shapes = await shaping;
  const turns = entries.map(
    ({ operation, contender, questions }): Turn => ({
      name: `${operation} ${contender.name}`,
      contender,
      questions,
      rounds: isOurs(contender.name) ? pace.rounds : roundsOfPeers,
    }),
  );
  const measurements = await measure(load, turns, pace);
  const tabulate = (
    value: (operation: OperationName, name: string) => number | undefined,
  ): Table => {
    const table: Table = {};
    for (const { operation, contender } of entries) {
      const found = value(operation, contender.name);
      if (found !== undefined) {
        table[operation] = { ...table[operation], [contender.name]: found };
      }
    }
    return table;
  };
  const ratios = (what: keyof Measured) =>
    tabulate((operation, name) => {
      const floors = Object.keys(FLOORS).map((floor) => `${operation} ${floor}`);
      return ratio(measurements, `${operation} ${name}`, fastest(measurements, floors), what);
    });
  const timesBestPeer: Table = {};
  for (const operation of new Set(entries.map((entry) => entry.operation))) {
    const turnsOfPeers = entries
      .filter((entry) => entry.operation === operation && entry.contender.name in PEERS)
      .map(({ contender }) => `${operation} ${contender.name}`);
    if (turnsOfPeers.length > 0) {
      const best = fastest(measurements, turnsOfPeers);
      const times = ratio(measurements, `${operation} ${GATEHOUSE}`, best, 'rate');
      timesBestPeer[operation] = { [GATEHOUSE]: times };
    }
  }
  const shape = (what: keyof Shape) =>
    tabulate((operation, name) => shapes.get(`${operation} ${name}`)?.[what]);
  const memory: Record<string, number> = {};
  for (const { name, contender } of turns) {
    const largest = Math.max(...(measurements.get(name) ?? []).map(({ rss }) => rss)) / MEGABYTE;
    memory[contender.name] = Math.max(memory[contender.name] ?? 0, Math.round(largest));
  }
  return {
    shareOfFloor: ratios('rate'),
    timesBestPeer,
    p99: ratios('p99'),
    cpu: ratios('cpu'),
    statements: shape('statements'),
    rowsReadPerObject: shape('rowsReadPerObject'),
    memory,
  };
}

/** What must be so before anything is timed. */
async function check(
  { those, questions, stranger }: Group,
  issuer: Issuer,
  checked: number,
): Promise<void> {
  await checkAgreement(
    those.map(({ contender, questions: all }) => [contender, all.slice(0, checked)]),
  );
  const guarded = those.map(({ contender }) => contender).filter(({ name }) => isOurs(name));
  await checkRefusal(guarded, questions, issuer, stranger);
  for (const { contender } of those.filter((one) => PEERS[one.contender.name]?.authorizes)) {
    await checkPeerRefusal(contender, questions);
  }
}

async function shapesOfAll(
  asked: [OperationName, Ground][],
  entries: Entry[],
): Promise<Map<string, Shape>> {
  const shapes = new Map<string, Shape>();
  const note = async (watched: Watched, operations: OperationName[]) => {
    const those = entries.filter(
      ({ operation, contender }) =>
        contender.name === watched.name && operations.includes(operation),
    );
    const found = await watched.shapesOf(
      Object.fromEntries(
        those.map((entry) => [entry.operation, entry.questions.slice(0, EXPLAINED)]),
      ),
    );
    await watched.stop();
    for (const [operation, one] of Object.entries(found)) {
      shapes.set(`${operation} ${watched.name}`, one);
    }
  };
  const byPlace = Map.groupBy(asked, ([, { watched }]) => watched);
  await Promise.all(
    [...byPlace].flatMap(([watched, grounds]) =>
      watched.map((one) =>
        note(
          one,
          grounds.map(([operation]) => operation),
        ),
      ),
    ),
  );
  return shapes;
}
