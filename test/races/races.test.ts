import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokenInvariants } from '../support/invariants.ts';
import { play } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { startTwoGateways, type TwoGateways } from './two-gateways.ts';

const ROUNDS = 20;

describe.each(scenarios)('$name', (scenario) => {
  let world: TwoGateways;

  beforeAll(async () => {
    world = await startTwoGateways();
    if (scenario.setting) {
      await world.query(scenario.setting);
    }
  });

  afterAll(() => world?.close());

  it(`${ROUNDS} times`, async () => {
    for (let number = 0; number < ROUNDS; number += 1) {
      const round = await scenario.prepare(world, number);
      expect(scenario.answers).toEqual(expect.arrayContaining(await play(round)));
      expect(await round.wrong(), `round ${number}`).toEqual([]);
    }
    expect(await brokenInvariants(world.url)).toEqual([]);
  });
});
