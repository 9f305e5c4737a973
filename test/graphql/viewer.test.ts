import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';

const Viewer = graphql(`
  query Viewer {
    viewer {
      kind
      apiKey { id name permissions expiresAt revokedAt }
      permissions
    }
  }
`);

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(() => world.close());

it('tells a key what it is and may do', async () => {
  const { data, errors } = await world.ask(Viewer);
  expect(errors).toBeUndefined();
  expect(data?.viewer.kind).toBe('API_KEY');
  expect(data?.viewer.apiKey).toEqual({
    id: expect.stringMatching(/^key_[0-9a-z]{26}$/),
    name: 'First key',
    permissions: ['*:*'],
    expiresAt: null,
    revokedAt: null,
  });
  expect(data?.viewer.permissions).toEqual(
    expect.arrayContaining(['organization:read', 'environment:update', 'trusted:write']),
  );
});

it('tells somebody without credentials that they are nobody', async () => {
  const { data } = await world.ask(Viewer, {}, null);
  expect(data?.viewer).toEqual({ kind: 'ANONYMOUS', apiKey: null, permissions: [] });
});
