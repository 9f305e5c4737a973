/** What went wrong in systems of this kind, tried from outside; SECURITY.md has the list, and what other tests hold of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh, join } from '../domain/world.ts';
import { mutate } from '../graphql/membership-moves.ts';
import { send } from '../graphql/role-world.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';

type Type = { kind: string; name: string | null; ofType: Type | null };
type Field = { name: string; type: Type };

let world: PeopleGateway;
let inputs: Map<string, Field[]>;
let mutations: { name: string; fields: Field[] }[];

const schema = `{ __schema { mutationType { fields { name args { type { ...Of } } } }
  types { name inputFields { name type { ...Of } } } } }
  fragment Of on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;

beforeAll(async () => {
  world = await createPeopleGateway();
  const { data } = await world.ask<{
    __schema: {
      mutationType: { fields: { name: string; args: { type: Type }[] }[] };
      types: { name: string; inputFields: Field[] | null }[];
    };
  }>(schema);
  inputs = new Map(data?.__schema.types.map(({ name, inputFields }) => [name, inputFields ?? []]));
  mutations = (data?.__schema.mutationType.fields ?? []).map(({ name, args }) => ({
    name,
    fields: inputs.get(named(args[0]?.type)) ?? [],
  }));
});

afterAll(() => world.close());

function named(type: Type | null | undefined): string {
  return type?.name ?? (type?.ofType ? named(type.ofType) : '');
}

/** What came of a mutation: the name of its result, or why it is not even one. */
async function attempt(name: string, input: object): Promise<string> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const { data, errors = [] } = await world.ask<{ result: { __typename: string } }>(
    `mutation ($input: ${type}!) { result: ${name}(input: $input) { __typename } }`,
    { input },
  );
  return data?.result.__typename ?? errors.map(({ message }) => message).join('\n');
}

describe('the inputs of mutations', () => {
  /** What people give themselves elsewhere, by naming it. */
  const coveted = [
    'actorId',
    'createdAt',
    'emailVerified',
    'grantedBy',
    'isAdmin',
    'isBuiltIn',
    'isOwner',
    'joinedAt',
    'provisioningMethod',
    'role',
    'sequence',
    'source',
    'status',
    'version',
  ];

  it('have none of the fields that are not for callers to set, but these', () => {
    expect(mutations.length).toBeGreaterThan(25);
    const taken = mutations.flatMap(({ name, fields }) =>
      fields
        .filter((field) => coveted.includes(field.name))
        .map((field) => `${name}.${field.name}`),
    );
    // They are of keys of the environment alone.
    expect(taken.toSorted()).toEqual([
      'membershipCreate.joinedAt',
      'userCreate.emailVerified',
      'userUpdate.emailVerified',
    ]);
  });

  it('are refused as a whole when they name another', async () => {
    for (const { name, fields } of mutations) {
      for (const field of coveted.filter((wish) => !fields.some((known) => known.name === wish))) {
        expect(await attempt(name, { [field]: true })).toContain(`"${field}"`);
      }
    }
  });

  it('take no object where a text, a number or an id stands, as query builders would', async () => {
    const scalars = ['String', 'ID', 'Int', 'Boolean', 'DateTime'];
    let tried = 0;
    for (const { name, fields } of mutations) {
      for (const field of fields.filter(({ type }) => scalars.includes(named(type)))) {
        for (const operator of [{ contains: '' }, { not: null }, { in: [] }]) {
          expect(await attempt(name, { [field.name]: operator })).toMatch(
            new RegExp(`at "input\\.${field.name}|"input\\.${field.name}`),
          );
          tried += 1;
        }
      }
    }
    expect(tried).toBeGreaterThan(150);
  });
});

it('a person does not verify their own address, nor say who they were', async () => {
  const id = await found(world);
  const { userId, email } = await join(world, id, { roleKeys: ['owner'] });
  const token = await world.tokenOf(email);
  const update = async (input: object) => {
    const { data } = await world.ask<{ userUpdate: { __typename: string; code?: string } }>(
      `mutation ($input: UserUpdateInput!) { userUpdate(input: $input) { __typename ... on Error { code } } }`,
      { input: { user: { id: encodeId('usr', userId) }, ...input } },
      token,
    );
    return data?.userUpdate;
  };
  const forbidden = { __typename: 'ForbiddenError', code: 'FORBIDDEN' };
  expect(await update({ emailVerified: true })).toEqual(forbidden);
  expect(await update({ email: 'victim@example.com' })).toEqual(forbidden);
  expect(await update({ externalId: 'x' })).toEqual(forbidden);
  expect(await update({ metadata: { role: 'admin' } })).toEqual(forbidden);
  expect(await update({ untrustedMetadata: {} })).toEqual({ __typename: 'UserUpdatePayload' });
});

describe('what has an end', () => {
  const ends = [0, -1, 1e15, '', '0', '2020-01-01T00:00:00Z', '+275760-09-13T00:00:00Z', 'never'];

  it.each(ends)('has none at %j: neither a key nor a suspension', async (end) => {
    const id = await found(world);
    const { membershipId } = await join(world, id);
    const tries = [
      ['apiKeyCreate', { name: 'A key', permissions: ['user:read'], expiresAt: end }],
      ['membershipSuspend', { membershipId: encodeId('mbr', membershipId), until: end }],
    ] as const;
    for (const [name, input] of tries) {
      expect(await attempt(name, input)).toMatch(/^InputError$|DateTime/);
    }
    const [row] = await world.query('SELECT status FROM membership WHERE id = $1', [membershipId]);
    expect(row).toEqual({ status: 'ACTIVE' });
  });
});

it('a key of an organization is the organization’s: it outlives who made it, until it is revoked', async () => {
  const id = await found(world);
  const owner = await join(world, id, { roleKeys: ['owner'] });
  const admin = await join(world, id, { roleKeys: ['admin'] });
  const organizationId = encodeId('org', id);
  const permissions = ['organization:read'];
  const input = { name: fresh('Key '), organizationId, permissions };
  const token = await world.tokenOf(admin.email);
  const made = await send(world, 'apiKeyCreate', input, token);
  const secret = String(made.secret);
  const ownerToken = await world.tokenOf(owner.email);
  const removal = { membershipId: encodeId('mbr', admin.membershipId) };
  expect((await mutate(world, 'membershipRemove', removal, ownerToken)).code).toBeUndefined();
  const look = 'query ($id: ID!) { organization(by: { id: $id }) { displayName } }';
  const seenBy = async (credential: string) =>
    (await world.ask(look, { id: organizationId }, credential)).data?.organization;
  expect(await seenBy(secret)).toMatchObject({ displayName: expect.any(String) });
  expect((await send(world, 'apiKeyCreate', input, token)).code).toBe('FORBIDDEN');
  const { id: apiKeyId } = Object(made.apiKey);
  await send(world, 'apiKeyRevoke', { apiKeyId }, ownerToken);
  const { errors } = await world.ask(look, { id: organizationId }, secret);
  expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
});
