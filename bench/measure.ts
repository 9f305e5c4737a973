/** Measuring in turns: what disturbs the machine for a while disturbs all alike. */
import { setTimeout } from 'node:timers/promises';
import { type Question, requestOf } from './operations.ts';
import type { Load, RunningContender } from './processes.ts';

/** What takes its turn: a contender with the questions that it is asked. */
export type Turn = {
  name: string;
  contender: RunningContender;
  questions: Question[];
  /** In how many rounds it takes part; left out: in all. */
  rounds?: number;
};

/** How many different questions, how many rounds, and how many seconds each turn lasts, and each is asked before all. */
export type Pace = { questions: number; rounds: number; seconds: number; warmUp: number };

/** What a turn measured. Compare it only with another turn of the same round. */
export type Measured = {
  /** Requests per second. */
  rate: number;
  /** Milliseconds. */
  p99: number;
  /** Microseconds of the server's CPU per request. */
  cpu: number;
  /** Bytes of the server's process at the end of the turn. */
  rss: number;
};

/** By the name of the turn, one entry for each round. */
export type Measurements = Map<string, Measured[]>;

/** Whoever takes so many times as long as a turn lasts is asked in the first round only. */
const SLOW_TURNS = 5;

/** Lets every turn warm up, and then all of them take their turns, round after round. */
export async function measure(load: Load, turns: Turn[], pace: Pace): Promise<Measurements> {
  const measurements: Measurements = new Map();
  const roundsOf = new Map<string, number>();
  for (const { name, contender, questions, rounds = pace.rounds } of turns) {
    const requests = questions.map((question) => requestOf(contender, question));
    await load.keep(name, requests);
    const since = performance.now();
    await load.send(name, pace.warmUp);
    const isSlow = performance.now() - since > SLOW_TURNS * pace.seconds * 1000;
    roundsOf.set(name, isSlow ? 1 : rounds);
    await untilIdle(contender);
    measurements.set(name, []);
  }
  for (let round = 0; round < pace.rounds; round += 1) {
    const those = turns.filter(({ name }) => round < (roundsOf.get(name) ?? 0));
    for (const { name, contender } of round % 2 === 0 ? those : those.toReversed()) {
      const before = await contender.cpu();
      const { rate, p99, requests } = await load.send(name, pace.seconds);
      const { cpu, rss } = await contender.usage();
      measurements.get(name)?.push({ rate, p99, cpu: (cpu - before) / requests, rss });
      await untilIdle(contender);
    }
  }
  return measurements;
}

const IDLE = { everyMs: 10, microseconds: 2_000 };

/** What was asked and not answered at the end of a turn must not be worked on in the turn of somebody else. */
async function untilIdle(contender: RunningContender): Promise<void> {
  let before = await contender.cpu();
  for (;;) {
    await setTimeout(IDLE.everyMs);
    const now = await contender.cpu();
    if (now - before < IDLE.microseconds) {
      return;
    }
    before = now;
  }
}

/** How `name` compares with `base`: the median of the ratios of the rounds that both took part in. */
export function ratio(
  measurements: Measurements,
  name: string,
  base: string,
  what: keyof Measured,
): number {
  const bases = measurements.get(base) ?? [];
  const those = (measurements.get(name) ?? []).slice(0, bases.length);
  return median(those.map((one, round) => one[what] / (bases[round]?.[what] ?? 0)));
}

/** The one of `names` that answers most requests. */
export function fastest(measurements: Measurements, names: string[]): string {
  const rate = (name: string) => median((measurements.get(name) ?? []).map((one) => one.rate));
  return names.toSorted((one, other) => rate(other) - rate(one))[0] ?? '';
}

/** The middle one, or half way between the two that are. */
export function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
