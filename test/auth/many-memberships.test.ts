import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MOST_IN_ROWS } from '../../src/auth/rights-in-groups.ts';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { encodeId, NIL_UUID } from '../../src/domain/id.ts';
import { addMembers } from '../../src/domain/membership.ts';
import { deleteMembers } from '../../src/domain/membership-delete.ts';
import { addOrganizations } from '../../src/domain/organization.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import { add, endOf, lastCursor, soon } from '../feed/feed-world.ts';
import { eventsOf, transports } from '../feed/listener.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { statementsOf } from '../support/statements.ts';

const email = 'everywhere@example.com';

let world: PeopleGateway;
/** uuids; the nth membership is in the nth organization. */
let organizations: string[];
let memberships: string[];

beforeAll(async () => {
  world = await createPeopleGateway({ settings: { mfa: { claim: 'amr', values: ['mfa'] } } });
  const rows = Array.from({ length: MOST_IN_ROWS }, () => ({ displayName: fresh('Company ') }));
  const made = await act(world, [], (tx) => addOrganizations(tx, rows, { act: 'import' }));
  organizations = made.flatMap((row) => (row.outcome === 'created' ? [row.id] : []));
  const members = await act(world, organizations, (tx) =>
    addMembers(
      tx,
      organizations.map((organizationId, n) => ({
        organizationId,
        email,
        roleKeys: n % 4 ? ['member'] : ['owner', 'member'],
      })),
      { act: 'import' },
    ),
  );
  memberships = members.flatMap((row) => (row.outcome === 'created' ? [row.membershipId] : []));
  expect(memberships).toHaveLength(MOST_IN_ROWS);
  await vary();
});

afterAll(() => world?.close());

/** Every `of`th, from the `nth` on. */
const some = (ids: string[], nth: number, of: number) => ids.filter((_, at) => at % of === nth);

/** The memberships come to differ in all that rights depend on, in all combinations of it. */
async function vary(): Promise<void> {
  const hour = "interval '1 hour'";
  const standings = [
    `status = 'SUSPENDED', status_deadline = now() + ${hour}`,
    // Otherwise their first sign-in waits until the end of the suspension is written.
    `status = 'SUSPENDED', status_deadline = now() - ${hour}, primary_identity_provider = 'Other'`,
    `status = 'PENDING_INVITE', status_deadline = now() + ${hour}`,
    `status = 'PENDING_INVITE', status_deadline = now() - ${hour}`,
    "status = 'REMOVED'",
    'is_breakglass = true',
    "primary_identity_provider = 'Other'",
  ];
  for (const [n, standing] of standings.entries()) {
    const ids = some(memberships, n, 13);
    await world.query(`UPDATE membership SET ${standing} WHERE id = ANY($1)`, [ids]);
  }
  const policies = [
    "mfa_policy = 'REQUIRED'",
    "auth_methods = 'RESTRICTED', allowed_auth_methods = '{SSO}'",
    "auth_methods = 'RESTRICTED', allowed_auth_methods = '{GOOGLE}', mfa_policy = 'REQUIRED'",
  ];
  for (const [n, policy] of policies.entries()) {
    const ids = some(organizations, n, 7);
    await world.query(`UPDATE organization SET ${policy} WHERE id = ANY($1)`, [ids]);
  }
  await world.query(`UPDATE role_assignment SET source = 'GROUP' WHERE membership_id = ANY($1)`, [
    some(memberships, 0, 8),
  ]);
  await world.query(
    `INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind, granted_at)
     SELECT organization_id, membership_id, role_scope_id, role_id, 'INVITATION', 'SYSTEM', now()
     FROM role_assignment WHERE membership_id = ANY($1)`,
    [some(memberships, 1, 8)],
  );
  await world.query('DELETE FROM role_assignment WHERE membership_id = ANY($1)', [
    some(memberships, 3, 17),
  ]);
  await world.query(
    `INSERT INTO permission (name, description, is_built_in, created_at, updated_at)
     VALUES ('invoice:read', '', false, now(), now())`,
  );
  await assignRolesThatInherit();
}

