import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AlreadyMemberError, InputError } from '../../src/domain/errors.ts';
import { encodeId } from '../../src/domain/id.ts';
import { addMembers } from '../../src/domain/membership.ts';
import { single } from '../../src/domain/outcome.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import {
  act,
  expectConsistent,
  found,
  fresh,
  history,
  join,
  said,
  storedMembership,
} from './world.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

afterEach(() => expectConsistent(db));

afterAll(() => db.close());

const stored = (id: string) => storedMembership(db, id);

const rolesOf = (membership: Awaited<ReturnType<typeof stored>>) =>
  membership.roleAssignments.map(({ role, source }) => `${role.key} ${source}`).sort();

describe('adding', () => {
  test('an address finds or creates its user, and roles come from the row or by default', async () => {
    const organizationId = await found(db);
    const email = `${fresh('Ada')}@Example.com`;
    const [first, second] = await act(db, [organizationId], (tx) =>
      addMembers(
        tx,
        [
          { organizationId, email, name: 'Ada L.', roleKeys: ['owner', 'admin', 'owner'] },
          {
            organizationId,
            email: 'second@example.com',
            joinedAt: new Date('2020-01-01T00:00:00Z'),
          },
        ],
        { act: 'add' },
      ),
    );
    const ada = await stored(first?.outcome === 'created' ? first.id : '');
    expect(ada).toMatchObject({
      status: 'ACTIVE',
      provisioningMethod: 'ADDED',
      name: 'Ada L.',
      nameKey: 'ada l.',
      emailKey: email.toLowerCase(),
      user: { email: email.toLowerCase(), name: null, invitedOnly: false, membershipCount: 1 },
    });
    expect(ada.joinedAt).toEqual(ada.statusChangedAt);
    expect(rolesOf(ada)).toEqual(['admin DIRECT', 'owner DIRECT']);
    const other = await stored(second?.outcome === 'created' ? second.id : '');
    expect(rolesOf(other)).toEqual(['member DEFAULT']);
    expect(other.joinedAt).toEqual(new Date('2020-01-01T00:00:00Z'));
    expect(await history(db, organizationId)).toEqual([
      'CREATED',
      'ADDED: (none) → ACTIVE',
      'ADDED: (none) → ACTIVE',
    ]);
  });

  test("the creator gets the creator's role", async () => {
    const organizationId = await found(db);
    const rows = [{ organizationId, email: `${fresh('creator')}@example.com` }];
    const { id } = single(
      await act(db, [organizationId], (tx) => addMembers(tx, rows, { act: 'create' })),
    );
    const creator = await stored(id);
    expect(rolesOf(creator)).toEqual(['owner DIRECT']);
    expect(creator.provisioningMethod).toBe('CREATOR');
  });

  test('refused rows change nothing and stop no other', async () => {
    const organizationId = await found(db);
    const elsewhere = await found(db);
    const member = await join(db, organizationId);
    const suspended = await join(db, organizationId, { status: 'SUSPENDED' });
    const missing = crypto.randomUUID();
    const role = await db.database.prisma.role.create({
      data: {
        id: crypto.randomUUID(),
        scopeId: elsewhere,
        organizationId: elsewhere,
        key: 'billing',
        displayName: 'Billing',
        permissions: [],
        createdAt: new Date(),
        updatedAt: new Date(),
      },
    });
    const email = 'somebody@example.com';
    const rows = [
      { organizationId, email: 'not an address' },
      { organizationId: missing, email },
      { organizationId, userId: missing },
      { organizationId, userExternalId: 'nobody' },
      { organizationId, email, roleKeys: ['nothing'] },
      { organizationId, email, roleKeys: ['billing'] },
      { organizationId, email, roleIds: [role.id] },
      { organizationId, email, roleIds: [missing], roleKeys: ['member'] },
      { organizationId, email, roleKeys: ['a\0'] },
      { organizationId, email, name: 'a\0' },
      { organizationId, email, name: ' ' },
      { organizationId, email, metadata: { big: 'x'.repeat(5000) } },
      { organizationId, email, joinedAt: new Date(8.64e15) },
      { organizationId, email, userId: member.userId },
      { organizationId, email: member.email },
      { organizationId, email: suspended.email },
      { organizationId, email: 'good@example.com' },
      { organizationId, userId: suspended.userId, status: 'ACTIVE' as const },
    ];
    const outcomes = await act(db, [organizationId, missing], (tx) =>
      addMembers(tx, rows, { act: 'add' }),
    );
    expect(said(outcomes)).toEqual([
      'INVALID_INPUT',
      'NOT_FOUND',
      'NOT_FOUND',
      'NOT_FOUND',
      'INVALID_INPUT',
      'INVALID_INPUT',
      'INVALID_INPUT',
      'INVALID_INPUT',
      'INVALID_INPUT',
      'INVALID_INPUT',
      'INVALID_INPUT',
      'INVALID_INPUT',
      'INVALID_INPUT',
      'INVALID_INPUT',
      'ALREADY_MEMBER',
      'INVALID_TRANSITION',
      'created',
      'INVALID_INPUT',
    ]);
    expect(outcomes[4]).toMatchObject({ error: { issues: [{ path: ['roleKeys', '0'] }] } });
    expect(outcomes[4]).toMatchObject({ error: expect.any(InputError) });
    expect(outcomes[14]).toMatchObject({ error: expect.any(AlreadyMemberError) });
    expect(outcomes[14]).toMatchObject({
      error: { membershipId: encodeId('mbr', member.membershipId) },
    });
    expect(await db.database.prisma.user.count({ where: { email } })).toBe(0);
  });

  test('a membership in an organization that is not locked is a fault', async () => {
    const organizationId = await found(db);
    const rows = [{ organizationId, email: 'x@example.com' }];
    await expect(act(db, [], (tx) => addMembers(tx, rows, { act: 'add' }))).rejects.toThrow(/lock/);
  });

  test('an external id belongs to one membership of the organization', async () => {
    const organizationId = await found(db);
    const elsewhere = await found(db);
    const first = await join(db, organizationId, { externalId: 'E1' });
    await join(db, elsewhere, { externalId: 'E1' });
    const rows = ['E1', 'E2', 'E2'].map((externalId) => ({
      organizationId,
      email: `${fresh('e')}@example.com`,
      externalId,
    }));
    const outcomes = await act(db, [organizationId], (tx) => addMembers(tx, rows, { act: 'add' }));
    expect(said(outcomes)).toEqual(['DUPLICATE_EXTERNAL_ID', 'created', 'DUPLICATE_EXTERNAL_ID']);
    expect(outcomes[0]).toMatchObject({
      error: { existingId: encodeId('mbr', first.membershipId), field: 'externalId' },
    });
  });

  test('the same person twice in a batch: the second row sees the first', async () => {
    const organizationId = await found(db);
    const email = `${fresh('twice')}@example.com`;
    const rows = [
      { organizationId, email, status: 'PENDING_INVITE' as const },
      { organizationId, email: email.toUpperCase() },
      { organizationId, email },
    ];
    const outcomes = await act(db, [organizationId], (tx) =>
      addMembers(tx, rows, { act: 'import' }),
    );
    expect(said(outcomes)).toEqual(['created', 'changed', 'unchanged']);
    expect(new Set(outcomes.map((row) => (row.outcome === 'refused' ? '' : row.id))).size).toBe(1);
    expect(await history(db, organizationId)).toEqual([
      'CREATED',
      'IMPORTED: (none) → PENDING_INVITE',
      'IMPORTED: PENDING_INVITE → ACTIVE',
    ]);
    const { invitations } = await stored(single(outcomes.slice(0, 1)).id);
    expect(invitations.map(({ status }) => status)).toEqual(['ACCEPTED']);
  });
});

