/**
 * What happens at once and must not go wrong. Each scenario is also told in a naive version: the same checks before the
 * same writes, without locks (and without the constraint that would catch it), which must be seen to go wrong.
 */
import type pg from 'pg';
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
  /** In a database of its own, past all rules. */
  setting?: string;
  /** What the naive version does without. */
  sabotage?: string;
  prepare(world: TwoGateways, round: number): Promise<Round>;
};

/** Runs one round; returns what was answered, sorted. */
export async function play({ acts }: Round): Promise<string[]> {
  const answers = await Promise.all(acts.map((act, index) => act(index)));
  return answers.map(({ __typename }) => __typename).sort();
}

/** Runs the naive version of one round. */
export async function playNaively(world: TwoGateways, { naive }: Round): Promise<void> {
  await Promise.all(naive.map((act) => naively(world, act)));
}
