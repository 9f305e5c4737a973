/** Gatehouse beside the floor: every write, spread and on one organization, with few and with many connections. */
import { median } from '../measure.ts';
import type { Helper } from '../processes.ts';
import type { Scribe } from './agree.ts';
import type { Order, Outcome, Slice } from './load.ts';
import { asksOf, WRITE_NAMES, type WriteName } from './operations.ts';
import { PLACES, type Place, reinstateAll, type Targets } from './world.ts';

export type WriteLoad = Helper<Order, Outcome>;

/** How many rounds, and how many seconds each turn lasts. */
export type Pace = { rounds: number; seconds: number };

/** What Gatehouse takes, as multiples of what the floor takes; of the rate, the share. */
export type WriteRatios = {
  write: WriteName;
  place: Place;
  connections: number;
  rate: number;
  p50: number;
  p99: number;
  /** CPU of the server process per write. */
  cpu: number;
};

const CONNECTIONS = [1, 16, 64];
const WARM_UP = { connections: 16, seconds: 1 };

type Cell = Pick<WriteRatios, 'write' | 'place' | 'connections'>;
type Measured = Pick<Slice, 'rate' | 'p50' | 'p99'> & { cpu: number };

/** Lets both warm up, and then take turns at every cell of the table, round after round. */
export async function compareWrites(
  load: WriteLoad,
  [gatehouse, floor]: [Scribe, Scribe],
  { targets, pace }: { targets: Record<Place, Targets>; pace: Pace },
): Promise<WriteRatios[]> {
  const both = [gatehouse, floor];
  for (const scribe of both) {
    await prepare(load, scribe, targets);
  }
  const cells = PLACES.flatMap((place) =>
    WRITE_NAMES.flatMap((write) =>
      CONNECTIONS.map((connections): Cell => ({ write, place, connections })),
    ),
  );
  const rounds = cells.map((): Measured[] => []);
  for (let round = 0; round < pace.rounds; round += 1) {
    const order = [...cells.entries()];
    for (const [at, cell] of round % 2 === 0 ? order : order.toReversed()) {
      const taken = new Map<Scribe, Measured>();
      for (const scribe of (round + at) % 2 === 0 ? both : both.toReversed()) {
        taken.set(scribe, await takeTurn(load, scribe, cell, pace.seconds));
      }
      rounds[at]?.push(ratiosOf(taken.get(gatehouse), taken.get(floor)));
    }
  }
  return cells.map((cell, at) => {
    const middle = (what: keyof Measured) => median((rounds[at] ?? []).map((one) => one[what]));
    const ratios = { rate: middle('rate'), p50: middle('p50'), p99: middle('p99') };
    return { ...cell, ...ratios, cpu: middle('cpu') };
  });
}

/** The name by which the load knows what to ask a contender for. */
export function askName({ contender }: Scribe, write: WriteName, place: Place): string {
  return `${contender.name} ${write} ${place}`;
}

/** Tells the load how to ask for each of the writes, and lets the contender warm up. */
export async function prepare(load: WriteLoad, scribe: Scribe, targets: Record<Place, Targets>) {
  for (const place of PLACES) {
    for (const write of WRITE_NAMES) {
      const asks = asksOf(scribe.contender, write, place, targets[place]);
      await load.order({ keep: askName(scribe, write, place), asks });
      await takeTurn(
        load,
        scribe,
        { write, place, connections: WARM_UP.connections },
        WARM_UP.seconds,
      );
    }
  }
}

async function takeTurn(
  load: WriteLoad,
  scribe: Scribe,
  { write, place, connections }: Cell,
  seconds: number,
): Promise<Measured> {
  const { contender, url } = scribe;
  const before = await contender.cpu();
  const sending = { name: askName(scribe, write, place), connections };
  const [slice] = await slicesOf(load, { send: [sending], seconds });
  const cpu = (await contender.cpu()) - before;
  if (write === 'membershipSuspend') {
    await reinstateAll(url);
  }
  const { rate = 0, p50 = 0, p99 = 0, answers = 0 } = slice ?? {};
  return { rate, p50, p99, cpu: cpu / answers };
}

/** Lets the load ask, and resolves to what it measured. */
export async function slicesOf(
  load: WriteLoad,
  order: Extract<Order, { send: unknown }>,
): Promise<Slice[]> {
  const outcome = await load.order(order);
  if (!('slices' in outcome)) {
    throw new Error('The load has measured nothing.');
  }
  return outcome.slices;
}

function ratiosOf(one: Measured | undefined, base: Measured | undefined): Measured {
  const ratio = (what: keyof Measured) => (one?.[what] ?? Number.NaN) / (base?.[what] ?? 0);
  return { rate: ratio('rate'), p50: ratio('p50'), p99: ratio('p99'), cpu: ratio('cpu') };
}
