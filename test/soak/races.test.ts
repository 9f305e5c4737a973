import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrange, playNaively, playRounds } from '../races/scenario.ts';
import { groups } from '../races/scenarios.ts';
import { startTwoGateways, type TwoGateways } from '../races/two-gateways.ts';

const ROUNDS = 200;
const TIMEOUT = 1_800_000;

let world: TwoGateways;

describe.each(groups)('$group', ({ settings, scenarios }) => {
  describe('the gateways', () => {
    beforeAll(async () => {
      world = await startTwoGateways(settings);
    });

    afterAll(() => world?.close());

    it.each(scenarios)(
      `${ROUNDS} times: $name`,
      (scenario) => playRounds(world, scenario, ROUNDS),
      TIMEOUT,
    );
  });

  describe('a naive version', () => {
    beforeAll(async () => {
      world = await startTwoGateways(settings);
    });

    afterAll(() => world?.close());

    it.each(scenarios)('goes wrong: $name', async (scenario) => {
      await arrange(world, scenario);
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
});
