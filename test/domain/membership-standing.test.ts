import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LastOwnerError } from '../../src/domain/errors.ts';
import { encodeId } from '../../src/domain/id.ts';
import { inviteMembers } from '../../src/domain/invitation.ts';
import { addMembers, removeMembers, suspendMembers } from '../../src/domain/membership.ts';
import { single } from '../../src/domain/outcome.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { act, expectConsistent, found, fresh, join, said, storedMembership } from './world.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

afterEach(() => expectConsistent(db));

afterAll(() => db.close());

const stored = (id: string) => storedMembership(db, id);

describe('seats', () => {
  test('active, invited and timed suspended members take one, others do not', async () => {
    const organizationId = await found(db, { seatLimit: 3 });
    const add = (status: 'ACTIVE' | 'SUSPENDED' | 'PENDING_INVITE' | 'REMOVED') => ({
      organizationId,
      email: `${fresh('seat')}@example.com`,
      status,
    });
    const rows = [
      add('SUSPENDED'),
      add('ACTIVE'),
      add('PENDING_INVITE'),
      add('REMOVED'),
      add('ACTIVE'),
      add('ACTIVE'),
      add('PENDING_INVITE'),
      add('SUSPENDED'),
    ];
    const outcomes = await act(db, [organizationId], (tx) =>
      addMembers(tx, rows, { act: 'import' }),
    );
    expect(said(outcomes)).toEqual([
      ...Array(5).fill('created'),
      'SEAT_LIMIT',
      'SEAT_LIMIT',
      'created',
    ]);
    expect(outcomes[5]).toMatchObject({ error: { seatLimit: 3 } });
    const membershipId = outcomes[1]?.outcome === 'created' ? outcomes[1].id : '';
    const addOne = () =>
      act(db, [organizationId], (tx) => addMembers(tx, [add('ACTIVE')], { act: 'import' }));
    const until = new Date(Date.now() + 3_600_000);
    await act(db, [organizationId], (tx) => suspendMembers(tx, [{ membershipId, until }]));
    expect(said(await addOne())).toEqual(['SEAT_LIMIT']);
    await act(db, [organizationId], (tx) => removeMembers(tx, [{ membershipId }]));
    expect(said(await addOne())).toEqual(['created']);
    expect(said(await addOne())).toEqual(['SEAT_LIMIT']);
  });

  test('two acts in one transaction share them', async () => {
    const organizationId = await found(db, { seatLimit: 1 });
    const row = () => [{ organizationId, email: `${fresh('seat')}@example.com` }];
    const outcomes = await act(db, [organizationId], async (tx) => [
      ...(await addMembers(tx, row(), { act: 'add' })),
      ...(await addMembers(tx, row(), { act: 'add' })),
    ]);
    expect(said(outcomes)).toEqual(['created', 'SEAT_LIMIT']);
  });
});

describe('inviting', () => {
  test('an invitation says what it offers, until when, and by whom', async () => {
    const organizationId = await found(db);
    const rows = [
      {
        organizationId,
        email: `${fresh('guest')}@example.com`,
        roleKeys: ['admin'],
        name: 'Guest',
        message: 'Hello,\ncome in.',
        expiresInSeconds: 600,
        redirectUrl: 'https://app.example.com/welcome',
      },
    ];
    const { id } = single(
      await act(db, [organizationId], (tx) => inviteMembers(tx, rows, { isSent: false })),
    );
    const membership = await stored(id);
    expect(membership).toMatchObject({
      status: 'PENDING_INVITE',
      provisioningMethod: 'INVITATION',
      roleAssignments: [],
      user: { invitedOnly: true, name: null },
      invitations: [{ message: 'Hello,\ncome in.', inviterKind: 'SYSTEM', sentAt: null }],
    });
    const [invitation] = membership.invitations;
    expect(invitation?.expiresAt.getTime()).toBe(membership.createdAt.getTime() + 600_000);
    const [event] = await db.database.prisma.event.findMany({
      where: { membershipId: id },
      include: { detail: true },
    });
    expect(event).toMatchObject({ cause: 'INVITED', invitationId: invitation?.id });
    expect(event?.detail?.detail).toMatchObject({
      roles: [{ key: 'admin', source: 'INVITATION' }],
    });
  });

  test('who is invited, a member or suspended is not invited again; who left is', async () => {
    const organizationId = await found(db);
    const people = await Promise.all([
      join(db, organizationId, { status: 'PENDING_INVITE' }),
      join(db, organizationId),
      join(db, organizationId, { status: 'SUSPENDED' }),
      join(db, organizationId, { status: 'REMOVED' }),
    ]);
    const rows = people.map(({ email }) => ({ organizationId, email }));
    const outcomes = await act(db, [organizationId], (tx) =>
      inviteMembers(tx, rows, { isSent: false }),
    );
    expect(said(outcomes)).toEqual([
      'ALREADY_INVITED',
      'ALREADY_MEMBER',
      'INVALID_TRANSITION',
      'changed',
    ]);
    const open = await stored(people[0]?.id ?? '');
    expect(outcomes[0]).toMatchObject({
      error: { invitationId: encodeId('inv', open.invitations[0]?.id ?? '') },
    });
  });

  test('the policy of the organization decides who may be invited', async () => {
    const closed = await found(db, { settings: { emailInvites: 'NOT_ALLOWED' } });
    const restricted = await found(db, {
      settings: { emailInvites: 'RESTRICTED', allowedDomains: ['Example.com'] },
    });
    const rows = [
      { organizationId: closed, email: 'a@example.com' },
      { organizationId: restricted, email: 'a@example.com' },
      { organizationId: restricted, email: 'a@sub.example.com' },
    ];
    const outcomes = await act(db, [closed, restricted], (tx) =>
      inviteMembers(tx, rows, { isSent: false }),
    );
    expect(said(outcomes)).toEqual(['INVITES_NOT_ALLOWED', 'created', 'DOMAIN_NOT_ALLOWED']);
    expect(outcomes[2]).toMatchObject({ error: { allowedDomains: ['example.com'] } });
  });
});

