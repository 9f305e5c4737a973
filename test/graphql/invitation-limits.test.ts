import { afterAll, beforeAll, expect, it } from 'vitest';
import { fresh } from '../domain/world.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { addPerson, change, foundTenant, invite, saidBy } from './invitation-world.ts';

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway({
    gateway: {
      GATEHOUSE_INVITATIONS_PER_INVITER: '3',
      GATEHOUSE_INVITATIONS_PER_ORGANIZATION: '5',
      GATEHOUSE_INVITATIONS_PER_RECIPIENT: '2',
    },
  });
});

afterAll(() => world.close());

const HOUR = 3_600_000;

function create(organizationId: string, credential: string, email = `${fresh('g')}@example.com`) {
  return change(world, 'invitationCreate', { organizationId, email }, credential);
}

it('lets an inviter send so many an hour, from wherever', async () => {
  const here = await foundTenant(world);
  const there = await foundTenant(world);
  const { token } = here.owner;
  await world.ask(
    'mutation ($input: MembershipCreateInput!) { membershipCreate(input: $input) { __typename } }',
    {
      input: {
        organization: { id: there.organizationId },
        user: { email: here.owner.email },
        roleKeys: ['admin'],
      },
    },
  );
  const said = [];
  for (const { organizationId } of [here, there, here, there]) {
    said.push(await create(organizationId, token));
  }
  expect(said.map(saidBy)).toEqual([...Array(3).fill('InvitationCreatePayload'), 'RATE_LIMITED']);
  expect(said[3]?.retryAfterMs).toBeGreaterThan(HOUR - 60_000);
  expect(said[3]?.retryAfterMs).toBeLessThanOrEqual(HOUR);
  expect(saidBy(await create(here.organizationId, there.owner.token))).toBe('NOT_FOUND');
  await world.query(
    `UPDATE event SET occurred_at = occurred_at - interval '1 hour' WHERE type = 'INVITATION_SENT' AND actor_id = $1`,
    [here.owner.userId],
  );
  expect(saidBy(await create(here.organizationId, token))).toBe('InvitationCreatePayload');
});

it('lets an organization send so many an hour, by whomever, resends among them', async () => {
  const tenant = await foundTenant(world);
  const { organizationId, owner } = tenant;
  const admin = await addPerson(world, tenant, ['admin']);
  const first = await invite(world, tenant);
  expect(
    saidBy(await change(world, 'invitationResend', { invitationId: first.id }, owner.token)),
  ).toBe('InvitationResendPayload');
  for (let count = 0; count < 3; count += 1) {
    expect(saidBy(await create(organizationId, admin.token))).toBe('InvitationCreatePayload');
  }
  const sixth = await create(organizationId, owner.token);
  expect(sixth).toMatchObject({
    code: 'RATE_LIMITED',
    message: 'An organization sends at most 5 invitations an hour.',
  });
  const resent = await change(world, 'invitationResend', { invitationId: first.id }, owner.token);
  expect(saidBy(resent)).toBe('RATE_LIMITED');
});

it('lets an address get so many a day, from whichever organizations', async () => {
  const tenants = await Promise.all([1, 2, 3].map(() => foundTenant(world)));
  const email = `${fresh('popular')}@example.com`;
  const said = [];
  for (const { organizationId, owner } of tenants) {
    said.push(await create(organizationId, owner.token, email));
  }
  expect(said.map(saidBy)).toEqual([...Array(2).fill('InvitationCreatePayload'), 'RATE_LIMITED']);
  expect(said[2]?.retryAfterMs).toBeGreaterThan(23 * HOUR);
  const { organizationId, owner } = tenants[2] ?? {};
  expect(saidBy(await create(organizationId ?? '', owner?.token ?? ''))).toBe(
    'InvitationCreatePayload',
  );
});

it('refuses of many those that are too many', async () => {
  const tenant = await foundTenant(world);
  const rows = Array.from({ length: 5 }, () => ({ email: `${fresh('row')}@example.com` }));
  const { organizationId } = tenant;
  const result = await change(
    world,
    'invitationBulkCreate',
    { organizationId, rows },
    tenant.owner.token,
  );
  const codes = (result.results as { code?: string }[]).map(({ code }) => code ?? null);
  expect(codes).toEqual([null, null, null, 'RATE_LIMITED', 'RATE_LIMITED']);
});

it('never lets more through at once, be it from many organizations', async () => {
  const email = `${fresh('inviter')}@example.com`;
  const token = await world.tokenOf(email);
  const tenants = await Promise.all(Array.from({ length: 6 }, () => foundTenant(world)));
  for (const { organizationId } of tenants) {
    await world.ask(
      'mutation ($input: MembershipCreateInput!) { membershipCreate(input: $input) { __typename } }',
      { input: { organization: { id: organizationId }, user: { email }, roleKeys: ['admin'] } },
    );
  }
  const said = await Promise.all(
    tenants.map(({ organizationId }) => create(organizationId, token)),
  );
  expect(said.map(saidBy).sort()).toEqual([
    ...Array(3).fill('InvitationCreatePayload'),
    ...Array(3).fill('RATE_LIMITED'),
  ]);
});
