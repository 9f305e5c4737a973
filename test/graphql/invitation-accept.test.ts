import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { fresh, join } from '../domain/world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import {
  addPerson,
  change,
  expire,
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

describe('an invitation that is not open', () => {
  it('says what became of it', async () => {
    const tenant = await foundTenant(world);
    const revoked = await invited(tenant);
    await change(world, 'invitationRevoke', { invitationId: revoked.invitation.id, reason: 'No' });
    expect(await accept(revoked.token)).toMatchObject({
      code: 'INVITATION_REVOKED',
      became: 'REVOKED',
    });
    const declined = await invited(tenant);
    const no = await change(world, 'invitationDecline', { token: declined.token }, null);
    expect(saidBy(no)).toBe('InvitationDeclinePayload');
    expect(await change(world, 'invitationDecline', { token: declined.token }, null)).toEqual(no);
    expect(await accept(declined.token)).toMatchObject({
      code: 'INVITATION_DECLINED',
      became: 'DECLINED',
    });
    const expired = await invited(tenant);
    await expire(world, uuidOf(expired.invitation.membership.id));
    expect(await accept(expired.token)).toMatchObject({
      code: 'INVITATION_EXPIRED',
      expiredAt: expect.any(String),
    });
    expect(await change(world, 'invitationDecline', { token: expired.token }, null)).toMatchObject({
      code: 'INVITATION_EXPIRED',
    });
    for (const token of [
      '',
      'x',
      revoked.token.toLowerCase(),
      `${revoked.token}a`,
      '💥'.repeat(99),
    ]) {
      expect(await accept(token)).toMatchObject({ code: 'INVITATION_INVALID', became: null });
    }
  });

  it('is good for its last mail only', async () => {
    const tenant = await foundTenant(world);
    const { invitation, token } = await invited(tenant);
    const resent = await change(world, 'invitationResend', { invitationId: invitation.id });
    expect(resent).toMatchObject({ invitation: { sendCount: 2, status: 'PENDING' } });
    expect(saidBy(await accept(token))).toBe('INVITATION_INVALID');
    const second = await tokenOf(world, invitation.id, 2);
    expect(saidBy(await accept(second))).toBe('InvitationAcceptPayload');
    expect(saidBy(await change(world, 'invitationResend', { invitationId: invitation.id }))).toBe(
      'INVITATION_INVALID',
    );
  });

  it('opens again when it is resent', async () => {
    const tenant = await foundTenant(world, { seatLimit: 2 });
    const { invitation } = await invited(tenant);
    await expire(world, uuidOf(invitation.membership.id));
    const member = await addPerson(world, tenant, []);
    const full = await change(world, 'invitationResend', { invitationId: invitation.id });
    expect(full).toMatchObject({ code: 'SEAT_LIMIT', seatLimit: 2 });
    await world.query('UPDATE organization SET seat_limit = 3 WHERE id = $1', [tenant.id]);
    const resent = await change(world, 'invitationResend', { invitationId: invitation.id });
    expect(resent).toMatchObject({ invitation: { membership: { status: 'PENDING_INVITE' } } });
    expect(saidBy(await accept(await tokenOf(world, invitation.id, 2)))).toBe(
      'InvitationAcceptPayload',
    );
    expect(member.membershipId).toBeTruthy();
  });
});

