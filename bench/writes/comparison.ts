/**
 * Gatehouse beside the floor, and beside a peer where it has the same: every write, spread and on one organization,
 * with few and with many connections.
 */
import { median } from '../measure.ts';
import type { Contender } from '../operations.ts';
import type { Helper } from '../processes.ts';
import type { Scribe } from './agree.ts';
import type { Asks } from './asks.ts';
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
  /** Writes per second, as a multiple of the peer's, where it has an equivalent. */
  timesPeer?: number;
};

/** How a contender is asked for a write; undefined where it has nothing like it. */
export type Asker = (contender: Contender, write: WriteName, place: Place) => Asks | undefined;

const CONNECTIONS = [1, 16, 64];
const WARM_UP = { connections: 16, seconds: 1 };

type Cell = Pick<WriteRatios, 'write' | 'place' | 'connections'>;
type Measured = Pick<Slice, 'rate' | 'p50' | 'p99'> & { cpu: number };
type Ratios = Measured & Pick<WriteRatios, 'timesPeer'>;

/** A contender with how it is asked. */
export type Writer = Scribe & { asker: Asker };

/** How Gatehouse and the floors are asked. */
export function askerOf(targets: Record<Place, Targets>): Asker {
  return (contender, write, place) => asksOf(contender, write, place, targets[place]);
}

/** Lets all warm up, and then take turns at every cell of the table that they have, round after round. */
export async function compareWrites(
  load: WriteLoad,
  [gatehouse, floor, peer]: [Writer, Writer, Writer?],
  pace: Pace,
): Promise<WriteRatios[]> {
  const all = [gatehouse, floor, peer].filter((scribe) => scribe !== undefined);
  const kept = new Map<Writer, string[]>();
  for (const scribe of all) {
    kept.set(scribe, await prepare(load, scribe));
  }
  const cells = PLACES.flatMap((place) =>
    WRITE_NAMES.flatMap((write) =>
      CONNECTIONS.map((connections): Cell => ({ write, place, connections })),
    ),
  );
  const rounds = cells.map((): Ratios[] => []);
  for (let round = 0; round < pace.rounds; round += 1) {
    const order = [...cells.entries()];
    for (const [at, cell] of round % 2 === 0 ? order : order.toReversed()) {
      const taken = new Map<Scribe, Measured>();
      const able = all.filter((scribe) =>
        kept.get(scribe)?.includes(askName(scribe, cell.write, cell.place)),
      );
      for (const scribe of (round + at) % 2 === 0 ? able : able.toReversed()) {
        taken.set(scribe, await takeTurn(load, scribe, cell, pace.seconds));
      }
      const [one, base, other] = [gatehouse, floor, peer].map(
        (scribe) => scribe && taken.get(scribe),
      );
      const timesPeer = other && { timesPeer: (one?.rate ?? Number.NaN) / other.rate };
      rounds[at]?.push({ ...ratiosOf(one, base), ...timesPeer });
    }
  }
  return cells.map((cell, at) => {
    const values = (what: keyof Ratios) =>
      (rounds[at] ?? []).map((one) => one[what]).filter((value) => value !== undefined);
    const middle = (what: keyof Ratios) => median(values(what));
    const ratios = { rate: middle('rate'), p50: middle('p50'), p99: middle('p99') };
    const timesPeer = values('timesPeer').length === 0 ? undefined : middle('timesPeer');
    return { ...cell, ...ratios, cpu: middle('cpu'), timesPeer };
  });
}

/** The name by which the load knows what to ask a contender for. */
export function askName({ contender }: Scribe, write: WriteName, place: Place): string {
  return `${contender.name} ${write} ${place}`;
}

/** Tells the load how to ask for each of the writes, lets the contender warm up, and resolves to their names. */
export async function prepare(load: WriteLoad, scribe: Writer): Promise<string[]> {
  const names: string[] = [];
  for (const place of PLACES) {
    for (const write of WRITE_NAMES) {
      const asks = scribe.asker(scribe.contender, write, place);
      if (asks === undefined) {
        continue;
      }
      const name = askName(scribe, write, place);
      names.push(name);
      await load.order({ keep: name, asks });
      await takeTurn(
        load,
        scribe,
        { write, place, connections: WARM_UP.connections },
        WARM_UP.seconds,
      );
    }
  }
  return names;
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
