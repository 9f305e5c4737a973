/**
 * What happens at once and must not go wrong. Each scenario is also told in a naive version: the same checks before the
 * same writes, without locks (and without the constraint that would catch it), which must be seen to go wrong.
 */
import type pg from 'pg';
import { expect } from 'vitest';
import { brokenInvariants } from '../support/invariants.ts';
import { type Answer, naively, type TwoGateways } from './two-gateways.ts';

export type Round = {
  /** Sent at once, every other one to the other gateway. */
  acts: ((gateway: number) => Promise<Answer>)[];
  /** The naive version of the same. */
  naive: ((client: pg.Client) => Promise<void>)[];
  /** Returns a row for everything that is wrong afterwards. */
  wrong: () => Promise<object[]>;
};

export type Scenario = {
  name: string;
  /** What an act can say. */
  answers: string[];
  /** Done before, past all rules; `arrange` undoes that of the scenario before. */
  setting?: string;
  /** What the naive version does without. */
  sabotage?: string;
  prepare(world: TwoGateways, round: number): Promise<Round>;
};

/** Sets the environment as the scenario wants it. */
export async function arrange(world: TwoGateways, { setting }: Scenario): Promise<void> {
  await world.query(`UPDATE environment SET memberships_per_user = 'MANY'`);
  if (setting) {
    await world.query(setting);
  }
}

/** Plays so many rounds, and expects of each that it answers what it may and leaves nothing wrong. */
export async function playRounds(
  world: TwoGateways,
  scenario: Scenario,
  rounds: number,
): Promise<void> {
  await arrange(world, scenario);
  for (let number = 0; number < rounds; number += 1) {
    const round = await scenario.prepare(world, number);
    expect(scenario.answers).toEqual(expect.arrayContaining(await play(round)));
    expect(await round.wrong(), `round ${number}`).toEqual([]);
  }
  expect(await brokenInvariants(world.url)).toEqual([]);
  // Whoever was in one has started over, after a second.
  const [waits] = await world.query(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  );
  expect(waits).toEqual({ deadlocks: 0 });
}

/** Runs one round; returns what was answered, sorted. */
async function play({ acts }: Round): Promise<string[]> {
  const answers = await Promise.all(acts.map((act, index) => act(index)));
  return answers.map(({ __typename }) => __typename).sort();
}

/** Runs the naive version of one round. */
export async function playNaively(world: TwoGateways, { naive }: Round): Promise<void> {
  await Promise.all(naive.map((act) => naively(world, act)));
}