describe('an inviter who no longer may', () => {
  it.each(['removed', 'demoted', 'suspended'])(
    '%s: the invitation is taken back, and says why to those inside',
    async (how) => {
      const tenant = await foundTenant(world);
      const inviter = await addPerson(world, tenant, ['admin']);
      const { invitation, token } = await invitedBy(tenant, inviter.token, { roleKeys: ['admin'] });
      if (how === 'removed') {
        await world.query(`UPDATE membership SET status = 'REMOVED' WHERE id = $1`, [
          inviter.membershipId,
        ]);
      } else if (how === 'suspended') {
        await world.query(`UPDATE membership SET status = 'SUSPENDED' WHERE id = $1`, [
          inviter.membershipId,
        ]);
      } else {
        await world.query(
          `UPDATE role_assignment SET role_id = (SELECT id FROM role WHERE key = 'member' AND organization_id IS NULL) WHERE membership_id = $1`,
          [inviter.membershipId],
        );
      }
      expect(await accept(token)).toMatchObject({
        code: 'INVITATION_REVOKED',
        message: 'The invitation was taken back.',
      });
      const { data } = await world.ask<{ node: object }>(
        `query ($id: ID!) { node(id: $id) { ... on Invitation { status membership { status statusReason } } } }`,
        { id: invitation.id },
        tenant.owner.token,
      );
      expect(data?.node).toEqual({
        status: 'REVOKED',
        membership: { status: 'REMOVED', statusReason: expect.stringContaining('inviter') },
      });
      // The status was set past all rules.
      await world.query(`UPDATE membership SET status = 'ACTIVE' WHERE id = $1`, [
        inviter.membershipId,
      ]);
    },
  );

  it('is stood in for by whoever sends it again', async () => {
    const tenant = await foundTenant(world);
    const inviter = await addPerson(world, tenant, ['admin']);
    const { invitation } = await invitedBy(tenant, inviter.token, {
      roleKeys: ['admin'],
      message: 'See you',
    });
    const removed = await change(
      world,
      'membershipRemove',
      { membershipId: inviterId(inviter.membershipId) },
      tenant.owner.token,
    );
    expect(removed).toMatchObject({
      openInvitations: { totalCount: 1, nodes: [{ id: invitation.id, status: 'PENDING' }] },
    });
    const resent = await change(
      world,
      'invitationResend',
      { invitationId: invitation.id },
      tenant.owner.token,
    );
    expect(resent).toMatchObject({ invitation: { message: null } });
    const second = await tokenOf(world, invitation.id, 2);
    expect(saidBy(await accept(second))).toBe('InvitationAcceptPayload');
  });

  it('takes along what they offered when whoever removes them says so', async () => {
    const tenant = await foundTenant(world);
    const inviter = await addPerson(world, tenant, ['admin']);
    const { token } = await invitedBy(tenant, inviter.token);
    const other = await invited(tenant);
    const removed = await change(
      world,
      'membershipRemove',
      { membershipId: inviterId(inviter.membershipId), revokeInvitations: true, reason: 'Left' },
      tenant.owner.token,
    );
    expect(removed).toMatchObject({ openInvitations: { totalCount: 0, nodes: [] } });
    expect(saidBy(await accept(token))).toBe('INVITATION_REVOKED');
    expect(saidBy(await accept(other.token))).toBe('InvitationAcceptPayload');
  });

  it('counts by the roles of a key, too', async () => {
    const tenant = await foundTenant(world);
    const { data } = await world.ask<{ apiKeyCreate: { secret: string; apiKey: { id: string } } }>(
      `mutation ($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) {
        ... on ApiKeyCreatePayload { secret apiKey { id } } } }`,
      {
        input: {
          name: 'Inviter',
          organizationId: tenant.organizationId,
          permissions: ['membership:invite', 'membership:read', 'membership:readDetails'],
        },
      },
    );
    const { secret = '', apiKey } = data?.apiKeyCreate ?? {};
    const { token } = await invitedBy(tenant, secret);
    const second = await invitedBy(tenant, secret);
    expect(saidBy(await accept(token))).toBe('InvitationAcceptPayload');
    await world.ask(
      'mutation ($input: ApiKeyRevokeInput!) { apiKeyRevoke(input: $input) { __typename } }',
      { input: { apiKeyId: apiKey?.id } },
    );
    expect(saidBy(await accept(second.token))).toBe('INVITATION_REVOKED');
  });
});

const inviterId = (uuid: string) => encodeId('mbr', uuid);

async function invitedBy(tenant: Tenant, credential: string, input: Record<string, unknown> = {}) {
  const invitation = await invite(world, tenant, input, credential);
  return { invitation, token: await tokenOf(world, invitation.id) };
}
