import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh, join } from '../domain/world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { mutate, type Result } from './membership-moves.ts';

let world: PeopleGateway;
let id: string;

beforeAll(async () => {
  world = await createPeopleGateway();
  id = await found(world);
  await join(world, id, { roleKeys: ['owner'] });
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

function leave(
  membershipId: string,
  credential: string | null,
  more: object = {},
): Promise<Result> {
  const input = { membershipId: encodeId('mbr', membershipId), ...more };
  return mutate(
    world,
    'membershipLeave',
    input,
    credential,
    '... on ConflictError { currentVersion } ... on LastOwnerError { organizations { id } } ... on InvalidTransitionError { status }',
  );
}

const VIEWER = `query ($id: ID!) { viewer { permissions(organizationId: $id) }
  organization(by: { id: $id }) { displayName memberships { totalCount } } }`;

test('a member leaves, for a reason, and has no rights any more', async () => {
  const member = await join(world, id, { roleKeys: ['admin'] });
  const token = await world.tokenOf(member.email);
  const left = await leave(member.membershipId, token, { reason: 'Another job.' });
  expect(left.membership).toMatchObject({ status: 'REMOVED', statusReason: 'Another job.' });
  const { data } = await world.ask(VIEWER, { id: encodeId('org', id) }, token);
  expect(data).toMatchObject({
    viewer: { permissions: [] },
    organization: { memberships: null },
  });
  const events = await world.query(
    `SELECT cause, actor_kind FROM event WHERE membership_id = $1 ORDER BY sequence DESC LIMIT 1`,
    [member.membershipId],
  );
  expect(events).toEqual([{ cause: 'LEFT', actor_kind: 'USER' }]);
  expect(await leave(member.membershipId, token)).toMatchObject({
    code: 'INVALID_TRANSITION',
    status: 'REMOVED',
  });
});

test('a sign-in that does not meet the policy is enough to leave', async () => {
  const strict = await found(world, {
    settings: { authMethods: 'RESTRICTED', allowedAuthMethods: ['SSO'], mfaPolicy: 'REQUIRED' },
  });
  await join(world, strict, { roleKeys: ['owner'] });
  const member = await join(world, strict);
  const token = await world.tokenOf(member.email);
  expect((await leave(member.membershipId, token)).membership?.status).toBe('REMOVED');
});

test('an owner leaves, but not the last one', async () => {
  const other = await found(world);
  const [one, two] = [
    await join(world, other, { roleKeys: ['owner'] }),
    await join(world, other, { roleKeys: ['owner'] }),
  ];
  const said = await Promise.all(
    [one, two].map(async ({ membershipId, email }) =>
      leave(membershipId, await world.tokenOf(email)),
    ),
  );
  expect(said.map(({ code }) => code ?? 'left').sort()).toEqual(['LAST_OWNER', 'left']);
  expect(said.find(({ code }) => code)?.organizations).toEqual([{ id: encodeId('org', other) }]);
});

test('it is refused at another version than the expected one', async () => {
  const member = await join(world, id);
  const token = await world.tokenOf(member.email);
  const said = await leave(member.membershipId, token, { expectedVersion: 99 });
  expect(said).toMatchObject({ code: 'CONFLICT', currentVersion: expect.any(Number) });
});

describe('nobody leaves for somebody else', () => {
  it.each([
    ['an owner', ['owner'], 'FORBIDDEN'],
    ['an admin', ['admin'], 'FORBIDDEN'],
    ['a member', ['member'], 'FORBIDDEN'],
  ])('%s', async (_, roleKeys, code) => {
    const actor = await join(world, id, { roleKeys });
    const member = await join(world, id);
    const token = await world.tokenOf(actor.email);
    expect((await leave(member.membershipId, token)).code).toBe(code);
  });

  it('a key, an outsider, nobody', async () => {
    const member = await join(world, id);
    expect((await leave(member.membershipId, world.key)).code).toBe('FORBIDDEN');
    const outsider = await world.tokenOf(`${fresh('outsider')}@example.com`);
    expect((await leave(member.membershipId, outsider)).code).toBe('NOT_FOUND');
    expect((await leave(member.membershipId, null)).code).toBe('NOT_FOUND');
    expect((await leave(crypto.randomUUID(), outsider)).code).toBe('NOT_FOUND');
  });
});
