import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LastOwnerError } from '../../src/domain/errors.ts';
import { encodeId } from '../../src/domain/id.ts';
import { deleteMembers } from '../../src/domain/membership-delete.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { type Member, memberIn, moves, mutate } from './membership-moves.ts';

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

function remove(member: Member, more: object = {}, key?: string | null, shown?: string) {
  return mutate(world, 'membershipDelete', { ...moves.delete(home, member), ...more }, key, shown);
}

/** The tables in which some row contains the text. */
async function tablesWith(text: string): Promise<string[]> {
  const tables = await world.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  const hits: string[] = [];
  for (const { name } of tables) {
    const rows = await world.query(`SELECT FROM ${name} AS r WHERE strpos(r::text, $1) > 0`, [
      text,
    ]);
    hits.push(...(rows.length > 0 ? [name] : []));
  }
  return hits;
}

describe('the confirmation', () => {
  test('is the address of the member, in any spelling', async () => {
    const member = await join(world, home);
    const other = await join(world, home);
    for (const confirmEmail of ['', 'no address', other.email, `x${member.email}`]) {
      expect(await remove(member, { confirmEmail }), confirmEmail).toMatchObject({
        code: 'INVALID_INPUT',
        issues: [{ path: ['confirmEmail'] }],
      });
    }
    expect(await remove(member, { confirmEmail: ` ${member.email.toUpperCase()}` })).toEqual({
      __typename: 'MembershipDeletePayload',
      deletedMembershipId: encodeId('mbr', member.membershipId),
    });
    expect((await remove(member)).code).toBe('NOT_FOUND');
  });

  test('tests the address only for those who may see it', async () => {
    const member = await join(world, home);
    const held = ['membership:read', 'membership:remove'];
    const shown = '... on ForbiddenError { permission }';
    for (const key of [await keyWith(world, held), await keyWith(world, held, home)]) {
      for (const confirmEmail of [member.email, 'wrong@example.com', 'no address']) {
        expect(await remove(member, { confirmEmail }, key, shown)).toMatchObject({
          permission: 'membership:readDetails',
        });
      }
    }
    const key = await keyWith(world, [...held, 'membership:readDetails'], home);
    expect((await remove(member, {}, key)).code).toBeUndefined();
  });

  test('is of the version that is expected', async () => {
    const member = await join(world, home);
    const shown = '... on ConflictError { currentVersion }';
    expect(await remove(member, { expectedVersion: 2 }, undefined, shown)).toMatchObject({
      code: 'CONFLICT',
      currentVersion: 1,
    });
    expect((await remove(member, { expectedVersion: 1 })).code).toBeUndefined();
  });
});

test('erases what is known of the member, and leaves the person and the facts', async () => {
  const secret = `Geheimnis${crypto.randomUUID().slice(0, 8)}`;
  const email = `${secret.toLowerCase()}@example.com`;
  const invited = await join(world, home, { email, status: 'PENDING_INVITE', name: `${secret} A` });
  await world.query('UPDATE invitation SET message = $2 WHERE membership_id = $1', [
    invited.membershipId,
    secret,
  ]);
  const input = moves.create(home, invited);
  await mutate(world, 'membershipCreate', {
    ...input,
    externalId: secret,
    metadata: { secret },
    untrustedMetadata: { secret },
  });
  const target = { membershipId: encodeId('mbr', invited.membershipId) };
  await mutate(world, 'membershipSuspend', { ...target, reason: secret });
  await mutate(world, 'membershipReinstate', { ...target, reason: `Not ${secret}` });
  await mutate(world, 'membershipRemove', target);
  await mutate(world, 'membershipReactivate', { ...target, roleKeys: ['admin'], reason: secret });
  await mutate(world, 'membershipSuspend', { ...target, reason: secret });
  expect(await tablesWith(secret)).toEqual(['event_detail', 'invitation', 'membership']);

  expect((await remove(invited)).code).toBeUndefined();
  expect(await tablesWith(secret)).toEqual([]);
  expect(await tablesWith(email)).toEqual(['"user"']);
  expect(await tablesWith(invited.membershipId)).toEqual(['event']);
  const facts = await world.query(
    `SELECT cause, previous_status, status, actor_kind FROM event WHERE membership_id = $1 ORDER BY sequence DESC LIMIT 2`,
    [invited.membershipId],
  );
  expect(facts).toEqual([
    { cause: 'DELETED', previous_status: null, status: null, actor_kind: 'API_KEY' },
    { cause: 'SUSPENDED', previous_status: 'ACTIVE', status: 'SUSPENDED', actor_kind: 'API_KEY' },
  ]);
  const [user] = await world.query('SELECT membership_count FROM "user" WHERE email = $1', [email]);
  expect(user).toEqual({ membership_count: 0 });

  const again = await mutate(world, 'membershipCreate', input);
  expect(again.membership).toMatchObject({ name: null, externalId: null, version: 1 });
  expect(again.membership?.id).not.toBe(target.membershipId);
});

