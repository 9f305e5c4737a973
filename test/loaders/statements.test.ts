import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApiKey } from '../../src/domain/api-key.ts';
import { encodeId } from '../../src/domain/id.ts';
import { addMembers, suspendMembers } from '../../src/domain/membership.ts';
import { addOrganizations } from '../../src/domain/organization.ts';
import { BUILT_IN_ROLES } from '../../src/domain/permission.ts';
import { act } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { statementsOf } from '../support/statements.ts';

const ORGANIZATIONS = 100;
const MEMBERS = 4;
const PEOPLE = 50;

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
  const rows = Array.from({ length: ORGANIZATIONS }, (_, n) => ({ displayName: `Company ${n}` }));
  const created = await act(world, [], (tx) => addOrganizations(tx, rows, { act: 'import' }));
  const ids = created.flatMap((row) => (row.outcome === 'created' ? [row.id] : []));
  await act(world, ids, async (tx) => {
    const members = ids.flatMap((organizationId, at) =>
      Array.from({ length: MEMBERS }, (_, n) => ({
        organizationId,
        email: `person-${(at * 3 + n) % PEOPLE}@example.com`,
        roleKeys: n % 2 ? ['admin', 'member'] : ['member'],
        status: n === 3 ? ('PENDING_INVITE' as const) : ('ACTIVE' as const),
      })),
    );
    const outcomes = await addMembers(tx, members, { act: 'import' });
    const first = outcomes.flatMap((row, n) =>
      row.outcome === 'created' && n % MEMBERS === 0 ? [{ membershipId: row.membershipId }] : [],
    );
    await suspendMembers(tx, first);
    for (const organizationId of ids) {
      await createApiKey(tx, { name: 'Key', organizationId, permissions: ['organization:read'] });
    }
  });
  // The first use of a key in a minute notes that it was used.
  await world.ask('{ viewer { kind } }');
});

afterAll(() => world.close());

/** Sends an operation and returns the statements that PostgreSQL got for it, and what came of it. */
async function ask(
  query: string,
  variables: Record<string, unknown> = {},
  credential: string = world.key,
) {
  let answer = '';
  const texts = await statementsOf(async () => {
    const { data, errors } = await world.ask(query, variables, credential);
    expect(errors).toBeUndefined();
    answer = JSON.stringify(data);
  });
  return { texts, answer };
}

it('knows who calls by one statement', async () => {
  const { texts } = await ask('{ viewer { kind permissions } }');
  expect(texts).toHaveLength(1);
  expect(texts[0]).toContain('secret_hash');
});

it('reads of a membership what each query asks of it, whatever was asked before', async () => {
  const [row] = await world.query<{ id: string }>(
    "SELECT membership_id AS id FROM role_assignment JOIN role r ON r.id = role_id WHERE r.key = 'admin' LIMIT 1",
  );
  const id = encodeId('mbr', row?.id ?? '');
  const asked: [string, string][] = [
    ['id', id],
    ['id roles { key }', '"roles":[{"key":"'],
    ['id user { name email }', '"email":"person-'],
    ['id organization { displayName }', '"displayName":"Company '],
    ['id metadata', '"metadata":{}'],
  ];
  const lookups: string[] = [];
  for (const [fields, shown] of asked) {
    const { texts, answer } = await ask(
      `query($id: ID!) { node(id: $id) { ... on Membership { ${fields} } } }`,
      { id },
    );
    expect(answer).toContain(shown);
    lookups.push(...texts.filter((text) => text.includes('FROM membership m WHERE m.id = k.id')));
  }
  expect(new Set(lookups).size).toBe(asked.length);
});

const LEVELS = `query Levels($first: Int) {
  organizations(first: $first, orderBy: { field: DISPLAY_NAME, direction: ASC }) {   # 1
    totalCount
    nodes {
      displayName
      seats { used }                                                                 # 2
      roles { key extends { key } effectivePermissions }                             # 3 4
      apiKeys { totalCount nodes { name organization { slug } } }                    # 5 6
      invitations(filter: { status: [PENDING] }) {                                   # 7
        totalCount
        nodes { status roles { key } membership { status } }                         # 8 9
      }
      memberships(filter: { status: [ACTIVE, PENDING_INVITE] }, first: 3) {          # 10
        totalCount
        pageInfo { hasNextPage }
        nodes {
          name emailAddress pictureUrl
          permissions                                                                # 11
          roles { key } roleAssignments { source role { key } }                      # 12
          organization { slug }
          invitation { email organization { slug } }                                 # 13
          user {                                                                     # with 10
            email
            identities { issuer }                                                    # 14
            memberships(orderBy: { field: NAME, direction: ASC }) {                  # 15
              totalCount
              edges { cursor node { status user { email } organization { displayName seats { used } } roles { key } } } # with 15 and 2
            }
          }
        }
      }
      suspended: memberships(filter: { status: [SUSPENDED] }) { totalCount }         # 16
      admins: memberships(filter: { roleKey: "admin" }, orderBy: { field: EMAIL, direction: DESC }) { nodes { id } } # 17
    }
  }
}`;