describe('suspending and removing', () => {
  test('the reason and the roles stand in the detail of the event, with the person', async () => {
    const organizationId = await found(db);
    const member = await join(db, organizationId, { roleKeys: ['admin'] });
    const { membershipId } = member;
    await act(db, [organizationId], (tx) =>
      suspendMembers(tx, [{ membershipId, reason: ' Lost laptop ' }]),
    );
    expect(await stored(member.id)).toMatchObject({
      status: 'SUSPENDED',
      statusReason: 'Lost laptop',
      roleAssignments: [{ source: 'DIRECT' }],
    });
    await act(db, [organizationId], (tx) => removeMembers(tx, [{ membershipId }]));
    expect(await stored(member.id)).toMatchObject({
      status: 'REMOVED',
      statusReason: null,
      roleAssignments: [],
    });
    const details = await db.database.prisma.eventDetail.findMany({
      where: { membershipId, userId: member.userId },
      orderBy: { event: { sequence: 'asc' } },
    });
    expect(details.map(({ reason, detail }) => [reason, detail])).toMatchObject([
      [null, { roles: [{ key: 'admin', source: 'DIRECT' }] }],
      ['Lost laptop', {}],
      [null, { roles: [{ key: 'admin', source: 'DIRECT' }] }],
    ]);
  });

  test('removing revokes the open invitation', async () => {
    const organizationId = await found(db);
    const { membershipId } = await join(db, organizationId, { status: 'PENDING_INVITE' });
    await act(db, [organizationId], (tx) => removeMembers(tx, [{ membershipId }]));
    const { invitations } = await stored(membershipId);
    expect(invitations).toMatchObject([{ status: 'REVOKED', revokedAt: expect.any(Date) }]);
  });

  test('the last owner stays: each row is judged as if it came alone after those before it', async () => {
    const organizationId = await found(db);
    const owners = await Promise.all(
      [1, 2, 3].map(() => join(db, organizationId, { roleKeys: ['owner'] })),
    );
    const member = await join(db, organizationId);
    const rows = [...owners, member].map(({ membershipId }) => ({ membershipId }));
    const outcomes = await act(db, [organizationId], async (tx) => [
      ...(await suspendMembers(tx, rows.slice(0, 1))),
      ...(await removeMembers(tx, rows)),
    ]);
    expect(said(outcomes)).toEqual(['changed', 'changed', 'changed', 'LAST_OWNER', 'changed']);
    expect(outcomes[3]).toMatchObject({
      error: { organizationIds: [encodeId('org', organizationId)] },
    });
    expect(outcomes[3]).toMatchObject({ error: expect.any(LastOwnerError) });
  });

  test('an organization that never had an owner may lose its members', async () => {
    const organizationId = await found(db);
    const { membershipId } = await join(db, organizationId);
    const outcomes = await act(db, [organizationId], (tx) => removeMembers(tx, [{ membershipId }]));
    expect(said(outcomes)).toEqual(['changed']);
  });

  test('a suspension ends later than now', async () => {
    const organizationId = await found(db);
    const { membershipId } = await join(db, organizationId);
    const past = [{ membershipId, until: new Date(Date.now() - 1000) }];
    const outcomes = await act(db, [organizationId], (tx) => suspendMembers(tx, past));
    expect(said(outcomes)).toEqual(['INVALID_INPUT']);
  });
});
