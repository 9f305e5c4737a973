/** A world in which lists can go wrong, made by the domain's own acts, and what it looks like from outside. */

import { NIL_UUID } from '../../src/domain/id.ts';
import { addMembers, type MemberInput, suspendMembers } from '../../src/domain/membership.ts';
import type { JsonObject } from '../../src/domain/metadata.ts';
import { addUsers } from '../../src/domain/user.ts';
import { act, found } from '../domain/world.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { holdLock } from '../support/writer.ts';

const HOUR = 3_600_000;

const names = [
  'Ada Lovelace',
  'ÅSA Öberg',
  'asa oberg',
  'José Ångström',
  "O'Brien",
  '100% Pure',
  'under_score',
  'back\\slash',
  'say "hi"',
  '😀 Smile',
  'Ada Lovelace',
  'Ünal',
  'Zoë',
  null,
];

const bags: JsonObject[] = [
  { plan: 'gold', tags: ['x', 'y'], nested: { a: 1, b: { c: [1, 2] } } },
  { plan: 'gold', seats: 10 },
  { plan: 'free', empty: null, tags: [] },
  {},
];

export type ListWorld = TestGateway & { one: string; two: string };

/**
 * A gateway with two organizations (uuids) whose members overlap; the first has everything that exists, and things that
 * are overdue and stay so.
 */
export async function createListWorld(): Promise<ListWorld> {
  const database = await createDatabase();
  const { one, two } = await buildListWorld(database);
  const { leave } = await holdLock(database.url, one);
  const gateway = await createGateway({}, database);
  return {
    ...gateway,
    one,
    two,
    async close() {
      await leave();
      await gateway.close();
    },
  };
}

async function buildListWorld(world: TestDatabase): Promise<{ one: string; two: string }> {
  const one = await found(world, {
    displayName: 'Étoile & Co',
    externalId: 'crm-1',
    metadata: { plan: 'gold' },
    seatLimit: 500,
  });
  const two = await found(world, { displayName: 'Beta 100%', externalId: 'crm-2' });
  await found(world, { displayName: 'beta 100', metadata: { plan: 'free' } });
  await world.query(
    `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
     VALUES (gen_random_uuid(), $1, NULL, 'support', 'Support', '{}', now(), now()),
       (gen_random_uuid(), $2, $2, 'support', 'Support of one', '{}', now(), now())`,
    [NIL_UUID, one],
  );
  const rows = Array.from({ length: 70 }, (_, n): MemberInput => memberInput(one, n));
  const at = (from: number, to: number, status: MemberInput['status']) =>
    rows.slice(from, to).map((row) => ({ ...row, status }));
  const act_ = (ahead: number, members: MemberInput[]) =>
    act(world, [one], (tx) => addMembers(tx, members, { act: 'import' }), ahead);
  // Expired long ago, and settled by the acts that follow.
  await act_(-9 * 24 * HOUR, at(0, 8, 'PENDING_INVITE'));
  await act_(0, at(8, 45, 'ACTIVE'));
  await act_(0, at(45, 50, 'SUSPENDED'));
  await act_(0, at(50, 56, 'REMOVED'));
  await act_(0, at(56, 60, 'PENDING_INVITE'));
  const timed = await act_(0, at(60, 66, 'ACTIVE'));
  const idsOf = (outcomes: typeof timed) =>
    outcomes.flatMap((row) => ('membershipId' in row ? [row.membershipId] : []));
  const until = (hours: number) => new Date(Date.now() + hours * HOUR);
  await act(world, [one], (tx) =>
    suspendMembers(
      tx,
      idsOf(timed)
        .slice(0, 3)
        .map((membershipId) => ({ membershipId, until: until(5) })),
    ),
  );
  await assignRoles(world, one);
  await act(world, [two], (tx) =>
    addMembers(
      tx,
      Array.from({ length: 30 }, (_, n) => memberInput(two, 2 * n)),
      { act: 'import' },
    ),
  );
  await act(world, [], (tx) =>
    addUsers(
      tx,
      ['loner@example.com', 'loner@beta.example'].map((email) => ({ email, name: 'Löner' })),
      { act: 'create' },
    ),
  );
  // From here on no act may touch the first organization: it would settle what is to stay overdue.
  await act(
    world,
    [one],
    (tx) =>
      suspendMembers(
        tx,
        idsOf(timed)
          .slice(3)
          .map((membershipId) => ({ membershipId, until: until(-1) })),
      ),
    -2 * HOUR,
  );
  await act_(-8 * 24 * HOUR, at(66, 70, 'PENDING_INVITE'));
  return { one, two };
}

function memberInput(organizationId: string, n: number): MemberInput {
  const bag = bags[n % bags.length] ?? {};
  return {
    organizationId,
    email: `p${n % 10}.${n}@${n % 3 ? 'example.com' : 'beta.example'}`,
    name: names[n % names.length],
    metadata: bag,
    untrustedMetadata: bags[(n + 1) % bags.length],
    joinedAt: n % 4 ? new Date(Date.UTC(2024, n % 5, 1)) : null,
    roleKeys: n % 5 === 0 ? ['admin', 'member'] : undefined,
  };
}

/** Roles of the same key, of the environment and of the organization, and one role from two sources. */
async function assignRoles(world: TestDatabase, organizationId: string): Promise<void> {
  await world.query(
    `INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind, granted_at)
     SELECT m.organization_id, m.id, r.scope_id, r.id, source::role_source, 'SYSTEM', now()
     FROM (SELECT *, row_number() OVER (ORDER BY email_key) AS n FROM membership WHERE organization_id = $1) AS m
     JOIN role r ON r.key = 'support' OR r.key = 'admin', unnest(ARRAY['GROUP', 'SSO_CONNECTION']) AS source
     WHERE m.status IN ('ACTIVE', 'SUSPENDED')
       AND CASE WHEN r.key = 'admin' THEN m.n % 4 = 0 WHEN r.organization_id IS NULL THEN m.n % 3 = 0 ELSE m.n % 2 = 0 END`,
    [organizationId],
  );
}
