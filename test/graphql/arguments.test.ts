import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, join } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';

let world: TestGateway;
let organizationId: string;
let membershipId: string;

beforeAll(async () => {
  world = await createGateway();
  const uuid = await found(world, { slug: 'acme' });
  organizationId = encodeId('org', uuid);
  membershipId = encodeId('mbr', (await join(world, uuid)).membershipId);
  await join(world, uuid);
});

afterAll(() => world.close());

/** The one refusal of a query, as `path: argument`. */
async function refusal(query: string, variables: Record<string, unknown> = {}): Promise<string> {
  const { errors = [] } = await world.ask(query, variables);
  expect(errors).toHaveLength(1);
  const [error] = errors;
  expect(error?.extensions?.code, error?.message).toBe('INVALID_INPUT');
  expect(error?.message).toContain(String(error?.extensions?.argument).replaceAll(',', '.'));
  return `${error?.path?.join('.')}: ${String(error?.extensions?.argument).replaceAll(',', '.')}`;
}

/** Lists at the root and below an organization, as selections that end before the arguments. */
const lists = {
  organizations: (args: string) => `{ organizations(${args}) { totalCount nodes { id } } }`,
  users: (args: string) => `{ users(${args}) { totalCount nodes { id } } }`,
  memberships: (args: string) =>
    `{ organization(by: { slug: "acme" }) { memberships(${args}) { totalCount nodes { id } } } }`,
  invitations: (args: string) =>
    `{ organization(by: { slug: "acme" }) { invitations(${args}) { totalCount nodes { id } } } }`,
  apiKeys: (args: string) => `{ environment { apiKeys(${args}) { totalCount nodes { id } } } }`,
};

async function cursorOf(list: keyof typeof lists, args: string): Promise<string> {
  const query = lists[list](args).replace('totalCount', 'pageInfo { endCursor }');
  const text = JSON.stringify((await world.ask(query)).data);
  const cursor = /"endCursor":"([^"]+)"/.exec(text)?.[1];
  if (cursor === undefined) {
    throw new Error(`${list} has no cursor: ${text}`);
  }
  return cursor;
}

describe.each(Object.entries(lists))('%s', (name, query) => {
  it('refuses pages that are too large, negative or of two ends', async () => {
    expect(await refusal(query('first: 101'))).toMatch(/: first$/);
    expect(await refusal(query('last: 101'))).toMatch(/: last$/);
    expect(await refusal(query('first: -1'))).toMatch(/: first$/);
    expect(await refusal(query('last: -1'))).toMatch(/: last$/);
    expect(await refusal(query('first: 1000000000'))).toMatch(/: first$/);
    expect(await refusal(query('first: 1, last: 1'))).toMatch(/: last$/);
  });

  it('takes the smallest and the largest page', async () => {
    for (const args of ['first: 0', 'last: 0', 'first: 100', 'last: 100']) {
      const { errors } = await world.ask(query(args));
      expect(errors, args).toBeUndefined();
    }
  });

  it('refuses cursors that are not its own', async () => {
    const garbage = [
      '',
      'x',
      'bnVsbA',
      `' OR 1=1 --`,
      Buffer.from(`["${name} CREATED_AT","infinity'); DROP TABLE event; --","x"]`).toString(
        'base64url',
      ),
      'A'.repeat(100_000),
    ];
    for (const cursor of garbage) {
      expect(await refusal(query(`after: ${JSON.stringify(cursor)}`))).toMatch(/: after$/);
      expect(await refusal(query(`last: 2, before: ${JSON.stringify(cursor)}`))).toMatch(
        /: before$/,
      );
    }
  });
});

