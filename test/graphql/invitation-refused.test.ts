/** Invitations that cannot be accepted: they are over, or their inviter may not make them any more. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import {
  addPerson,
  change,
  expire,
  foundTenant,
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

async function invited(tenant: Tenant, input: Record<string, unknown> = {}, credential?: string) {
  const invitation = await invite(world, tenant, input, credential);
  return { invitation, token: await tokenOf(world, invitation.id) };
}

const accept = (token: string) => change(world, 'invitationAccept', { token }, null);

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
      const { invitation, token } = await invited(tenant, { roleKeys: ['admin'] }, inviter.token);
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
    const { invitation } = await invited(
      tenant,
      { roleKeys: ['admin'], message: 'See you' },
      inviter.token,
    );
    const removed = await change(
      world,
      'membershipRemove',
      { membershipId: encodeId('mbr', inviter.membershipId) },
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
    const { token } = await invited(tenant, {}, inviter.token);
    const other = await invited(tenant);
    const removed = await change(
      world,
      'membershipRemove',
      {
        membershipId: encodeId('mbr', inviter.membershipId),
        revokeInvitations: true,
        reason: 'Left',
      },
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
    const { token } = await invited(tenant, {}, secret);
    const second = await invited(tenant, {}, secret);
    expect(saidBy(await accept(token))).toBe('InvitationAcceptPayload');
    await world.ask(
      'mutation ($input: ApiKeyRevokeInput!) { apiKeyRevoke(input: $input) { __typename } }',
      { input: { apiKeyId: apiKey?.id } },
    );
    expect(saidBy(await accept(second.token))).toBe('INVITATION_REVOKED');
  });
});
