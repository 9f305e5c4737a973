import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_PERMISSIONS, PERMISSIONS } from '../../src/domain/permission.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { expected, type Held, places, seen } from './places.ts';
import { keyWith, makeTenant, type Tenant } from './tenant.ts';

let world: TestGateway;
let a: Tenant;

beforeAll(async () => {
  world = await createGateway();
  a = await makeTenant(world);
});

afterAll(() => world.close());

const seenBy = (secret: string) => seen(world, a, secret);

describe('a key of the environment', () => {
  it('with everything sees everything', async () => {
    expect(await seenBy(await keyWith(world, [ALL_PERMISSIONS]))).toEqual(expected(() => true));
  });

  it('with nothing sees nothing', async () => {
    const own = await keyWith(world, ['invoice:approve']);
    expect(await seenBy(own)).toEqual(expected(() => false));
    const { data } = await world.ask('{ viewer { permissions } }', {}, own);
    expect(data).toEqual({ viewer: { permissions: ['invoice:approve'] } });
  });

  const names = PERMISSIONS.map(({ name }) => name);

  it.each(names)('with %s alone sees what that opens', async (only) => {
    expect(await seenBy(await keyWith(world, [only]))).toEqual(expected((name) => name === only));
  });

  it.each(names)('without %s misses exactly what that opens', async (missing) => {
    const others = names.filter((name) => name !== missing);
    expect(await seenBy(await keyWith(world, others))).toEqual(
      expected((name) => name !== missing),
    );
  });

  it.each(['organization', 'membership', 'user', 'environment'])(
    'with %s:* sees what all its permissions open',
    async (resource) => {
      const has: Held = (name) => name.startsWith(`${resource}:`);
      expect(await seenBy(await keyWith(world, [`${resource}:*`]))).toEqual(expected(has));
    },
  );
});

it('knows of every field that says what it requires', async () => {
  type Described = { name: string; description: string | null };
  const { data } = await world.ask<{
    __schema: {
      types: { name: string; fields: Described[] | null; interfaces: { name: string }[] | null }[];
    };
  }>('{ __schema { types { name fields { name description } interfaces { name } } } }');
  const starts: Record<string, string> = {
    Query: '',
    Environment: 'environment.',
    Organization: 'organization.',
    User: 'user.',
    Membership: 'membership.',
    Event: 'evt.',
  };
  const elsewhere: Record<string, string> = { organizations: 'organizations.nodes.0' };
  elsewhere['membership.invitation'] = 'invited.invitation';
  // Null for everybody in this world.
  const empty = ['user.givenName', 'user.familyName', 'user.pictureUrl', 'user.locale'];
  // What each type of event shows to whom, graphql/event-rights.test.ts tries; who follows the feed, feed/rights.test.ts;
  // who changes what, the mutations' own; and what those answer, the matrix.
  const types = data?.__schema.types.filter(
    ({ name: type, interfaces }) =>
      !/^(Mutation|Subscription)$|Payload$/.test(type) &&
      !interfaces?.some(({ name }) => name === 'Event'),
  );
  const fields = types?.flatMap(({ name: type, fields: its }) =>
    (its ?? []).flatMap(({ name, description }) =>
      /Requires /.test(description ?? '') ? [`${starts[type] ?? `${type}?`}${name}`] : [],
    ),
  );
  expect(fields?.length).toBeGreaterThan(30);
  const untried = fields?.filter(
    (field) => !empty.includes(field) && !((elsewhere[field] ?? field) in places),
  );
  expect(untried).toEqual([]);
});