describe('cursors', () => {
  it('belong to their list', async () => {
    const users = await cursorOf('users', 'first: 1');
    expect(await refusal(lists.organizations(`after: "${users}"`))).toBe('organizations: after');
    expect(await refusal(lists.memberships(`after: "${users}"`))).toBe(
      'organization.memberships: after',
    );
    const ofOrganization = await cursorOf('memberships', 'first: 1');
    expect(
      await refusal(
        `{ users(first: 1) { nodes { memberships(after: "${ofOrganization}") { totalCount } } } }`,
      ),
    ).toBe('users.nodes.0.memberships: after');
  });

  it('belong to their order', async () => {
    const byName = await cursorOf('memberships', 'orderBy: { field: NAME, direction: ASC }');
    expect(await refusal(lists.memberships(`after: "${byName}"`))).toBe(
      'organization.memberships: after',
    );
    const turned = `after: "${byName}", orderBy: { field: NAME, direction: DESC }`;
    expect((await world.ask(lists.memberships(turned))).errors).toBeUndefined();
  });

  it('cannot be written by hand, not even with a key of the right kind', async () => {
    const cursor = await cursorOf('memberships', 'first: 1');
    const [order, key, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const forged = [
      [order, 'infinity ', id],
      [order, '2026-13-45T00:00:00.000Z', id],
      [order, 5, id],
      [order, key, 'not-a-uuid'],
      [order, key, String(id).toUpperCase()],
      [order, key, id, 'more'],
      [order, key],
    ];
    for (const parts of forged) {
      const text = Buffer.from(JSON.stringify(parts)).toString('base64url');
      expect(await refusal(lists.memberships(`after: "${text}"`))).toMatch(/: after$/);
    }
    expect(await refusal(lists.memberships(`after: "${cursor}="`))).toMatch(/: after$/);
  });
});

describe('ids', () => {
  const takers: [string, (id: string) => string, string][] = [
    ['node', (id) => `{ node(id: "${id}") { id } }`, 'node: id'],
    ['organization', (id) => `{ organization(by: { id: "${id}" }) { id } }`, 'organization: by.id'],
    ['user', (id) => `{ user(by: { id: "${id}" }) { id } }`, 'user: by.id'],
    ['membership', (id) => `{ membership(by: { id: "${id}" }) { id } }`, 'membership: by.id'],
    [
      'a role to filter by',
      (id) => lists.memberships(`filter: { roleId: "${id}" }`),
      'organization.memberships: filter.roleId',
    ],
    [
      'permissions',
      (id) => `{ viewer { permissions(organizationId: "${id}") } }`,
      'viewer.permissions: organizationId',
    ],
    [
      'an organization with a user',
      (id) =>
        `{ membership(by: { organizationAndUser: { organizationId: "${id}", userId: "${id}" } }) { id } }`,
      'membership: by.organizationAndUser.organizationId',
    ],
    [
      'an organization with an address',
      (id) =>
        `{ membership(by: { organizationAndEmail: { organizationId: "${id}", email: "a@b.co" } }) { id } }`,
      'membership: by.organizationAndEmail.organizationId',
    ],
    [
      'an organization with an external id',
      (id) =>
        `{ membership(by: { organizationAndExternalId: { organizationId: "${id}", externalId: "x" } }) { id } }`,
      'membership: by.organizationAndExternalId.organizationId',
    ],
  ];
  const broken = [
    '',
    'x',
    'org_',
    'org_zzzzzzzzzzzzzzzzzzzzzzzzzz',
    'ORG_01m822njp6ew0sznqvaz80z5qy',
    `evt_${'0'.repeat(26)}`,
    "' OR 1=1",
  ];

  it.each(takers)('%s refuses a broken one', async (_, query, where) => {
    for (const id of broken) {
      expect(await refusal(query(id)), id).toBe(where);
    }
  });

  it.each(takers.slice(1))('%s refuses one of another kind', async (_, query, where) => {
    expect(await refusal(query(`inv_${membershipId.slice(4)}`))).toBe(where);
  });

  it('are refused one by one in nodes', async () => {
    const { data, errors } = await world.ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      ids: [organizationId, 'broken', membershipId, `usr_${organizationId.slice(4)}`],
    });
    expect(data).toEqual({ nodes: [{ id: organizationId }, null, { id: membershipId }, null] });
    expect(errors?.map(({ path, extensions }) => [path, extensions])).toEqual([
      [['nodes', 1], { code: 'INVALID_INPUT', argument: ['ids', '1'] }],
    ]);
  });

  it('are at most 100 in nodes', async () => {
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
    expect(await refusal(query, { ids: Array(101).fill(organizationId) })).toBe('nodes: ids');
    expect(
      (await world.ask(query, { ids: Array(100).fill(organizationId) })).errors,
    ).toBeUndefined();
  });
});

