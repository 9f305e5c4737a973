import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { inviteMembers } from '../../src/domain/invitation.ts';
import { removeMembers } from '../../src/domain/membership.ts';
import { single } from '../../src/domain/outcome.ts';
import { ALL_PERMISSIONS, BUILT_IN_ROLES } from '../../src/domain/permission.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { type Member, type Move, memberIn, moves, mutate, mutationOf } from './membership-moves.ts';

let world: TestGateway;
let home: string;

beforeAll(async () => {
  world = await createGateway();
  home = await found(world);
  await join(world, home, { roleKeys: ['owner'] });
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

/** Makes the move with the member. */
function make(move: Move, member: Member, more: object = {}, key?: string, shown?: string) {
  return mutate(world, mutationOf(move), { ...moves[move](home, member), ...more }, key, shown);
}

const changes = [
  ['suspend', 'ACTIVE'],
  ['reinstate', 'SUSPENDED'],
  ['remove', 'ACTIVE'],
  ['reactivate', 'REMOVED'],
] as const;

describe.each(changes)('%s', (move, state) => {
  test('says why, in the event and on the membership', async () => {
    const member = await memberIn(state, world, home);
    const reason = 'Grund: „Übergang“\nzweite Zeile 🚪';
    const { membership } = await make(move, member, { reason: `  ${reason} ` });
    expect(membership).toMatchObject({ statusReason: reason });
    const [event] = await world.query(
      `SELECT actor_kind, reason, event_detail.membership_id, event_detail.user_id
       FROM event JOIN event_detail ON event_id = event.id WHERE event.membership_id = $1
       ORDER BY sequence DESC LIMIT 1`,
      [member.membershipId],
    );
    expect(event).toEqual({
      actor_kind: 'API_KEY',
      reason,
      membership_id: member.membershipId,
      user_id: member.userId,
    });
  });

  test('refuses reasons that cannot be kept, and ids that are none', async () => {
    const member = await memberIn(state, world, home);
    for (const reason of ['x'.repeat(1001), ' ', 'a\0b', '\ud800']) {
      expect(await make(move, member, { reason })).toMatchObject({
        issues: [{ path: ['reason'] }],
      });
    }
    for (const membershipId of ['', member.membershipId, encodeId('usr', member.membershipId)]) {
      expect(await make(move, member, { membershipId })).toMatchObject({
        issues: [{ path: ['membershipId'] }],
      });
    }
  });

  test('refuses a version that is not the one', async () => {
    const member = await memberIn(state, world, home);
    const shown = '... on ConflictError { currentVersion }';
    const [{ version = 0 } = {}] = await world.query<{ version: number }>(
      'SELECT version FROM membership WHERE id = $1',
      [member.membershipId],
    );
    for (const expectedVersion of [version - 1, version + 1, 0, -1]) {
      expect(await make(move, member, { expectedVersion }, undefined, shown)).toMatchObject({
        code: 'CONFLICT',
        currentVersion: version,
      });
    }
    expect(await make(move, member, { expectedVersion: version })).toMatchObject({
      membership: { version: version + 1 },
    });
  });

  test('made five times at once happens once', async () => {
    const member = await memberIn(state, world, home);
    const results = await Promise.all(Array.from({ length: 5 }, () => make(move, member)));
    expect(results.map(({ code }) => code ?? 'done').sort()).toEqual([
      ...Array(4).fill('INVALID_TRANSITION'),
      'done',
    ]);
  });
});

describe('reinstating', () => {
  const shown = '... on SeatLimitError { seatLimit }';

  test('takes a seat again where the suspension gave it up', async () => {
    const id = await found(world, { seatLimit: 1 });
    const open = await memberIn('SUSPENDED', world, id);
    const other = await join(world, id);
    expect(await make('reinstate', open, {}, undefined, shown)).toMatchObject({
      code: 'SEAT_LIMIT',
      seatLimit: 1,
    });
    await make('remove', other);
    expect(await make('reinstate', open)).toMatchObject({ membership: { status: 'ACTIVE' } });
  });

  test('needs no seat where the suspension was timed, even of a limit that sank', async () => {
    const id = await found(world, { seatLimit: 1 });
    const timed = await memberIn('SUSPENDED, timed', world, id);
    await world.query('UPDATE organization SET seat_limit = 0 WHERE id = $1', [id]);
    expect(await make('reinstate', timed)).toMatchObject({ membership: { status: 'ACTIVE' } });
    const [stored] = await world.query(
      'SELECT status_deadline, status_reason FROM membership WHERE id = $1',
      [timed.membershipId],
    );
    expect(stored).toEqual({ status_deadline: null, status_reason: null });
  });

  test('the roles are as they were', async () => {
    const member = await memberIn('SUSPENDED', world, home, ['admin']);
    expect(await make('reinstate', member)).toMatchObject({
      membership: { roleAssignments: [{ role: { key: 'admin' }, source: 'DIRECT' }] },
    });
  });
});

describe('owners', () => {
  test('the last one stays', async () => {
    const id = await found(world);
    const owner = await join(world, id, { roleKeys: ['owner'] });
    await memberIn('SUSPENDED', world, id, ['owner']);
    await join(world, id, { roleKeys: ['admin'] });
    const shown = '... on LastOwnerError { organizations { id } }';
    for (const move of ['suspend', 'remove', 'delete'] as const) {
      expect(await make(move, owner, {}, undefined, shown), move).toMatchObject({
        code: 'LAST_OWNER',
        organizations: [{ id: encodeId('org', id) }],
      });
    }
    const second = await join(world, id, { roleKeys: ['owner'] });
    const both = await Promise.all([make('remove', owner), make('remove', second)]);
    expect(both.map(({ code }) => code ?? 'done').sort()).toEqual(['LAST_OWNER', 'done']);
  });

  test('one who is suspended is for owners too', async () => {
    const admin = await keyWith(world, [...BUILT_IN_ROLES.admin], home);
    const owner = await keyWith(world, [...BUILT_IN_ROLES.owner], home);
    const member = await memberIn('SUSPENDED', world, home, ['owner']);
    for (const move of ['reinstate', 'remove', 'delete'] as const) {
      expect((await make(move, member, {}, admin)).code, move).toBe('FORBIDDEN');
    }
    expect(await make('reinstate', member, {}, owner)).toMatchObject({
      membership: { status: 'ACTIVE' },
    });
  });
});

test('removing takes the roles and the invitation back, and tells which they were', async () => {
  const member = await join(world, home, { roleKeys: ['admin'] });
  expect(await make('remove', member)).toMatchObject({ membership: { roleAssignments: [] } });
  const invited = await memberIn('PENDING_INVITE', world, home);
  await make('remove', invited);
  const details = await world.query(
    `SELECT event.invitation_id IS NOT NULL AS invited, detail->'roles'->0->>'key' AS role
     FROM event LEFT JOIN event_detail ON event_id = event.id
     WHERE event.membership_id = ANY($1) AND cause = 'REMOVED' ORDER BY sequence`,
    [[member.membershipId, invited.membershipId]],
  );
  expect(details).toEqual([
    { invited: false, role: 'admin' },
    { invited: true, role: null },
  ]);
  const [invitation] = await world.query('SELECT status FROM invitation WHERE membership_id = $1', [
    invited.membershipId,
  ]);
  expect(invitation).toEqual({ status: 'REVOKED' });
});

describe('reactivating', () => {
  test('keeps all that is known but the roles', async () => {
    const known = {
      name: 'Zoë 🚀',
      externalId: fresh('E'),
      metadata: { plan: 'gold' },
      untrustedMetadata: { colour: 'blue' },
      joinedAt: new Date('2020-02-02T02:02:02.002Z'),
    };
    const member = await join(world, home, { ...known, roleKeys: ['admin'] });
    await make('remove', member, { reason: 'Gone.' });
    const { membership } = await make('reactivate', member);
    expect(membership).toMatchObject({
      ...known,
      joinedAt: known.joinedAt.toISOString(),
      statusReason: null,
      provisioningMethod: 'IMPORT',
      version: 3,
      roleAssignments: [{ role: { key: 'member' }, source: 'DEFAULT' }],
    });
  });

  test('takes a seat', async () => {
    const id = await found(world, { seatLimit: 1 });
    const member = await memberIn('REMOVED', world, id);
    const other = await join(world, id);
    expect((await make('reactivate', member)).code).toBe('SEAT_LIMIT');
    await make('suspend', other);
    expect(await make('reactivate', member)).toMatchObject({ membership: { status: 'ACTIVE' } });
  });

  test('who never joined is not made a member by those who may not add members', async () => {
    const id = await found(world);
    const email = `${fresh('guest')}@example.com`;
    const invited = single(
      await act(world, [id], (tx) =>
        inviteMembers(tx, [{ organizationId: id, email }], { isSent: false }),
      ),
    );
    const member = { ...invited, email };
    const key = await keyWith(world, [ALL_PERMISSIONS], id);
    const shown = '... on ForbiddenError { permission }';
    expect((await make('reactivate', member, {}, key)).code).toBe('INVALID_TRANSITION');
    await act(world, [id], (tx) => removeMembers(tx, [member]));
    expect(await make('reactivate', member, {}, key, shown)).toMatchObject({
      permission: 'membership:create',
    });
    expect(await make('reactivate', member)).toMatchObject({ membership: { status: 'ACTIVE' } });
    await make('remove', member);
    // They have not come by themselves, although somebody invited them.
    expect(await make('reactivate', member, {}, key)).toMatchObject({
      membership: { status: 'ACTIVE', provisioningMethod: 'ADDED' },
    });
  });
});
