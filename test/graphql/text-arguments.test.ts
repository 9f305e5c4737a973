import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found } from '../domain/world.ts';
import { type Answer as AnswerOf, createGateway, type TestGateway } from '../support/gateway.ts';
import { expectInvalid } from './argument-world.ts';

type Answer = AnswerOf<Record<string, unknown>>;

let world: TestGateway;
let org: string;

beforeAll(async () => {
  world = await createGateway();
  org = encodeId('org', await found(world));
});

afterAll(() => world.close());

/** What PostgreSQL cannot keep, and what is longer than anything that is kept. */
const UNSTORABLE = [
  '\0',
  'a\0b',
  '\ud800',
  'a\udfff',
  '\udc00\ud800',
  'x'.repeat(1001),
  'é'.repeat(200_000 / 2),
];

const texts: [string, string, string[]][] = [
  ['organization by slug', 'organization(by: { slug: $text }) { id }', ['by', 'slug']],
  [
    'organization by external id',
    'organization(by: { externalId: $text }) { id }',
    ['by', 'externalId'],
  ],
  ['user by external id', 'user(by: { externalId: $text }) { id }', ['by', 'externalId']],
  [
    'membership by external id',
    'membership(by: { organizationAndExternalId: { organizationId: $org, externalId: $text } }) { id }',
    ['by', 'organizationAndExternalId', 'externalId'],
  ],
  [
    'permission to explain',
    'explainAccess(membershipId: "mbr_00000000000000000000000000", permission: $text) { allowed }',
    ['permission'],
  ],
  [
    'search of organizations',
    'organizations(filter: { search: $text }) { totalCount nodes { id } }',
    ['filter', 'search'],
  ],
  [
    'external ids of organizations',
    'organizations(filter: { externalIds: ["a", $text] }) { totalCount }',
    ['filter', 'externalIds'],
  ],
  [
    'search of users',
    'users(filter: { search: $text }) { totalCount nodes { id } }',
    ['filter', 'search'],
  ],
  [
    'domain of users',
    'users(filter: { emailDomain: $text }) { totalCount nodes { id } }',
    ['filter', 'emailDomain'],
  ],
  [
    'search of members',
    'organization(by: { id: $org }) { memberships(filter: { search: $text }) { totalCount } }',
    ['filter', 'search'],
  ],
  [
    'role key of members',
    'organization(by: { id: $org }) { memberships(filter: { roleKey: $text }) { nodes { id } } }',
    ['filter', 'roleKey'],
  ],
  [
    'search of invitations',
    'organization(by: { id: $org }) { invitations(filter: { search: $text }) { totalCount } }',
    ['filter', 'search'],
  ],
];

const bags: [string, string, string[]][] = [
  [
    'organizations',
    'organizations(filter: { metadata: $bag }) { totalCount nodes { id } }',
    ['filter', 'metadata'],
  ],
  [
    'users',
    'users(filter: { metadata: $bag }) { totalCount nodes { id } }',
    ['filter', 'metadata'],
  ],
  [
    'members',
    'organization(by: { id: $org }) { memberships(filter: { metadata: $bag }) { totalCount nodes { id } } }',
    ['filter', 'metadata'],
  ],
  [
    'members (untrusted)',
    'organization(by: { id: $org }) { memberships(filter: { untrustedMetadata: $bag }) { nodes { id } } }',
    ['filter', 'untrustedMetadata'],
  ],
];

function asking(type: string, variable: string, selection: string): string {
  const id = selection.includes('$org') ? ', $org: ID!' : '';
  return `query (${variable}: ${type}${id}) { ${selection} }`;
}

describe.each(texts)('the %s', (name, selection, argument) => {
  const query = asking('String!', '$text', selection);

  it('refuses text that cannot be kept', async () => {
    for (const text of UNSTORABLE) {
      expectInvalid(
        await world.ask(query, { org, text }),
        argument,
        JSON.stringify(text).slice(0, 100),
      );
    }
  });

  it('takes any other text as it is', async () => {
    if (name === 'domain of users') {
      return;
    }
    for (const text of [
      '',
      ' ',
      '%',
      '_',
      '\\',
      `'`,
      '"',
      `'; DROP TABLE "user"; --`,
      '$1',
      '\\u0000',
      '😀',
      '\u{10ffff}',
      '\n\t',
      '%'.repeat(1000),
    ]) {
      const { data, errors } = await world.ask(query, { org, text });
      expect(errors, JSON.stringify(text).slice(0, 100)).toBeUndefined();
      expect(data).toBeTruthy();
    }
  });
});

