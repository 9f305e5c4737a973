import { afterAll, beforeAll, describe, it } from 'vitest';
import { playRounds } from './scenario.ts';
import { groups } from './scenarios.ts';
import { startTwoGateways, type TwoGateways } from './two-gateways.ts';

const ROUNDS = 20;

/** Fifty requests a round take their time where other work goes on, too. */
const TIMEOUT = 180_000;

describe.each(groups)('$group', ({ settings, scenarios }) => {
  let world: TwoGateways;

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