/** Three roles, each of which extends the one before, the first that of admins. */
async function assignRolesThatInherit(): Promise<void> {
  let base: string = BUILT_IN_ROLE_IDS.admin;
  for (const step of [1, 2, 3]) {
    const [role] = await world.query<{ id: string }>(
      `INSERT INTO role (id, scope_id, key, display_name, permissions, extends_role_id, extends_scope_id, created_at, updated_at)
       VALUES (gen_random_uuid(), $1, $2, $2, $3, $4, $1, now(), now()) RETURNING id`,
      [NIL_UUID, `step-${step}`, [`step:s${step}`, 'other:*'], base],
    );
    base = role?.id ?? '';
    await world.query(
      `INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind, granted_at)
       SELECT organization_id, id, $1, $2, 'DIRECT', 'SYSTEM', now() FROM membership WHERE id = ANY($3)`,
      [NIL_UUID, base, some(memberships, step, 5)],
    );
  }
}

const ALL = 'status: [ACTIVE, SUSPENDED, PENDING_INVITE, INVITE_EXPIRED, REMOVED]';

// Of what stands at the beginning of its list, where the last organization does not come.
const QUESTIONS = [
  // As it is told together with the rights where there are few.
  `{ viewer { memberships(first: 50) {
    nodes { id status roles { key } organization { displayName slug } } } } }`,
  ...[
    `first: 50, filter: { ${ALL} }`,
    `first: 90, filter: { ${ALL} }, orderBy: { field: JOINED_AT, direction: ASC }`,
  ].map(
    (page) => `{ viewer { user { name email } memberships(${page}) {
      nodes { id permissions viewerCanRemove viewerCanSuspend organization {
        settings { mfaPolicy } seats { used } viewerCanUpdate viewerCanDelete viewerMembership { id status }
        memberships(first: 2) { nodes { user { email } } }
      } }
    } } }`,
  ),
  '{ organizations(first: 50) { nodes { displayName } } }',
  '{ viewer { discoveredOrganizations { displayName } } }',
];

/** So many of them ask for no more than that somebody has these memberships. */
const NEED_NO_RIGHTS = 1;

/** All that the bearer is told of their organizations. */
async function seenBy(token: string): Promise<unknown[]> {
  const permissions = organizations.map(
    (id, n) => `o${n}: permissions(organizationId: "${encodeId('org', id)}")`,
  );
  const halves = [permissions.slice(0, 50), permissions.slice(50)];
  const seen: unknown[] = [];
  for (const query of [...QUESTIONS, ...halves.map((half) => `{ viewer { ${half.join(' ')} } }`)]) {
    const { data, errors } = await world.ask(query, {}, token);
    expect(errors).toBeUndefined();
    seen.push(data);
  }
  return seen;
}

/** A token of the person whose first sign-in is noted everywhere; a request does that in twenty organizations. */
async function entered(claims: object): Promise<string> {
  const token = await world.tokenOf(email, { ...claims });
  for (let noted = 0; noted <= MOST_IN_ROWS; noted += 20) {
    await world.ask('{ viewer { kind } }', {}, token);
  }
  return token;
}

/** Does it while the person has one membership more, which is too many for rows. It opens nothing. */
async function withOneMore<Result>(work: () => Promise<Result>): Promise<Result> {
  const organizationId = await found(world, { displayName: fresh('Company ') });
  const { membershipId } = await join(world, organizationId, { email, status: 'REMOVED' });
  try {
    return await work();
  } finally {
    await act(world, [organizationId], (tx) => deleteMembers(tx, [membershipId]));
  }
}

const isInGroups = (text: string) => text.includes('membership_rights_in_groups');

describe.each([
  ['one factor', {}],
  ['two factors', { amr: ['mfa'] }],
])('a person with very many memberships, signed in with %s', (_, claims) => {
  it('is told of them in groups what they would be told in rows', async () => {
    const token = await entered(claims);
    let inRows: unknown[] = [];
    const single = await statementsOf(async () => {
      inRows = await seenBy(token);
    });
    expect(single.filter(isInGroups)).toEqual([]);
    await withOneMore(async () => {
      await entered(claims);
      let inGroups: unknown[] = [];
      const grouped = await statementsOf(async () => {
        inGroups = await seenBy(token);
      });
      expect(inGroups).toEqual(inRows);
      expect(grouped.filter(isInGroups)).toHaveLength(inGroups.length - NEED_NO_RIGHTS);
    });
  });
});