test.each(['PENDING_INVITE, overdue', 'SUSPENDED, overdue'] as const)(
  'what is settled on the way leaves no detail either: %s',
  async (state) => {
    const member = await memberIn(state, world, home);
    expect((await remove(member)).code).toBeUndefined();
    const details = await world.query('SELECT FROM event_detail WHERE membership_id = $1', [
      member.membershipId,
    ]);
    expect(details).toEqual([]);
  },
);

test('frees the seat, the external id and the address at once', async () => {
  const id = await found(world, { seatLimit: 1 });
  const member = await join(world, id, { externalId: 'E' });
  const input = { ...moves.create(id, member), externalId: 'E' };
  expect((await mutate(world, 'membershipCreate', input)).code).toBe('ALREADY_MEMBER');
  expect((await remove(member)).code).toBeUndefined();
  expect(await mutate(world, 'membershipCreate', input)).toMatchObject({
    membership: { externalId: 'E', status: 'ACTIVE' },
  });
});

test('five times at once happens once', async () => {
  const member = await join(world, home);
  const results = await Promise.all(Array.from({ length: 5 }, () => remove(member)));
  expect(results.map(({ code }) => code ?? 'done').sort()).toEqual([
    ...Array(4).fill('NOT_FOUND'),
    'done',
  ]);
});

describe('many at once', () => {
  test('name every organization that would lose its last owner, and change nothing', async () => {
    const person = await join(world, home, { roleKeys: ['owner'] });
    const { email } = person;
    const organizations = [await found(world), await found(world), await found(world)];
    const ids = [person.membershipId];
    for (const [index, id] of organizations.entries()) {
      const member = await join(world, id, { email, roleKeys: [index < 2 ? 'owner' : 'admin'] });
      ids.push(member.membershipId);
    }
    const all = [home, ...organizations];
    const refusal = await act(world, all, (tx) => deleteMembers(tx, ids)).catch((error) => error);
    expect(refusal).toBeInstanceOf(LastOwnerError);
    const left = organizations.slice(0, 2).map((id) => encodeId('org', id));
    expect([...refusal.organizationIds].sort()).toEqual(left.sort());
    const stored = () => world.query('SELECT FROM membership WHERE user_id = $1', [person.userId]);
    expect(await stored()).toHaveLength(4);

    for (const id of organizations.slice(0, 2)) {
      await join(world, id, { roleKeys: ['owner'] });
    }
    await act(world, all, (tx) => deleteMembers(tx, [...ids, crypto.randomUUID()]));
    expect(await stored()).toHaveLength(0);
    await act(world, [], (tx) => deleteMembers(tx, []));
  });

  test('need the locks of their organizations', async () => {
    const { membershipId } = await join(world, home);
    await expect(act(world, [], (tx) => deleteMembers(tx, [membershipId]))).rejects.toThrow(/lock/);
  });

  test('take back what the same transaction has said of them', async () => {
    const member = await join(world, home);
    const { membershipId, userId } = member;
    const other = await join(world, home);
    await act(world, [home], async (tx) => {
      const about = { type: 'MEMBERSHIP_UPDATED', cause: 'UPDATED', organizationId: home } as const;
      const said = { reason: fresh('Because '), detail: { changes: [] } };
      tx.append({ ...about, ...said, membershipId, userId });
      tx.append({ ...about, ...said, membershipId: other.membershipId, userId: other.userId });
      await deleteMembers(tx, [membershipId]);
    });
    const details = await world.query(
      `SELECT event.membership_id AS id FROM event_detail JOIN event ON event.id = event_id
       WHERE event.membership_id = ANY($1) AND cause = 'UPDATED'`,
      [[membershipId, other.membershipId]],
    );
    expect(details).toEqual([{ id: other.membershipId }]);
  });
});
