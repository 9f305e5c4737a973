import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MOST_IN_ROWS } from '../../src/auth/many-rights.ts';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { encodeId, NIL_UUID } from '../../src/domain/id.ts';
import { addMembers } from '../../src/domain/membership.ts';
import { addOrganizations } from '../../src/domain/organization.ts';
import { act, fresh } from '../domain/world.ts';
import { add, endOf, lastCursor, soon } from '../feed/feed-world.ts';
import { eventsOf, transports } from '../feed/listener.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { statementsOf } from '../support/statements.ts';

const COUNT = MOST_IN_ROWS + 50;
const email = 'everywhere@example.com';

let world: PeopleGateway;
/** uuids; the nth membership is in the nth organization. */
let organizations: string[];
let memberships: string[];

beforeAll(async () => {
  world = await createPeopleGateway({ settings: { mfa: { claim: 'amr', values: ['mfa'] } } });
  const rows = Array.from({ length: COUNT }, () => ({ displayName: fresh('Company ') }));
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
  expect(memberships).toHaveLength(COUNT);
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
    'is_breakglass = true',
    "primary_identity_provider = 'Other'",
  ];
  for (const [n, standing] of standings.entries()) {
    const ids = some(memberships, n, 11);
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

/** Whether rights are told in groups depends on this number alone, which is that of the memberships. */
const countAs = (count: number) =>
  world.query('UPDATE "user" SET membership_count = $1 WHERE email = $2', [count, email]);

const ALL = 'status: [ACTIVE, SUSPENDED, PENDING_INVITE, INVITE_EXPIRED, REMOVED]';

const QUESTIONS = [
  // As it is read together with the rights where there are few.
  `{ viewer { memberships(first: 50) { totalCount pageInfo { hasNextPage }
    nodes { id status roles { key } organization { displayName slug } } } } }`,
  ...['first: 75', 'last: 75'].map(
    (page) => `{ viewer { user { name email } memberships(${page}, filter: { ${ALL} }) {
      totalCount nodes { id permissions viewerCanRemove viewerCanSuspend organization {
        settings { mfaPolicy } seats { used } viewerCanUpdate viewerCanDelete viewerMembership { id status }
        memberships(first: 2) { nodes { user { email } } }
      } }
    } } }`,
  ),
  '{ organizations(first: 100) { totalCount nodes { displayName } } }',
  '{ viewer { discoveredOrganizations { displayName } } }',
];

/** All that the bearer is told of their organizations. */
async function seenBy(token: string): Promise<unknown[]> {
  const permissions = organizations.map(
    (id, n) => `o${n}: permissions(organizationId: "${encodeId('org', id)}")`,
  );
  const halves = [permissions.slice(0, COUNT / 2), permissions.slice(COUNT / 2)];
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
  for (let noted = 0; noted < COUNT; noted += 20) {
    await world.ask('{ viewer { kind } }', {}, token);
  }
  return token;
}

describe.each([
  ['one factor', {}],
  ['two factors', { amr: ['mfa'] }],
])('a person with very many memberships, signed in with %s', (_, claims) => {
  it('is told of them in groups what they would be told in rows', async () => {
    const token = await entered(claims);
    let inGroups: unknown[] = [];
    let inRows: unknown[] = [];
    const grouped = await statementsOf(async () => {
      inGroups = await seenBy(token);
    });
    await countAs(MOST_IN_ROWS);
    const single = await statementsOf(async () => {
      inRows = await seenBy(token);
    });
    await countAs(COUNT);
    expect(inGroups).toEqual(inRows);
    const isInGroups = (text: string) => text.includes('membership_rights_in_groups');
    expect(grouped.filter(isInGroups)).toHaveLength(inGroups.length);
    expect(single.filter(isInGroups)).toEqual([]);
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
      const organizationId = encodeId('org', organizations[28] ?? '');
      const after = await lastCursor(world, organizationId);
      const stream = listen(world.gateway.url, token, eventsOf({ organizationId, after }));
      await add(world, organizationId);
      await soon(() => expect(stream.events()).toHaveLength(1));
      await world.query(change, [organizations[28], email]);
      expect((await endOf(stream)).code).toBe(code);
      stream.close();
      await world.query(
        "UPDATE membership SET status = 'ACTIVE' WHERE organization_id = $1 AND status = 'SUSPENDED'",
        [organizations[28]],
      );
    });
  },
);
