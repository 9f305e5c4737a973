import { afterAll, beforeAll, expect, test } from 'vitest';
import { found, fresh, join } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { type Member, type Move, moves, mutate, mutationOf, nobody } from './membership-moves.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
  await world.query(`UPDATE environment SET memberships_per_user = 'ONE'`);
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

/** The code of the refusal, if there is one. */
async function make(move: Move, organizationId: string, member: Member) {
  return (await mutate(world, mutationOf(move), moves[move](organizationId, member))).code;
}

test('who is a member, suspended or not, is added nowhere else; who is removed or deleted is', async () => {
  const [here, there] = [await found(world), await found(world)];
  const email = `${fresh('one')}@example.com`;
  const first = await join(world, here, { email });
  expect(await make('create', there, first)).toBe('SINGLE_MEMBERSHIP');
  expect(await make('suspend', here, first)).toBeUndefined();
  expect(await make('create', there, first)).toBe('SINGLE_MEMBERSHIP');
  expect(await make('reinstate', here, first)).toBeUndefined();
  expect(await make('create', there, first)).toBe('SINGLE_MEMBERSHIP');
  expect(await make('remove', here, first)).toBeUndefined();
  const second = await join(world, there, { email });
  expect(await make('reactivate', here, first)).toBe('SINGLE_MEMBERSHIP');
  expect(await make('delete', there, second)).toBeUndefined();
  expect(await make('reactivate', here, first)).toBeUndefined();
  expect(await make('create', there, first)).toBe('SINGLE_MEMBERSHIP');
});

test('one person added by five organizations at once is a member of one', async () => {
  const organizations = await Promise.all(Array.from({ length: 5 }, () => found(world)));
  const person = nobody();
  const codes = await Promise.all(organizations.map((id) => make('create', id, person)));
  expect(codes.map((code) => code ?? 'added').sort()).toEqual([
    ...Array(4).fill('SINGLE_MEMBERSHIP'),
    'added',
  ]);
});

test('one person brought back by five organizations at once is a member of one', async () => {
  const organizations = await Promise.all(Array.from({ length: 5 }, () => found(world)));
  const email = `${fresh('back')}@example.com`;
  const members = await Promise.all(
    organizations.map(async (id) => ({
      id,
      member: await join(world, id, { email, status: 'REMOVED', joinedAt: new Date(0) }),
    })),
  );
  const codes = await Promise.all(members.map(({ id, member }) => make('reactivate', id, member)));
  expect(codes.map((code) => code ?? 'back').sort()).toEqual([
    ...Array(4).fill('SINGLE_MEMBERSHIP'),
    'back',
  ]);
});
