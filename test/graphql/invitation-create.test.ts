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
  mailOf,
  saidBy,
  tokenOf,
} from './invitation-world.ts';

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway({
    gateway: { GATEHOUSE_REDIRECT_URLS: 'https://app.example/join' },
  });
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

const uuidOf = (id: string) => decodeId('mbr', id) ?? '';

function create(input: Record<string, unknown>, credential?: string) {
  return change(world, 'invitationCreate', input, credential);
}

describe('whom an organization takes in', () => {
  it('is nobody by invitation where that is not allowed', async () => {
    const { organizationId, owner } = await foundTenant(world, {
      settings: { emailInvites: 'NOT_ALLOWED' },
    });
    const result = await create({ organizationId, email: 'a@example.com' }, owner.token);
    expect(result).toMatchObject({ code: 'INVITES_NOT_ALLOWED', allowedDomains: [] });
  });

  it('is who has an address of an allowed domain, which only those may know who read the settings', async () => {
    const tenant = await foundTenant(world, {
      settings: { emailInvites: 'RESTRICTED', allowedDomains: ['inside.example'] },
    });
    const { organizationId } = tenant;
    await world.ask(
      'mutation ($input: RoleCreateInput!) { roleCreate(input: $input) { __typename } }',
      {
        input: {
          organizationId,
          key: 'inviter',
          displayName: 'Inviter',
          permissions: ['membership:invite', 'membership:read'],
        },
      },
    );
    const inviter = await addPerson(world, tenant, ['inviter']);
    const untold = await create({ organizationId, email: 'a@outside.example' }, inviter.token);
    expect(untold).toMatchObject({ code: 'DOMAIN_NOT_ALLOWED', allowedDomains: [] });
    const refused = await create(
      { organizationId, email: 'a@outside.example' },
      tenant.owner.token,
    );
    expect(refused).toMatchObject({
      code: 'DOMAIN_NOT_ALLOWED',
      allowedDomains: ['inside.example'],
    });
    const invitation = await invite(world, tenant, { email: `${fresh('a')}@INSIDE.example` });
    expect(invitation.email).toMatch(/@inside\.example$/);
    await world.query(`UPDATE organization SET email_invites = 'NOT_ALLOWED' WHERE id = $1`, [
      tenant.id,
    ]);
    const again = await change(world, 'invitationResend', { invitationId: invitation.id });
    expect(saidBy(again)).toBe('INVITES_NOT_ALLOWED');
  });

  it('is nobody twice, nobody who is in, and nobody who is suspended', async () => {
    const tenant = await foundTenant(world);
    const { organizationId } = tenant;
    const first = await invite(world, tenant);
    const twice = await create({ organizationId, email: first.email.toUpperCase() });
    expect(twice).toMatchObject({ code: 'ALREADY_INVITED', invitation: { id: first.id } });
    expect(await create({ organizationId, email: tenant.owner.email })).toMatchObject({
      code: 'ALREADY_MEMBER',
      member: { id: expect.stringMatching(/^mbr_/) },
    });
    const held = await join(world, tenant.id, { status: 'SUSPENDED' });
    expect(await create({ organizationId, email: held.email })).toMatchObject({
      code: 'INVALID_TRANSITION',
      stands: 'SUSPENDED',
    });
  });

  it('is as many as there are seats: an open invitation takes one, an expired one gives it back', async () => {
    const tenant = await foundTenant(world, { seatLimit: 2 });
    const { organizationId } = tenant;
    const first = await invite(world, tenant);
    const email = `${fresh('late')}@example.com`;
    expect(await create({ organizationId, email })).toMatchObject({
      code: 'SEAT_LIMIT',
      seatLimit: 2,
    });
    await expire(world, uuidOf(first.membership.id));
    expect(saidBy(await create({ organizationId, email }))).toBe('InvitationCreatePayload');
    const revived = await change(world, 'invitationRevoke', { invitationId: first.id });
    expect(revived).toMatchObject({
      invitation: { status: 'REVOKED', membership: { status: 'REMOVED' } },
    });
  });

  it('includes who was removed, and whose invitation ran out', async () => {
    const tenant = await foundTenant(world);
    const removed = await join(world, tenant.id, { status: 'REMOVED' });
    const back = await invite(world, tenant, { email: removed.email });
    expect(uuidOf(back.membership.id)).toBe(removed.membershipId);
    await expire(world, removed.membershipId);
    const again = await invite(world, tenant, { email: removed.email });
    expect(again.id).not.toBe(back.id);
    const old = await change(world, 'invitationRevoke', { invitationId: back.id });
    expect(saidBy(old)).toBe('INVITATION_EXPIRED');
    expect(saidBy(await change(world, 'invitationResend', { invitationId: back.id }))).toBe(
      'INVITATION_INVALID',
    );
  });
});

