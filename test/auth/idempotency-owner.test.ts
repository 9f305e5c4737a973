import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh, join } from '../domain/world.ts';
import { bearer, overSocket, post } from '../http/wire.ts';
import { createIssuersGateway, type IssuersGateway } from './issuers.ts';

let world: IssuersGateway;

beforeAll(async () => {
  world = await createIssuersGateway();
});

afterAll(() => world.close());

const CREATE = `mutation ($input: RoleCreateInput!) { roleCreate(input: $input) {
  __typename ... on Error { code } ... on RoleCreatePayload { role { id } } } }`;

type Said = { __typename: string; code?: string; role?: { id: string } | null };

/** The same operation, with the same idempotency key, of whoever sends it. */
function sender(input: object, key: string) {
  return async (token: string): Promise<Said> => {
    const operation = { query: CREATE, variables: { input } };
    const headers = { ...bearer(token), 'idempotency-key': key };
    const { body } = await post(world.gateway.url, operation, headers);
    return JSON.parse(body).data.roleCreate;
  };
}

it('a key belongs to the person, by whatever account and way they come', async () => {
  const id = await found(world);
  const [one, two] = [
    await join(world, id, { roleKeys: ['owner'] }),
    await join(world, id, { roleKeys: ['owner'] }),
  ];
  const input = {
    organizationId: encodeId('org', id),
    key: 'made',
    displayName: 'Made',
    permissions: [],
  };
  const key = fresh('key');
  const send = sender(input, key);
  const first = await send(await world.tokenOf('home', one.email));
  expect(first).toMatchObject({
    __typename: 'RoleCreatePayload',
    role: { id: expect.any(String) },
  });
  expect(await send(await world.tokenOf('second', one.email))).toEqual(first);
  const operation = { query: CREATE, variables: { input }, extensions: { idempotencyKey: key } };
  const token = await world.tokenOf('home', one.email);
  expect((await overSocket(world.gateway.url, operation, token)).data).toEqual({
    roleCreate: first,
  });
  // Another person and a key of the environment do it anew, and are told that it is there.
  const duplicate = { __typename: 'DuplicateError', code: 'DUPLICATE_KEY' };
  expect(await send(await world.tokenOf('home', two.email))).toEqual(duplicate);
  expect(await send(world.key)).toEqual(duplicate);
});

it('it answers nobody from whom the rights were taken, nor an outsider', async () => {
  const id = await found(world);
  await join(world, id, { roleKeys: ['owner'] });
  const { email, membershipId } = await join(world, id, { roleKeys: ['admin'] });
  const input = {
    organizationId: encodeId('org', id),
    key: 'made',
    displayName: 'Made',
    permissions: [],
  };
  const send = sender(input, fresh('key'));
  const token = await world.tokenOf('home', email);
  const { role } = await send(token);
  expect(role?.id).toBeDefined();
  const stranger = await world.tokenOf('home', `${fresh('stranger')}@example.com`);
  expect(await send(stranger)).toEqual({ __typename: 'NotFoundError', code: 'NOT_FOUND' });
  const { data } = await world.ask(
    `mutation ($input: MembershipRemoveInput!) { membershipRemove(input: $input) { __typename } }`,
    { input: { membershipId: encodeId('mbr', membershipId) } },
  );
  expect(data).toEqual({ membershipRemove: { __typename: 'MembershipRemovePayload' } });
  expect((await send(token)).role?.id).toBeUndefined();
});
