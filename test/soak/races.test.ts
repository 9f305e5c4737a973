import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { play, playNaively } from '../races/scenario.ts';
import { scenarios } from '../races/scenarios.ts';
import { startTwoGateways, type TwoGateways } from '../races/two-gateways.ts';
import { brokenInvariants } from '../support/invariants.ts';

const ROUNDS = 200;

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

  it('goes wrong in a naive version', async () => {
    if (scenario.sabotage) {
      await world.query(scenario.sabotage);
    }
    let wrong: object[] = [];
    for (let number = 0; number < ROUNDS && wrong.length === 0; number += 1) {
      const round = await scenario.prepare(world, number);
      await playNaively(world, round);
      wrong = await round.wrong();
    }
    expect(wrong).not.toEqual([]);
  });
});