describe('what somebody with very many memberships asks', () => {
  const page = 'memberships(first: 50) { nodes { id';
  const ask = async (query: string, token: string) => {
    let answer: unknown;
    const statements = await statementsOf(async () => {
      answer = await world.ask(query, {}, token);
    });
    return { answer, statements };
  };

  it.each([
    ['a page of them', `{ viewer { ${page} status organization { slug } } } } }`],
    ['the permissions of each', `{ viewer { ${page} permissions } } } }`],
    ['who they are', '{ viewer { kind user { name email } } }'],
  ])('takes no look at their rights: %s', async (_, query) => {
    await withOneMore(async () => {
      const token = await entered({});
      const first = await ask(query, token);
      const again = await ask(query, token);
      expect(again.answer).toEqual(first.answer);
      expect(again.statements.filter(isInGroups)).toEqual([]);
    });
  });

  it.each([
    ['those of an organization', '{ viewer { permissions(organizationId: "ORGANIZATION") } }'],
    ['where they hold them', '{ organizations(first: 1) { totalCount } }'],
    [
      'whom they see there',
      `{ viewer { ${page} organization { memberCount: seats { used } } } } } }`,
    ],
  ])('takes one look at their rights when it needs them: %s', async (_, text) => {
    const query = text.replace('ORGANIZATION', encodeId('org', organizations[12] ?? ''));
    await withOneMore(async () => {
      const token = await entered({ amr: ['mfa'] });
      const first = await ask(query, token);
      expect(first.answer).toMatchObject({ data: expect.any(Object) });
      const second = await ask(query, token);
      const third = await ask(query, token);
      expect(second.answer).toEqual(first.answer);
      expect(third.answer).toEqual(first.answer);
      expect(second.statements.filter(isInGroups)).toHaveLength(1);
      expect(third.statements.filter(isInGroups)).toHaveLength(1);
    });
  });
});

it('somebody with very many memberships has the rights of an organization that they just founded', async () => {
  await withOneMore(async () => {
    const token = await entered({ amr: ['mfa'] });
    const { data } = await world.ask<{ organizationCreate: { organization: object } }>(
      `mutation { organizationCreate(input: { displayName: "Own" }) { ... on OrganizationCreatePayload {
        organization { viewerCanDelete viewerMembership { status } } } } }`,
      {},
      token,
    );
    expect(data?.organizationCreate.organization).toEqual({
      viewerCanDelete: true,
      viewerMembership: { status: 'ACTIVE' },
    });
  });
});

describe.each(Object.entries(transports))(
  'by %s, somebody with very many memberships',
  (_, listen) => {
    it.each([
      [
        'is suspended',
        'FORBIDDEN',
        'UPDATE membership SET status = \'SUSPENDED\' WHERE organization_id = $1 AND user_id = (SELECT id FROM "user" WHERE email = $2)',
      ],
      [
        'loses the account',
        'UNAUTHENTICATED',
        'DELETE FROM identity WHERE $1::uuid IS NOT NULL AND user_id = (SELECT id FROM "user" WHERE email = $2)',
      ],
    ])('follows an organization until they are who %s', async (_way, code, change) => {
      const token = await entered({ amr: ['mfa'] });
      // As an owner, without anything in the way.
      const owned = organizations[12] ?? '';
      const organizationId = encodeId('org', owned);
      const after = await lastCursor(world, organizationId);
      const stream = listen(world.gateway.url, token, eventsOf({ organizationId, after }));
      await add(world, organizationId);
      await soon(() => expect(stream.events()).toHaveLength(1));
      await world.query(change, [owned, email]);
      expect((await endOf(stream)).code).toBe(code);
      stream.close();
      await world.query(
        "UPDATE membership SET status = 'ACTIVE' WHERE organization_id = $1 AND status = 'SUSPENDED'",
        [owned],
      );
    });
  },
);

it('one of many requests takes a look at their rights when the last one is too long ago', async () => {
  await withOneMore(async () => {
    const token = await entered({});
    const now = performance.now.bind(performance);
    // For the rest of this file, since the clock may not go back under the gateway.
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 61_000);
    const statements = await statementsOf(() =>
      Promise.all(Array.from({ length: 10 }, () => world.ask('{ viewer { kind } }', {}, token))),
    );
    expect(statements.filter(isInGroups)).toHaveLength(1);
  });
});
