import { afterAll, beforeAll, it } from 'vitest';
import { playRounds } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { startTwoGateways, type TwoGateways } from './two-gateways.ts';

const ROUNDS = 20;

let world: TwoGateways;

beforeAll(async () => {
  world = await startTwoGateways();
});

afterAll(() => world?.close());

it.each(scenarios)(`${ROUNDS} times: $name`, (scenario) => playRounds(world, scenario, ROUNDS));
