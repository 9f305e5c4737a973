import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { fresh, join } from '../domain/world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import {
  addPerson,
  change,
  foundTenant,
  happened,
  invite,
  saidBy,
  type Tenant,
  tokenOf,
} from './invitation-world.ts';

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway();
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

const uuidOf = (id: string) => decodeId('mbr', id) ?? '';

async function invited(tenant: Tenant, input: Record<string, unknown> = {}) {
  const invitation = await invite(world, tenant, input);
  return { invitation, token: await tokenOf(world, invitation.id) };
}

const accept = (token: string, credential: string | null = null) =>
  change(world, 'invitationAccept', { token }, credential);

async function userOf(email: string) {
  const [user] = await world.query<{
    email_verified: boolean;
    invited_only: boolean;
    name: string;
  }>('SELECT email_verified, invited_only, name FROM "user" WHERE email = $1', [email]);
  return user;
}

describe('somebody without an account', () => {
  it('joins by the link, with the roles on offer and a verified address', async () => {
    const tenant = await foundTenant(world);
    const { invitation, token } = await invited(tenant, { roleKeys: ['admin'], name: 'Guest' });
    expect(invitation).toMatchObject({
      status: 'PENDING',
      sendCount: 1,
      membership: { status: 'PENDING_INVITE', name: 'Guest', roleAssignments: [] },
      roles: [{ key: 'admin' }],
    });
    expect(await userOf(invitation.email)).toMatchObject({ invited_only: true });

    const first = await accept(token);
    expect(first).toEqual({
      __typename: 'InvitationAcceptPayload',
      membershipId: invitation.membership.id,
      status: 'ACTIVE',
      organizationName: expect.stringMatching(/^Organization /),
      membership: null,
    });
    expect(await accept(token)).toEqual(first);
    expect(await userOf(invitation.email)).toMatchObject({
      invited_only: false,
      email_verified: true,
      name: null,
    });
    const { data } = await world.ask<{ membership: object }>(
      `query ($id: ID!) { membership(by: { id: $id }) {
        status provisioningMethod emailVerified invitation { status acceptedAt }
        roleAssignments { role { key } source grantedBy { ... on User { email } } } } }`,
      { id: invitation.membership.id },
    );
    expect(data?.membership).toEqual({
      status: 'ACTIVE',
      provisioningMethod: 'INVITATION',
      emailVerified: true,
      invitation: { status: 'ACCEPTED', acceptedAt: expect.any(String) },
      roleAssignments: [
        { role: { key: 'admin' }, source: 'INVITATION', grantedBy: { email: tenant.owner.email } },
      ],
    });
    expect((await happened(world, tenant.id)).slice(-3)).toEqual([
      'INVITED (none) → PENDING_INVITE by USER',
      'INVITATION_SENT INVITED by USER',
      'ACCEPTED PENDING_INVITE → ACTIVE by ANONYMOUS',
    ]);
  });

  it('gets the default role when none was named', async () => {
    const tenant = await foundTenant(world);
    const { invitation, token } = await invited(tenant);
    await accept(token);
    const rows = await world.query(
      'SELECT key, source FROM role_assignment JOIN role ON role.id = role_id WHERE membership_id = $1',
      [uuidOf(invitation.membership.id)],
    );
    expect(rows).toEqual([{ key: 'member', source: 'DEFAULT' }]);
  });

  it('becomes an owner whom owners invited as one', async () => {
    const tenant = await foundTenant(world);
    const { invitation, token } = await invited(tenant, { roleKeys: ['owner'] });
    await accept(token);
    const own = await world.tokenOf(invitation.email);
    const removed = await change(
      world,
      'membershipRemove',
      { membershipId: await idOf(tenant) },
      own,
    );
    expect(saidBy(removed)).toBe('MembershipRemovePayload');
  });
});

async function idOf(tenant: Tenant) {
  const { data } = await world.ask<{ membership: { id: string } }>(
    `query ($by: MembershipBy!) { membership(by: $by) { id } }`,
    {
      by: {
        organizationAndEmail: { organizationId: tenant.organizationId, email: tenant.owner.email },
      },
    },
  );
  return data?.membership.id;
}

describe('somebody with an account', () => {
  it('joins signed in, and sees the membership', async () => {
    const tenant = await foundTenant(world);
    const email = `${fresh('known')}@example.com`;
    const own = await world.tokenOf(email, { name: 'Known' });
    await world.ask('{ viewer { kind } }', {}, own);
    const { invitation, token } = await invited(tenant, { email, name: 'Somebody else' });
    const result = await accept(token, own);
    expect(result).toMatchObject({
      membershipId: invitation.membership.id,
      membership: { id: invitation.membership.id, status: 'ACTIVE' },
    });
    expect(await userOf(email)).toMatchObject({ name: 'Known' });
    expect(await accept(token, own)).toEqual(result);
  });

  it('joins by the link alone, which changes nothing of the profile', async () => {
    const tenant = await foundTenant(world);
    const email = `${fresh('known')}@example.com`;
    await world.ask('{ viewer { kind } }', {}, await world.tokenOf(email, { name: 'Known' }));
    const { token } = await invited(tenant, { email });
    expect(saidBy(await accept(token))).toBe('InvitationAcceptPayload');
    expect(await userOf(email)).toMatchObject({ name: 'Known', email_verified: true });
  });

  it('is one member who came in another way meanwhile', async () => {
    const tenant = await foundTenant(world);
    const { invitation, token } = await invited(tenant);
    const added = await join(world, tenant.id, { email: invitation.email });
    expect(added.membershipId).toBe(uuidOf(invitation.membership.id));
    expect(await accept(token)).toMatchObject({
      membershipId: invitation.membership.id,
      status: 'ACTIVE',
    });
  });
});

