import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGateway, type TestGateway } from '../support/gateway.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(() => world.close());

it('tells a key what it is', async () => {
  const { data, errors } = await world.ask('{ viewer { kind apiKey { name } } }');
  expect(errors).toBeUndefined();
  expect(data).toEqual({ viewer: { kind: 'API_KEY', apiKey: { name: 'First key' } } });
});