describe('what an invitation offers', () => {
  it('is no more than its inviter holds', async () => {
    const tenant = await foundTenant(world);
    const { organizationId } = tenant;
    const admin = await addPerson(world, tenant, ['admin']);
    const email = `${fresh('new')}@example.com`;
    const owner = await create({ organizationId, email, roleKeys: ['owner'] }, admin.token);
    expect(owner).toMatchObject({
      code: 'ROLE_TOO_HIGH',
      permissions: ['organization:delete'],
    });
    const member = await addPerson(world, tenant, ['member']);
    expect(await create({ organizationId, email }, member.token)).toMatchObject({
      code: 'FORBIDDEN',
      permission: 'membership:invite',
    });
    expect(await create({ organizationId, email, metadata: { a: 1 } }, admin.token)).toMatchObject({
      code: 'FORBIDDEN',
      permission: 'trusted:write',
    });
    const stranger = await world.tokenOf(`${fresh('stranger')}@example.com`);
    expect(saidBy(await create({ organizationId, email }, stranger))).toBe('NOT_FOUND');
  });

  it('is a role of this organization', async () => {
    const tenant = await foundTenant(world);
    const { organizationId } = tenant;
    const wrong = await create({ organizationId, email: 'a@example.com', roleKeys: ['nothing'] });
    expect(wrong).toMatchObject({ code: 'INVALID_INPUT', issues: [{ path: ['roleKeys', '0'] }] });
    const both = await create({
      organizationId,
      email: 'a@example.com',
      roleKeys: ['member'],
      roleIds: [encodeId('rol', crypto.randomUUID())],
    });
    expect(both).toMatchObject({ issues: [{ path: ['roleIds'] }] });
  });
});

it.each([
  ['email', { email: 'a@b@c' }, ['email']],
  ['two addresses', { email: 'a@example.com, b@example.com' }, ['email']],
  ['a header', { email: 'a@example.com\nBcc: b@example.com' }, ['email']],
  ['lifetime', { expiresInSeconds: 299 }, ['expiresInSeconds']],
  ['a long lifetime', { expiresInSeconds: 2_592_001 }, ['expiresInSeconds']],
  ['message', { message: 'x'.repeat(2001) }, ['message']],
  ['name', { name: 'a\u0000b' }, ['name']],
  ['locale', { locale: 'no language' }, ['locale']],
  ['redirectUrl', { redirectUrl: 'https://evil.example/' }, ['redirectUrl']],
  ['a redirect beside', { redirectUrl: 'https://app.example/joined' }, ['redirectUrl']],
  ['untrustedMetadata', { untrustedMetadata: { a: 'x'.repeat(5000) } }, ['untrustedMetadata']],
])('refuses a bad %s, by name, and writes nothing', async (_, input, path) => {
  const tenant = await foundTenant(world);
  const { organizationId } = tenant;
  const before = await happened(world, tenant.id);
  const email = `${fresh('x')}@example.com`;
  const result = await create({ organizationId, email, ...input });
  expect(result).toMatchObject({ code: 'INVALID_INPUT', issues: [{ path }] });
  expect(await happened(world, tenant.id)).toEqual(before);
});

