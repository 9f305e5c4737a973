import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { argumentWorld, expectInvalid } from './argument-world.ts';

let world: TestGateway;
let ids: Awaited<ReturnType<typeof argumentWorld>>;

beforeAll(async () => {
  world = await createGateway();
  ids = await argumentWorld(world);
});

afterAll(() => world.close());

const places: [string, string, string[]][] = [
  ['', 'query ($id: ID!) { node(id: $id) { id } }', ['id']],
  ['org', 'query ($id: ID!) { organization(by: { id: $id }) { id } }', ['by', 'id']],
  ['usr', 'query ($id: ID!) { user(by: { id: $id }) { id } }', ['by', 'id']],
  ['mbr', 'query ($id: ID!) { membership(by: { id: $id }) { id } }', ['by', 'id']],
  [
    'org',
    `query ($id: ID!, $usr: ID!) {
        membership(by: { organizationAndUser: { organizationId: $id, userId: $usr } }) { id } }`,
    ['by', 'organizationAndUser', 'organizationId'],
  ],
  [
    'usr',
    `query ($id: ID!, $org: ID!) {
        membership(by: { organizationAndUser: { organizationId: $org, userId: $id } }) { id } }`,
    ['by', 'organizationAndUser', 'userId'],
  ],
  [
    'org',
    `query ($id: ID!) {
        membership(by: { organizationAndEmail: { organizationId: $id, email: "a@example.com" } }) { id } }`,
    ['by', 'organizationAndEmail', 'organizationId'],
  ],
  [
    'org',
    `query ($id: ID!) {
        membership(by: { organizationAndExternalId: { organizationId: $id, externalId: "x" } }) { id } }`,
    ['by', 'organizationAndExternalId', 'organizationId'],
  ],
  ['org', 'query ($id: ID!) { viewer { permissions(organizationId: $id) } }', ['organizationId']],
  [
    'mbr',
    'query ($id: ID!) { explainAccess(membershipId: $id, permission: "role:read") { allowed } }',
    ['membershipId'],
  ],
  [
    'rol',
    `query ($id: ID!, $org: ID!) {
        organization(by: { id: $org }) { memberships(filter: { roleId: $id }) { totalCount } } }`,
    ['filter', 'roleId'],
  ],
  [
    'rol',
    `query ($id: ID!, $usr: ID!) {
        user(by: { id: $usr }) { memberships(filter: { roleId: $id }) { nodes { id } } } }`,
    ['filter', 'roleId'],
  ],
  [
    'mbr',
    'query ($id: ID!) { events(filter: { membershipId: $id }) { totalCount } }',
    ['filter', 'membershipId'],
  ],
  [
    'usr',
    `query ($id: ID!, $org: ID!) {
        organization(by: { id: $org }) { events(filter: { userId: $id }) { nodes { id } } } }`,
    ['filter', 'userId'],
  ],
];

function broken(kind: string): string[] {
  const prefix = kind || 'org';
  const suffix = ids.org.slice(4);
  return [
    '',
    ' ',
    'x',
    prefix,
    `${prefix}_`,
    `${prefix}_0`,
    suffix,
    `${prefix}_${suffix}0`,
    `${prefix}_${suffix.slice(1)}`,
    `${prefix}_8${'z'.repeat(25)}`,
    `${prefix}_${suffix.toUpperCase()}`,
    `${prefix.toUpperCase()}_${suffix}`,
    ` ${prefix}_${suffix}`,
    `${prefix}_${suffix}\n`,
    `${prefix}_${suffix}\0`,
    `${prefix}_${suffix.slice(0, -1)}u`,
    ...(kind ? [`evt_${suffix}`] : []),
    `foo_${suffix}`,
    `__proto___${suffix}`,
    '01900000-0000-7000-8000-000000000001',
    '00000000-0000-0000-0000-000000000000',
    `' OR '1'='1`,
    '😀',
    '\ud800',
    '1',
    `${prefix}_${'0'.repeat(100_000)}`,
    ...Object.entries(ids).flatMap(([other, id]) => (kind && other !== kind ? [id] : [])),
  ];
}

it.each(places)('broken ids (%s) are refused in %s', async (kind, query, argument) => {
  for (const id of broken(kind)) {
    expectInvalid(await world.ask(query, { ...ids, id }), argument, JSON.stringify(id));
  }
  expect((await world.ask(query, { ...ids, id: ids[(kind || 'org') as 'org'] })).errors).toBe(
    undefined,
  );
});

it('broken ids are refused one by one in nodes', async () => {
  const { data, errors } = await world.ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
    ids: [ids.org, 'nonsense', ids.mbr, '', ids.rol],
  });
  expect(data).toEqual({
    nodes: [{ id: ids.org }, null, { id: ids.mbr }, null, { id: ids.rol }],
  });
  expect(errors?.map(({ path, extensions }) => ({ path, extensions }))).toEqual([
    { path: ['nodes', 1], extensions: { code: 'INVALID_INPUT', argument: ['ids', '1'] } },
    { path: ['nodes', 3], extensions: { code: 'INVALID_INPUT', argument: ['ids', '3'] } },
  ]);
});

it('ids are at most 100 in nodes', async () => {
  const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
  const many = Array.from({ length: 101 }, () => ids.org);
  expectInvalid(await world.ask(query, { ids: many }), ['ids'], 'nodes');
  expect((await world.ask(query, { ids: many.slice(1) })).errors).toBeUndefined();
  expect((await world.ask(query, { ids: [] })).data).toEqual({ nodes: [] });
});
