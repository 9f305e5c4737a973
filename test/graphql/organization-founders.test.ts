import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { fresh } from '../domain/world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway();
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

const CREATE = `mutation ($input: OrganizationCreateInput!) { result: organizationCreate(input: $input) {
  __typename
  ... on Error { code message }
  ... on ForbiddenError { permission }
  ... on InputError { issues { path } }
  ... on OrganizationCreatePayload {
    organization { id displayName seats { used } }
    membership { status provisioningMethod primaryIdentityProvider emailVerified user { email } roles { key } permissions }
  }
} }`;

async function create(token: string, input: object = {}) {
  const { data, errors } = await world.ask<{ result: Record<string, unknown> }>(
    CREATE,
    { input: { displayName: fresh('Own '), ...input } },
    token,
  );
  expect(errors).toBeUndefined();
  return data?.result ?? {};
}

async function environment(column: string, value: string): Promise<void> {
  await world.query(`UPDATE environment SET ${column} = '${value}'`);
}

describe.each(['SHARED', 'ISOLATED'])('%s', (model) => {
  beforeAll(() => environment('identity_model', model));
  afterAll(() => environment('identity_model', 'SHARED'));

  it('whoever creates an organization owns it, and sees it in the answer', async () => {
    const email = `${fresh('founder')}@example.com`;
    expect(await create(await world.tokenOf(email), { displayName: 'Mine' })).toEqual({
      __typename: 'OrganizationCreatePayload',
      organization: { id: expect.any(String), displayName: 'Mine', seats: { used: 1 } },
      membership: {
        status: 'ACTIVE',
        provisioningMethod: 'CREATOR',
        primaryIdentityProvider: 'Test',
        emailVerified: true,
        user: { email },
        roles: [{ key: 'owner' }],
        permissions: expect.arrayContaining(['organization:delete']),
      },
    });
  });
});

test('where only keys create, people do not', async () => {
  await environment('organization_creation', 'KEYS_ONLY');
  const token = await world.tokenOf(`${fresh('founder')}@example.com`);
  expect(await create(token)).toMatchObject({
    code: 'FORBIDDEN',
    permission: 'organization:create',
  });
  expect((await create(world.key)).__typename).toBe('OrganizationCreatePayload');
  await environment('organization_creation', 'ANYONE');
});

test.each([
  ['externalId', { externalId: 'E-1' }, 'trusted:write'],
  ['metadata', { metadata: { plan: 'enterprise' } }, 'trusted:write'],
  ['seatLimit', { seatLimit: 1000 }, 'trusted:write'],
  ['ownerEmail', { ownerEmail: 'somebody@example.com' }, 'organization:create'],
])('%s is not for people', async (_, input, permission) => {
  const token = await world.tokenOf(`${fresh('founder')}@example.com`);
  expect(await create(token, input)).toMatchObject({ code: 'FORBIDDEN', permission });
});

test('nobody creates an organization that they could not sign in to', async () => {
  const token = await world.tokenOf(`${fresh('founder')}@example.com`);
  const sso = { authMethods: 'RESTRICTED', allowedAuthMethods: ['SSO'] };
  expect(await create(token, { settings: sso })).toMatchObject({
    issues: [{ path: ['settings', 'allowedAuthMethods'] }],
  });
  expect(await create(token, { settings: { mfaPolicy: 'REQUIRED' } })).toMatchObject({
    issues: [{ path: ['settings', 'mfaPolicy'] }],
  });
  const google = { authMethods: 'RESTRICTED', allowedAuthMethods: ['GOOGLE'] };
  expect((await create(token, { settings: google })).__typename).toBe('OrganizationCreatePayload');
  expect((await create(world.key, { settings: sso })).__typename).toBe('OrganizationCreatePayload');
});

test('who may belong to one organization founds one, however many at once', async () => {
  await environment('memberships_per_user', 'ONE');
  const token = await world.tokenOf(`${fresh('founder')}@example.com`);
  await world.ask('{ viewer { kind } }', {}, token);
  const said = await Promise.all(Array.from({ length: 6 }, () => create(token)));
  expect(said.map(({ code }) => code ?? 'created').sort()).toEqual([
    ...Array(5).fill('SINGLE_MEMBERSHIP'),
    'created',
  ]);
  expect((await create(token)).code).toBe('SINGLE_MEMBERSHIP');
  await environment('memberships_per_user', 'MANY');
});
