/** Gatehouse beside the floors and the peers, on (a), (b) and (c). */
import { checkAgreement, checkRefusal } from './agree.ts';
import { fastest, type Measured, measure, type Pace, ratio } from './measure.ts';
import { GATEHOUSE, OPERATION_NAMES, type OperationName, type Question } from './operations.ts';
import { databaseUrlOf, has, PEERS } from './peers/peers.ts';
import type { Load, RunningContender } from './processes.ts';
import { questionsOf } from './samples.ts';
import { type Shape, shapesOf } from './shape.ts';
import { MANY_TENANTS } from './world.ts';

export const FLOORS = { flat: 'floors/flat.ts', jsonAgg: 'floors/json-agg.ts' };

/** By operation, then by contender. */
export type Comparison = {
  /** Requests per second, as a share of the best floor's. */
  shareOfFloor: Table;
  /** Requests per second of Gatehouse, as a multiple of those of the best peer; empty where there is none. */
  timesBestPeer: Table;
  /** The 99th percentile of the times, as a multiple of the best floor's. */
  p99: Table;
  /** CPU of the server process per request, as a multiple of the best floor's. */
  cpu: Table;
  /** Statements per operation, the caller's check included. */
  statements: Table;
  /** Rows read in tables for each object in the answer. */
  rowsReadPerObject: Table;
};

type Table = Record<OperationName, Record<string, number>>;

export type StartContender = (name: string, url: string) => Promise<RunningContender>;

const CHECKED = 10;
const EXPLAINED = 5;
const ASKED = 2048;

/** Compares the contenders, all running on the database of `url` with the world of many tenants. */
export async function compare(
  load: Load,
  contenders: RunningContender[],
  { url, start, pace }: { url: string; start: StartContender; pace: Pace },
): Promise<Comparison> {
  const questions = tabulate((operation) => {
    const users = { from: 0, count: MANY_TENANTS.users };
    const organizations = { from: 0, count: 1000 };
    return questionsOf(operation, operation === 'a' ? users : organizations, ASKED);
  });
  const some = (size: number) => tabulate((operation) => questions[operation].slice(0, size));
  await checkAgreement(contenders, Object.values(some(CHECKED)).flat());
  await checkRefusal(contenders, Object.values(some(1)).flat());

  const shapes: Record<string, Partial<Record<OperationName, Shape>>> = {};
  for (const { name } of contenders) {
    const asked = Object.fromEntries(
      Object.entries(some(EXPLAINED)).filter(([operation]) =>
        has(name, operation as OperationName),
      ),
    );
    shapes[name] = await shapesOf(
      databaseUrlOf(name, url),
      (through) => start(name, through),
      asked as Record<OperationName, Question[]>,
    );
  }
  const shape = (what: keyof Shape) =>
    tabulate((operation) =>
      byContender(operation, (name) => shapes[name]?.[operation]?.[what] ?? Number.NaN),
    );

  const measurements = await measure(
    load,
    OPERATION_NAMES.flatMap((operation) =>
      able(operation).map((contender) => turn(operation, contender, questions[operation])),
    ),
    pace,
  );
  const ratios = (what: keyof Measured) =>
    tabulate((operation) => {
      const floors = Object.keys(FLOORS).map((name) => `${operation} ${name}`);
      const base = fastest(measurements, floors);
      return byContender(operation, (name) =>
        ratio(measurements, `${operation} ${name}`, base, what),
      );
    });
  const timesBestPeer = tabulate((operation): Record<string, number> => {
    const peers = able(operation).filter(({ name }) => name in PEERS);
    const best = fastest(
      measurements,
      peers.map(({ name }) => `${operation} ${name}`),
    );
    return peers.length === 0
      ? {}
      : { [GATEHOUSE]: ratio(measurements, `${operation} ${GATEHOUSE}`, best, 'rate') };
  });
  return {
    shareOfFloor: ratios('rate'),
    timesBestPeer,
    p99: ratios('p99'),
    cpu: ratios('cpu'),
    statements: shape('statements'),
    rowsReadPerObject: shape('rowsReadPerObject'),
  };

  function able(operation: OperationName): RunningContender[] {
    return contenders.filter(({ name }) => has(name, operation));
  }

  function byContender(
    operation: OperationName,
    value: (name: string) => number,
  ): Record<string, number> {
    return Object.fromEntries(able(operation).map(({ name }) => [name, value(name)]));
  }
}

function turn(operation: OperationName, contender: RunningContender, questions: Question[]) {
  return { name: `${operation} ${contender.name}`, contender, questions };
}

function tabulate<Value>(value: (operation: OperationName) => Value): Record<OperationName, Value> {
  return { a: value('a'), b: value('b'), c: value('c') };
}

/** The programs of all contenders by name. */
export const PROGRAMS: Record<string, string> = {
  [GATEHOUSE]: 'gatehouse.ts',
  ...FLOORS,
  ...Object.fromEntries(Object.entries(PEERS).map(([name, { program }]) => [name, program])),
};