it('finds nobody by an address that is none', async () => {
  for (const email of [
    '',
    'x',
    '\0',
    'a\0@example.com',
    '\ud800@example.com',
    'a@b@c',
    `${'a'.repeat(200_000)}@example.com`,
    `a@${'b.'.repeat(50_000)}c`,
  ]) {
    const { data, errors } = await world.ask(
      `query ($email: String!, $org: ID!) {
        user(by: { email: $email }) { id }
        membership(by: { organizationAndEmail: { organizationId: $org, email: $email } }) { id } }`,
      { org, email },
    );
    expect(errors, JSON.stringify(email).slice(0, 100)).toBeUndefined();
    expect(data).toEqual({ user: null, membership: null });
  }
});

describe.each(bags)('the metadata filter of %s', (_, selection, argument) => {
  const query = asking('JSONObject!', '$bag', selection);

  it('refuses what no metadata can contain', async () => {
    const bad = [
      { a: '\0' },
      { '\0': 1 },
      { a: { b: ['x', { c: 'y\0' }] } },
      { a: '\ud800' },
      { '\udfff': 1 },
      { a: '\\\0' },
      { a: 'x'.repeat(4096) },
      Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`key${n}`, n])),
    ];
    for (const bag of bad) {
      expectInvalid(
        await world.ask(query, { org, bag }),
        argument,
        JSON.stringify(bag).slice(0, 100),
      );
    }
  });

  it('refuses what is no object', async () => {
    for (const bag of [[], 'x', 1, true, null]) {
      const { errors } = await world.ask(query, { org, bag });
      expect(errors, JSON.stringify(bag)).toHaveLength(1);
      expect(errors?.[0]?.extensions?.code).not.toBe('INTERNAL_SERVER_ERROR');
    }
  });

  it('takes everything else', async () => {
    const good = [
      {},
      { a: {} },
      { a: [] },
      { a: null },
      { a: '\\u0000' },
      { a: '\\\\u0000 \\ud800' },
      { "'": '"', '%': '\\' },
      { '': '' },
      { a: 1e300, b: -0, c: 2 ** 63 },
      JSON.parse('{"__proto__": {"a": 1}, "constructor": 1}'),
      { a: '😀\u{10ffff}' },
      JSON.parse(nesting(150)),
    ];
    for (const bag of good) {
      const { data, errors } = await world.ask(query, { org, bag });
      expect(errors, JSON.stringify(bag).slice(0, 100)).toBeUndefined();
      expect(data).toBeTruthy();
    }
  });

  it('does not break on nesting', async () => {
    for (const depth of [250, 1000, 100_000]) {
      // Written by hand, as JSON.stringify does not get that deep.
      const variables = `{ "org": "${org}", "bag": ${nesting(depth)} }`;
      const response = await fetch(`${world.gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${world.key}` },
        body: `{ "query": ${JSON.stringify(query)}, "variables": ${variables} }`,
      });
      const { errors } = (await response.json()) as Answer;
      expect(errors, String(depth)).toHaveLength(1);
      expect(errors?.[0]?.extensions?.code).not.toBe('INTERNAL_SERVER_ERROR');
    }
  });

  it('reads literals as it reads variables', async () => {
    const ask = (literal: string) =>
      world.ask(
        `query ($org: ID!) { ${selection.replace('$bag', literal)} o: node(id: $org) { id } }`,
        { org },
      );
    expect((await ask('{ a: 1, b: [true, null, { c: "x" }] }')).errors).toBeUndefined();
    expectInvalid(await ask('{ a: "\\u0000" }'), argument, 'NUL');
    expectInvalid(await ask(`{ a: "${'x'.repeat(4096)}" }`), argument, 'long');
  });
});

function nesting(depth: number): string {
  return `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
}