describe('importing', () => {
  test('each status is created as such', async () => {
    const organizationId = await found(db);
    const [pending, suspended, removed] = await Promise.all([
      join(db, organizationId, {
        status: 'PENDING_INVITE',
        roleKeys: ['admin'],
        joinedAt: new Date(0),
      }),
      join(db, organizationId, { status: 'SUSPENDED' }),
      join(db, organizationId, { status: 'REMOVED', roleKeys: ['admin'] }),
    ]);
    const invited = await stored(pending.id);
    expect(invited).toMatchObject({
      joinedAt: null,
      roleAssignments: [],
      user: { invitedOnly: true },
    });
    const week = 7 * 86_400_000;
    expect(invited.statusDeadline?.getTime()).toBe(invited.createdAt.getTime() + week);
    expect(invited.invitations).toMatchObject([
      { status: 'PENDING', sendCount: 0, expiresAt: invited.statusDeadline, email: pending.email },
    ]);
    expect(invited.invitations[0]?.roles).toHaveLength(1);
    expect(await stored(suspended.id)).toMatchObject({ status: 'SUSPENDED', statusDeadline: null });
    expect(await stored(removed.id)).toMatchObject({
      status: 'REMOVED',
      roleAssignments: [],
      user: { invitedOnly: false, membershipCount: 0 },
    });
  });

  test('what is there stays, what was offered is taken up, and who was removed stays so unless told', async () => {
    const organizationId = await found(db);
    const members = {
      active: await join(db, organizationId),
      pending: await join(db, organizationId, { status: 'PENDING_INVITE' }),
      suspended: await join(db, organizationId, { status: 'SUSPENDED' }),
      removed: await join(db, organizationId, { status: 'REMOVED' }),
    };
    const again = async (
      who: keyof typeof members,
      status: 'ACTIVE' | 'SUSPENDED' | 'PENDING_INVITE' | 'REMOVED',
      reactivate = false,
    ) => {
      const rows = [{ organizationId, email: members[who].email, status }];
      return said(
        await act(db, [organizationId], (tx) =>
          addMembers(tx, rows, { act: 'import', reactivate }),
        ),
      )[0];
    };
    expect(await again('active', 'REMOVED')).toBe('unchanged');
    expect(await again('pending', 'PENDING_INVITE')).toBe('unchanged');
    expect(await again('pending', 'SUSPENDED')).toBe('INVALID_TRANSITION');
    expect(await again('pending', 'ACTIVE')).toBe('changed');
    expect(await again('suspended', 'SUSPENDED')).toBe('unchanged');
    expect(await again('suspended', 'ACTIVE', true)).toBe('INVALID_TRANSITION');
    expect(await again('removed', 'ACTIVE')).toBe('unchanged');
    expect(await again('removed', 'ACTIVE', true)).toBe('changed');
    const accepted = await stored(members.pending.id);
    expect(accepted).toMatchObject({
      status: 'ACTIVE',
      statusDeadline: null,
      provisioningMethod: 'IMPORT',
      user: { invitedOnly: false },
      invitations: [{ status: 'ACCEPTED' }],
      version: 2,
    });
    expect((await history(db, organizationId)).slice(5)).toEqual([
      'IMPORTED: PENDING_INVITE → ACTIVE',
      'REACTIVATED: REMOVED → ACTIVE',
    ]);
  });

  test('a second import changes nothing', async () => {
    const organizationId = await found(db);
    const rows = Array.from({ length: 20 }, () => ({
      organizationId,
      email: `${fresh('import')}@example.com`,
    }));
    const once = () => act(db, [organizationId], (tx) => addMembers(tx, rows, { act: 'import' }));
    expect(new Set(said(await once()))).toEqual(new Set(['created']));
    const before = await db.query('SELECT xmin::text, * FROM membership ORDER BY id');
    expect(new Set(said(await once()))).toEqual(new Set(['unchanged']));
    expect(await db.query('SELECT xmin::text, * FROM membership ORDER BY id')).toEqual(before);
  });
});
