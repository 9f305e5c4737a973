import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createPeopleGateway } from '../support/people.ts';
import { cases } from './combination-cases.ts';
import type { Result, World } from './combination-world.ts';

type Combination = ['SHARED' | 'ISOLATED', 'MANY' | 'ONE'];

const combinations: Combination[] = [
  ['SHARED', 'MANY'],
  ['SHARED', 'ONE'],
  ['ISOLATED', 'MANY'],
  ['ISOLATED', 'ONE'],
];

describe.each(combinations)('%s, %s membership per user', (identityModel, membershipsPerUser) => {
  let world: World;

  beforeAll(async () => {
    const gateway = await createPeopleGateway();
    const send: World['send'] = async (mutation, input, selection = '', person = undefined) => {
      const caller = person === undefined ? gateway.key : await gateway.tokenOf(person);
      const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
      const { data, errors } = await gateway.ask<Record<string, Result>>(
        `mutation ($input: ${type}!) {
          ${mutation}(input: $input) { __typename ... on Error { code } ${selection} }
        }`,
        { input },
        caller,
      );
      expect(errors, mutation).toBeUndefined();
      return data?.[mutation] ?? { __typename: 'nothing' };
    };
    world = { ...gateway, send, ids: {} };
  });

  afterAll(() => world?.close());

  it('does with every mutation what is written', async () => {
    const settings = { identityModel, membershipsPerUser };
    const first = await world.send('environmentUpdate', settings);
    expect(first.__typename).toBe('EnvironmentUpdatePayload');
    const column = combinations.findIndex(
      ([model, cardinality]) => model === identityModel && cardinality === membershipsPerUser,
    );
    const found: Record<string, string> = {};
    const written: Record<string, string | undefined> = {};
    for (const [name, expected, run] of cases) {
      const { code } = await run(world);
      found[name] = code ?? 'done';
      written[name] = typeof expected === 'string' ? expected : expected[column];
    }
    expect(found).toEqual(written);
    expect(await brokenInvariants(world.url)).toEqual([]);
  });
});

it('leaves no mutation out', () => {
  const tried = new Set(cases.map(([name]) => name.split(/[ ,]/)[0]));
  expect([...tried].sort()).toEqual(
    Object.keys(schema.getMutationType()?.getFields() ?? {}).sort(),
  );
});