describe('somebody signed in under another address', () => {
  it('is told so, and nothing changes', async () => {
    const tenant = await foundTenant(world);
    const { token } = await invited(tenant);
    const other = await world.tokenOf(`${fresh('other')}@example.com`);
    const before = await happened(world, tenant.id);
    expect(saidBy(await accept(token, other))).toBe('WRONG_ACCOUNT');
    expect(await happened(world, tenant.id)).toEqual(before);
    await accept(token);
    expect(saidBy(await accept(token, other))).toBe('WRONG_ACCOUNT');
  });

  it('takes it where any address may: the membership is theirs', async () => {
    const tenant = await foundTenant(world);
    const { invitation, token } = await invited(tenant, { allowAnyAddress: true });
    const email = `${fresh('other')}@example.com`;
    const other = await world.tokenOf(email);
    const result = await accept(token, other);
    expect(result).toMatchObject({ membershipId: invitation.membership.id, status: 'ACTIVE' });
    expect(await accept(token, other)).toEqual(result);
    const [row] = await world.query(
      `SELECT email, email_key FROM membership JOIN "user" ON "user".id = user_id WHERE membership.id = $1`,
      [uuidOf(invitation.membership.id)],
    );
    expect(row).toEqual({ email, email_key: email });
    expect(await userOf(invitation.email)).toMatchObject({ email_verified: false });
    expect((await happened(world, tenant.id)).slice(-2)).toEqual([
      'MEMBERSHIP_UPDATED EMAIL_CHANGED by USER',
      'ACCEPTED PENDING_INVITE → ACTIVE by USER',
    ]);
    const third = await world.tokenOf(`${fresh('third')}@example.com`);
    expect(saidBy(await accept(token, third))).toBe('WRONG_ACCOUNT');
  });

  it('stays one member who is one already: the invitation ends with theirs', async () => {
    const tenant = await foundTenant(world);
    const member = await addPerson(world, tenant, ['admin']);
    const { invitation, token } = await invited(tenant, { allowAnyAddress: true });
    const result = await accept(token, member.token);
    expect(uuidOf(result.membershipId as string)).toBe(member.membershipId);
    expect(await accept(token, member.token)).toEqual(result);
    const rows = await world.query(
      `SELECT membership.status, invitation.status AS invited FROM invitation
       JOIN membership ON membership.id = membership_id WHERE membership_id = $1`,
      [uuidOf(invitation.membership.id)],
    );
    expect(rows).toEqual([{ status: 'REMOVED', invited: 'ACCEPTED' }]);
  });

  it('gets a membership of their own where the invited one was somebody’s before', async () => {
    const tenant = await foundTenant(world);
    const former = await join(world, tenant.id, {
      email: `${fresh('former')}@example.com`,
      externalId: 'F-1',
      metadata: { badge: 7 },
    });
    const membershipId = encodeId('mbr', former.membershipId);
    await change(world, 'membershipRemove', { membershipId });
    const { token } = await invited(tenant, { email: former.email, allowAnyAddress: true });
    const other = await world.tokenOf(`${fresh('other')}@example.com`);
    const result = await accept(token, other);
    expect(result).toMatchObject({ status: 'ACTIVE', membership: { status: 'ACTIVE' } });
    expect(result.membershipId).not.toBe(membershipId);
    expect(await accept(token, other)).toEqual(result);
    const rows = await world.query(
      'SELECT status, external_id, metadata FROM membership WHERE id = ANY($1) ORDER BY status',
      [[former.membershipId, uuidOf(result.membershipId as string)]],
    );
    expect(rows).toEqual([
      { status: 'ACTIVE', external_id: null, metadata: {} },
      { status: 'REMOVED', external_id: 'F-1', metadata: { badge: 7 } },
    ]);
  });

  it('comes back who was removed, and not who is suspended', async () => {
    const tenant = await foundTenant(world);
    const removed = await join(world, tenant.id, {
      email: `${fresh('gone')}@example.com`,
      status: 'REMOVED',
    });
    const { token } = await invited(tenant, { allowAnyAddress: true });
    const back = await accept(token, await world.tokenOf(removed.email));
    expect(uuidOf(back.membershipId as string)).toBe(removed.membershipId);
    const suspended = await join(world, tenant.id, {
      email: `${fresh('held')}@example.com`,
      status: 'SUSPENDED',
    });
    const second = await invited(tenant, { allowAnyAddress: true });
    const refused = await accept(second.token, await world.tokenOf(suspended.email));
    expect(refused).toMatchObject({ code: 'INVALID_TRANSITION', stands: 'SUSPENDED' });
    expect(saidBy(await accept(second.token))).toBe('InvitationAcceptPayload');
  });

  it('does not come past the domains that the organization takes in', async () => {
    const tenant = await foundTenant(world, {
      settings: { emailInvites: 'RESTRICTED', allowedDomains: ['inside.example'] },
    });
    const { token } = await invited(tenant, {
      email: `${fresh('a')}@inside.example`,
      allowAnyAddress: true,
    });
    const outsider = await world.tokenOf(`${fresh('b')}@outside.example`);
    expect(await accept(token, outsider)).toMatchObject({
      code: 'DOMAIN_NOT_ALLOWED',
      allowedDomains: [],
    });
    const insider = await world.tokenOf(`${fresh('c')}@inside.example`);
    expect(saidBy(await accept(token, insider))).toBe('InvitationAcceptPayload');
  });
});