it('reads every level of a query by one statement, however many rows stand above it', async () => {
  const [one, ten, all] = [
    await ask(LEVELS, { first: 1 }),
    await ask(LEVELS, { first: 10 }),
    await ask(LEVELS, { first: 100 }),
  ];
  expect(all.answer.length).toBeGreaterThan(5 * ten.answer.length);
  expect(ten.answer.length).toBeGreaterThan(5 * one.answer.length);
  // Who is calling, and the levels that are numbered above.
  expect(one.texts).toHaveLength(1 + 17);
  expect(ten.texts.map(shapeOf).sort()).toEqual(one.texts.map(shapeOf).sort());
  // What stands on two levels is read once: with all organizations above, none is left to be read below.
  expect(all.texts.length).toBeLessThanOrEqual(one.texts.length);
});

const EVENTS = `query Events($first: Int, $last: Int) {
  organizations(first: $first) {                                                     # 1
    nodes {
      events(last: $last, filter: { types: [MEMBERSHIP_STATUS_CHANGED, API_KEY_CREATED] }) { # 2
        totalCount
        edges { cursor node {
          id cursor reason actor { __typename } organization { slug }                # with 1
          ... on MembershipStatusChanged { roles { key } membership { status } user { email } } # 3 4
          ... on ApiKeyCreated { apiKey { name } }                                   # 5
        } }
      }
      memberships { nodes { history { totalCount nodes { sequence } } } }            # 6 7
    }
  }
  events(last: $last) { totalCount nodes { id reason } }                             # 8
}`;

it('reads every level of events by one statement, their details included', async () => {
  const [one, all] = [
    await ask(EVENTS, { first: 1, last: 10 }),
    await ask(EVENTS, { first: 100, last: 10 }),
  ];
  expect(all.answer.length).toBeGreaterThan(20 * one.answer.length);
  expect(one.texts).toHaveLength(1 + 8);
  expect(all.texts.map(shapeOf).sort()).toEqual(one.texts.map(shapeOf).sort());
});

it('reads the nodes of many ids by one statement for each kind', async () => {
  const { answer } = await ask(
    '{ organizations(first: 50) { nodes { id memberships { nodes { id user { id } } } } } }',
  );
  const ids = [...new Set([...answer.matchAll(/"((?:org|mbr|usr)_\w+)"/g)].map(([, id]) => id))];
  const mixed = [...ids.slice(0, 60), ...ids.slice(-40)];
  const { texts, answer: nodes } = await ask(
    `query Nodes($ids: [ID!]!) { nodes(ids: $ids) { id ... on Membership { user { email } } } }`,
    { ids: mixed },
  );
  expect([...nodes.matchAll(/"id"/g)]).toHaveLength(100);
  expect(texts.length).toBeLessThanOrEqual(1 + 3 + 1);
});

const BUTTONS = `query Buttons($first: Int) {
  organizations(first: $first) {                                                     # 1
    nodes {
      viewerCanUpdate viewerCanInvite viewerCanDelete viewerCanManageRoles viewerMembership { id }
      memberships {                                                                  # 2
        nodes { viewerCanUpdate viewerCanSuspend viewerCanRemove viewerCanAssignRoles } # 3, for some
      }
    }
  }
}`;

it.each([
  ['an admin', BUILT_IN_ROLES.admin, 3],
  ['an owner', BUILT_IN_ROLES.owner, 2],
  ['a member', BUILT_IN_ROLES.member, 2],
])('tells %s of all buttons by one statement, or none', async (_who, permissions, expected) => {
  const secret = await keyWith(world, [...permissions]);
  await world.ask('{ viewer { kind } }', {}, secret);
  const one = await ask(BUTTONS, { first: 1 }, secret);
  const all = await ask(BUTTONS, { first: 100 }, secret);
  expect(all.answer.length).toBeGreaterThan(20 * one.answer.length);
  expect(one.texts).toHaveLength(1 + expected);
  expect(all.texts).toHaveLength(1 + expected);
});

const ACCESS = `query Access($id: ID!) {
  a: explainAccess(membershipId: $id, permission: "role:read") { grants { through { key } } }
  b: explainAccess(membershipId: $id, permission: "role:manage") { refusal }
}`;

it('explains access by three statements, and takes as many for what is absent as for what is hidden', async () => {
  const { answer } = await ask(
    '{ organizations(first: 1) { nodes { memberships { nodes { id } } } } }',
  );
  const [, id] = /"(mbr_\w+)"/.exec(answer) ?? [];
  const blind = await keyWith(world, ['membership:read']);
  await world.ask('{ viewer { kind } }', {}, blind);
  expect((await ask(ACCESS, { id })).texts).toHaveLength(1 + 3);
  const hidden = await ask(ACCESS, { id }, blind);
  const absent = await ask(
    ACCESS,
    { id: encodeId('mbr', '01980000-0000-7000-8000-0123456789ab') },
    blind,
  );
  expect(hidden.texts).toHaveLength(1 + 1);
  expect(hidden).toEqual(absent);
});

/** A statement without what it selects. */
function shapeOf(text: string): string {
  return text.slice(text.indexOf('FROM'));
}