describe('text', () => {
  const takers: [string, string, string][] = [
    [
      'search of organizations',
      'query ($t: String!) { organizations(filter: { search: $t }) { totalCount nodes { id } } }',
      'organizations: filter.search',
    ],
    [
      'external ids',
      'query ($t: String!) { organizations(filter: { externalIds: [$t] }) { totalCount nodes { id } } }',
      'organizations: filter.externalIds',
    ],
    [
      'search of users',
      'query ($t: String!) { users(filter: { search: $t }) { totalCount nodes { id } } }',
      'users: filter.search',
    ],
    [
      'a mail domain',
      'query ($t: String!) { users(filter: { emailDomain: $t }) { totalCount nodes { id } } }',
      'users: filter.emailDomain',
    ],
    [
      'search of members',
      `query ($t: String!) ${lists.memberships('filter: { search: $t }')}`,
      'organization.memberships: filter.search',
    ],
    [
      'a role key',
      `query ($t: String!) ${lists.memberships('filter: { roleKey: $t }')}`,
      'organization.memberships: filter.roleKey',
    ],
    [
      'search of invitations',
      `query ($t: String!) ${lists.invitations('filter: { search: $t }')}`,
      'organization.invitations: filter.search',
    ],
    [
      'a slug',
      'query ($t: String!) { organization(by: { slug: $t }) { id } }',
      'organization: by.slug',
    ],
    [
      'an external id of an organization',
      'query ($t: String!) { organization(by: { externalId: $t }) { id } }',
      'organization: by.externalId',
    ],
    [
      'an external id of a user',
      'query ($t: String!) { user(by: { externalId: $t }) { id } }',
      'user: by.externalId',
    ],
  ];

  it.each(takers)('%s refuses what no text can hold', async (_, query, where) => {
    for (const text of ['a\0b', '\ud800', 'x'.repeat(1001)]) {
      expect(await refusal(query, { t: text })).toBe(where);
    }
  });

  it.each(takers.filter(([name]) => name !== 'a mail domain'))(
    '%s takes whatever else people type',
    async (_, query) => {
      for (const text of [
        '',
        ' ',
        '%',
        '_',
        '\\',
        `'";--`,
        '👩‍👩‍👧',
        'ﬁ',
        'İ',
        'x'.repeat(1000),
        '\u202e',
        '{}',
      ]) {
        expect((await world.ask(query, { t: text })).errors, JSON.stringify(text)).toBeUndefined();
      }
    },
  );

  it.each([
    'user(by: { email: $t })',
    'membership(by: { organizationAndEmail: { organizationId: $o, email: $t } })',
  ])('%s finds nobody for what is no address', async (field) => {
    const declares = field.includes('$o') ? '($t: String!, $o: ID!)' : '($t: String!)';
    for (const text of ['', 'nobody', 'a\0@b.co', '\ud800@b.co', 'a@b@c.co', 'x'.repeat(2000)]) {
      const { data, errors } = await world.ask(`query ${declares} { found: ${field} { id } }`, {
        t: text,
        ...(field.includes('$o') && { o: organizationId }),
      });
      expect([data, errors]).toEqual([{ found: null }, undefined]);
    }
  });
});

describe('metadata', () => {
  const takers: [string, string, string][] = [
    [
      'of organizations',
      'query ($m: JSONObject!) { organizations(filter: { metadata: $m }) { totalCount nodes { id } } }',
      'organizations: filter.metadata',
    ],
    [
      'of users',
      'query ($m: JSONObject!) { users(filter: { metadata: $m }) { totalCount nodes { id } } }',
      'users: filter.metadata',
    ],
    [
      'of members',
      `query ($m: JSONObject!) ${lists.memberships('filter: { metadata: $m }')}`,
      'organization.memberships: filter.metadata',
    ],
    [
      'of members, untrusted',
      `query ($m: JSONObject!) ${lists.memberships('filter: { untrustedMetadata: $m }')}`,
      'organization.memberships: filter.untrustedMetadata',
    ],
  ];

  it.each(takers)('%s refuses what no metadata contains', async (_, query, where) => {
    for (const metadata of [
      { a: 'x\0y' },
      { '\0': 1 },
      { a: ['\udc00'] },
      { a: 'x'.repeat(5000) },
    ]) {
      expect(await refusal(query, { m: metadata })).toBe(where);
    }
  });

  it.each(takers)('%s takes every other object', async (_, query) => {
    const objects = [
      {},
      { a: null },
      { a: { b: [1, 2.5, true, { c: {} }] } },
      { contains: '' },
      { not: null },
      { a: '\\u0000' },
      { a: 1e300 },
      { "'": '"' },
    ];
    for (const metadata of objects) {
      expect(
        (await world.ask(query, { m: metadata })).errors,
        JSON.stringify(metadata),
      ).toBeUndefined();
    }
  });

  it('refuses what is no object', async () => {
    for (const value of ['text', 5, [1], null]) {
      const { errors } = await world.ask(takers[0]?.[1] ?? '', { m: value });
      expect(errors?.[0]?.message).toMatch(/\$m/);
    }
  });
});