describe('the mail', () => {
  it('leads where the inviter may lead, in the language that they named', async () => {
    const tenant = await foundTenant(world, { displayName: 'Société Générale' });
    const invitation = await invite(world, tenant, {
      redirectUrl: 'https://app.example/join/us?from=mail',
      locale: 'fr-CA',
      message: 'Bienvenue <b>!</b>',
    });
    const mail = await mailOf(world, invitation.id);
    expect(mail.text).toMatch(
      /https:\/\/app\.example\/join\/us\?from=mail&token=[\w-]{43}(?![\w-])/,
    );
    expect(mail.subject).toContain('Société Générale');
    expect(mail.html).toContain('Bienvenue &lt;b&gt;!&lt;/b&gt;');
    expect(mail.to).toMatchObject({ text: invitation.email });
    const { data } = await world.ask<{ node: Record<string, unknown> }>(
      'query ($id: ID!) { node(id: $id) { ... on Invitation { sentAt sendCount locale deliveryError } } }',
      { id: invitation.id },
    );
    expect(data?.node).toMatchObject({ sendCount: 1, locale: 'fr-CA', deliveryError: null });
  });

  it('is followed by nothing when its link is looked at, ten times, by GET and HEAD', async () => {
    const tenant = await foundTenant(world);
    const invitation = await invite(world, tenant);
    const token = await tokenOf(world, invitation.id);
    const before = await happened(world, tenant.id);
    for (let time = 0; time < 10; time += 1) {
      for (const method of ['GET', 'HEAD']) {
        const url = `${world.gateway.localUrl}/accept?token=${token}`;
        expect((await fetch(url, { method })).status).toBe(200);
      }
      const { data } = await world.ask<{ invitationPreview: { status: string } }>(
        'query ($token: String!) { invitationPreview(token: $token) { status } }',
        { token },
        null,
      );
      expect(data?.invitationPreview.status).toBe('PENDING');
    }
    expect(await happened(world, tenant.id)).toEqual(before);
  });

  it('tells whoever has the token who invites them where', async () => {
    const tenant = await foundTenant(world, { logoUrl: 'https://logo.example/a.png' });
    await world.query(`UPDATE "user" SET name = 'Ada' WHERE id = $1`, [tenant.owner.userId]);
    const invitation = await invite(world, tenant, { message: 'Come in' });
    const token = await tokenOf(world, invitation.id);
    const preview = async (text: string) =>
      (
        await world.ask<{ invitationPreview: object | null }>(
          `query ($token: String!) { invitationPreview(token: $token) {
            organizationName organizationLogoUrl inviterName message email expiresAt status } }`,
          { token: text },
          null,
        )
      ).data?.invitationPreview;
    expect(await preview(token)).toEqual({
      organizationName: expect.stringMatching(/^Organization /),
      organizationLogoUrl: 'https://logo.example/a.png',
      inviterName: 'Ada',
      message: 'Come in',
      email: invitation.email,
      expiresAt: invitation.expiresAt,
      status: 'PENDING',
    });
    await change(world, 'invitationResend', { invitationId: invitation.id });
    expect(await preview(token)).toBeNull();
    expect(await preview('nothing')).toBeNull();
    const second = await tokenOf(world, invitation.id, 2);
    await expire(world, uuidOf(invitation.membership.id));
    expect(await preview(second)).toMatchObject({ status: 'EXPIRED' });
  });

  it('has the only copy of the token', async () => {
    const tenant = await foundTenant(world);
    const invitation = await invite(world, tenant);
    const token = await tokenOf(world, invitation.id);
    const tables = await world.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname IN ('public', 'pgboss')`,
    );
    expect(tables.length).toBeGreaterThan(20);
    for (const { name } of tables) {
      const [row] = await world.query<{ count: string }>(
        `SELECT count(*) FROM ${name} t WHERE t::text LIKE '%' || $1 || '%'`,
        [token],
      );
      expect(row?.count, name).toBe('0');
    }
  });
});

it('lists invitations by who sent them', async () => {
  const tenant = await foundTenant(world);
  const admin = await addPerson(world, tenant, ['admin']);
  const mine = await invite(world, tenant, {}, admin.token);
  await invite(world, tenant);
  const list = async (filter: object) => {
    const { data, errors } = await world.ask<{
      organization: { invitations: { totalCount: number; nodes: { id: string }[] } };
    }>(
      `query ($id: ID!, $filter: InvitationFilter) { organization(by: { id: $id }) {
        invitations(filter: $filter) { totalCount nodes { id viewerCanResend viewerCanRevoke } } } }`,
      { id: tenant.organizationId, filter },
      tenant.owner.token,
    );
    return errors ?? data?.organization.invitations;
  };
  const found = {
    totalCount: 1,
    nodes: [{ id: mine.id, viewerCanResend: true, viewerCanRevoke: true }],
  };
  const inviterId = encodeId('usr', admin.userId);
  expect(await list({ inviterId })).toEqual(found);
  expect(await list({ inviterId, status: ['PENDING'], search: mine.email.slice(0, 6) })).toEqual(
    found,
  );
  expect(await list({ inviterId, status: ['ACCEPTED'] })).toMatchObject({ totalCount: 0 });
  expect(await list({ inviterId: tenant.organizationId })).toMatchObject([
    { extensions: { code: 'INVALID_INPUT', argument: ['filter', 'inviterId'] } },
  ]);
});
