import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { createIssuersGateway, type IssuersGateway } from '../auth/issuers.ts';
import { fresh } from '../domain/world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import type { PeopleGateway } from '../support/people.ts';
import {
  addPerson,
  change,
  foundTenant,
  happened,
  invite as inviteTo,
  mailOf,
  saidBy,
  type Tenant,
  tokenOf,
} from './invitation-world.ts';
import { say } from './user-asks.ts';

let issuers: IssuersGateway;
/** The same with the people of the issuer that may link every address. */
let world: PeopleGateway;

beforeAll(async () => {
  issuers = await createIssuersGateway();
  const { issuers: all, ...gateway } = issuers;
  const tokenOf: PeopleGateway['tokenOf'] = (...person) => issuers.tokenOf('home', ...person);
  world = { ...gateway, issuer: all.home, tokenOf };
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await issuers.close();
});

const accept = (token: string, credential: string | null = null) =>
  change(world, 'invitationAccept', { token }, credential);

async function invite(tenant: Tenant, input: Record<string, unknown> = {}, credential?: string) {
  const invitation = await inviteTo(world, tenant, input, credential);
  return { ...invitation, token: await tokenOf(world, invitation.id) };
}

/** The user's id (usr_…) of whoever signs in with the token. */
async function signIn(credential: string): Promise<string> {
  const { data } = await world.ask<{ viewer: { user: { id: string } } }>(
    '{ viewer { user { id } } }',
    {},
    credential,
  );
  return data?.viewer.user.id ?? '';
}

/** Does a mutation that has no test of its own here, as the first key unless told otherwise. */
async function ask(name: string, input: Record<string, unknown>, credential?: string) {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const { data, errors } = await world.ask<{ result: Record<string, unknown> }>(
    `mutation ($input: ${type}Input!) { result: ${name}(input: $input) { __typename ... on Error { code message } } }`,
    { input },
    credential,
  );
  expect(errors).toBeUndefined();
  return data?.result;
}

async function membershipOf(id: string) {
  const [row] = await world.query<Record<string, unknown>>(
    `SELECT status, provisioning_method, primary_identity_provider, is_breakglass FROM membership WHERE id = $1`,
    [decodeId('mbr', id)],
  );
  return row;
}

describe('who has another address than the invitation was sent to', () => {
  it('has not shown that the new one is theirs: nobody’s account joins them, and no domain opens', async () => {
    const tenant = await foundTenant(world);
    const email = `${fresh('attacker')}@attacker.example`;
    const own = await issuers.tokenOf('mute', email);
    const id = await signIn(own);
    const { token } = await invite(tenant, { email });
    const victim = `${fresh('victim')}@victim.example`;
    await say(world, 'userUpdate', { user: { id }, email: victim });
    expect(saidBy(await accept(token, own))).toBe('InvitationAcceptPayload');
    const rows = await world.query('SELECT email_verified FROM "user" WHERE email = $1', [victim]);
    expect(rows).toEqual([{ email_verified: false }]);
    expect(await signIn(await world.tokenOf(victim))).toBe('');
  });

  it('is not made a member by whoever reads the mail of the former one', async () => {
    const tenant = await foundTenant(world);
    const typo = `${fresh('jon')}@wrong.example`;
    const { token, membership } = await invite(tenant, { email: typo });
    const [{ id } = { id: '' }] = await world.query<{ id: string }>(
      'SELECT id FROM "user" WHERE email = $1',
      [typo],
    );
    const email = `${fresh('john')}@right.example`;
    await say(world, 'userUpdate', { user: { id: encodeId('usr', id) }, email });
    expect(saidBy(await accept(token))).toBe('WRONG_ACCOUNT');
    expect(saidBy(await accept(token, await world.tokenOf(typo)))).toBe('WRONG_ACCOUNT');
    expect(await membershipOf(membership.id)).toMatchObject({ status: 'PENDING_INVITE' });
    expect(saidBy(await accept(token, await world.tokenOf(email)))).toBe('InvitationAcceptPayload');
  });
});

it('an address that nobody has verified does not get past the domains of an organization', async () => {
  const tenant = await foundTenant(world, {
    settings: { emailInvites: 'RESTRICTED', allowedDomains: ['inside.example'] },
  });
  const { token } = await invite(tenant, {
    email: `${fresh('guest')}@inside.example`,
    allowAnyAddress: true,
  });
  const said = await accept(token, await issuers.tokenOf('mute', 'ceo@inside.example'));
  expect(said).toMatchObject({ code: 'DOMAIN_NOT_ALLOWED' });
  const colleague = await world.tokenOf(`${fresh('colleague')}@inside.example`);
  expect(saidBy(await accept(token, colleague))).toBe('InvitationAcceptPayload');
});

describe('what others gave stays when a member accepts', () => {
  it('the way past the policy, of somebody who is in already', async () => {
    const tenant = await foundTenant(world);
    const owner = await addPerson(world, tenant, ['owner']);
    await world.query('UPDATE membership SET is_breakglass = true WHERE id = $1', [
      owner.membershipId,
    ]);
    const admin = await addPerson(world, tenant, ['admin']);
    const { token } = await invite(tenant, { allowAnyAddress: true }, admin.token);
    expect(saidBy(await accept(token, owner.token))).toBe('InvitationAcceptPayload');
    expect(await membershipOf(encodeId('mbr', owner.membershipId))).toMatchObject({
      is_breakglass: true,
    });
  });

  it('no provider is noted that says nothing of them there', async () => {
    const tenant = await foundTenant(world);
    const email = `${fresh('sso')}@customer.example`;
    const own = await issuers.tokenOf('sso', email);
    await signIn(own);
    const { token, membership } = await invite(tenant, { email });
    expect(saidBy(await accept(token, own))).toBe('InvitationAcceptPayload');
    expect(await membershipOf(membership.id)).toMatchObject({ primary_identity_provider: null });
  });
});

describe('who never accepted', () => {
  it('has not come by themselves, and opens no domain: invited back, revoked and reactivated', async () => {
    const tenant = await foundTenant(world);
    const { organizationId } = tenant;
    const admin = await addPerson(world, tenant, ['admin']);
    const email = `${fresh('bob')}@bigcorp.example`;
    await signIn(await world.tokenOf(email));
    await ask('membershipCreate', { organization: { id: organizationId }, user: { email } });
    const [{ id } = { id: '' }] = await world.query<{ id: string }>(
      'SELECT membership.id FROM membership JOIN "user" ON "user".id = user_id WHERE email = $1',
      [email],
    );
    const membershipId = encodeId('mbr', id);
    await change(world, 'membershipRemove', { membershipId }, admin.token);
    const invitation = await invite(tenant, { email }, admin.token);
    await change(world, 'invitationRevoke', { invitationId: invitation.id }, admin.token);
    const back = await ask('membershipReactivate', { membershipId }, admin.token);
    expect(back?.__typename).toBe('MembershipReactivatePayload');
    expect(await membershipOf(membershipId)).toMatchObject({
      status: 'ACTIVE',
      provisioning_method: 'ADDED',
    });
    await change(world, 'membershipRemove', { membershipId }, admin.token);
    const again = await invite(tenant, { email }, admin.token);
    await accept(again.token);
    expect(await membershipOf(membershipId)).toMatchObject({ provisioning_method: 'INVITATION' });
  });

  it('is no member by way of being reactivated', async () => {
    const tenant = await foundTenant(world);
    const admin = await addPerson(world, tenant, ['admin']);
    const { id, membership } = await invite(tenant, {}, admin.token);
    await change(world, 'invitationRevoke', { invitationId: id }, admin.token);
    expect(
      await ask('membershipReactivate', { membershipId: membership.id }, admin.token),
    ).toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('a token', () => {
  it('is good for nothing once its membership or organization is deleted', async () => {
    const tenant = await foundTenant(world);
    const first = await invite(tenant);
    const { email } = first;
    await ask('membershipDelete', { membershipId: first.membership.id, confirmEmail: email });
    const second = await invite(tenant, { email });
    expect(saidBy(await accept(first.token))).toBe('INVITATION_INVALID');
    const [{ slug } = { slug: '' }] = await world.query<{ slug: string }>(
      'SELECT slug FROM organization WHERE id = $1',
      [tenant.id],
    );
    const { organizationId } = tenant;
    await ask('organizationDelete', { organizationId, confirmSlug: slug });
    expect(saidBy(await accept(second.token))).toBe('INVITATION_INVALID');
    expect(saidBy(await change(world, 'invitationDecline', { token: second.token }, null))).toBe(
      'INVITATION_INVALID',
    );
  });

  it('says nothing to whoever is deleted at that moment', async () => {
    const tenant = await foundTenant(world);
    const email = `${fresh('gone')}@example.com`;
    const own = await world.tokenOf(email);
    await signIn(own);
    const { token } = await invite(tenant, { allowAnyAddress: true });
    const other = new pg.Client({ connectionString: world.url });
    await other.connect();
    try {
      await other.query('BEGIN');
      await other.query('DELETE FROM "user" WHERE email = $1', [email]);
      const accepting = accept(token, own);
      const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await expect.poll(() => world.query(waiting)).toHaveLength(1);
      await other.query('COMMIT');
      expect(saidBy(await accepting)).toBe('WRONG_ACCOUNT');
    } finally {
      await other.end();
    }
    expect(saidBy(await accept(token))).toBe('InvitationAcceptPayload');
  });
});

describe('the number of mails to an address', () => {
  it.each(['invitationRevoke', 'membershipRemove', 'membershipDelete'])(
    'is not got around by %s',
    async (name) => {
      const tenant = await foundTenant(world);
      const email = `${fresh('bombed')}@example.com`;
      const said: string[] = [];
      for (let time = 0; time < 6; time += 1) {
        const { organizationId } = tenant;
        const spelled = time % 2 === 0 ? email : email.toUpperCase();
        const made = await change(world, 'invitationCreate', { organizationId, email: spelled });
        said.push(saidBy(made));
        const invitation = made.invitation as { id: string; membership: { id: string } } | null;
        if (invitation) {
          const membershipId = invitation.membership.id;
          const inputs: Record<string, object> = {
            invitationRevoke: { invitationId: invitation.id },
            membershipRemove: { membershipId },
            membershipDelete: { membershipId, confirmEmail: email },
          };
          await ask(name, { ...inputs[name] });
        }
      }
      expect(said).toEqual([...Array(5).fill('InvitationCreatePayload'), 'RATE_LIMITED']);
    },
  );

  it('grows by no dry run, which leaves nothing at all', async () => {
    const { organizationId, id } = await foundTenant(world);
    const before = await happened(world, id);
    const email = `${fresh('dry')}@example.com`;
    for (let time = 0; time < 7; time += 1) {
      const input = { organizationId, rows: [{ email }], dryRun: true };
      expect(await change(world, 'invitationBulkCreate', input)).toMatchObject({ invitedCount: 1 });
    }
    expect(await happened(world, id)).toEqual(before);
    expect(await world.query('SELECT FROM "user" WHERE email = $1', [email])).toEqual([]);
  });
});

describe('the mail', () => {
  it('leads to the gateway, whatever headers the inviter sends', async () => {
    const tenant = await foundTenant(world);
    const email = `${fresh('host')}@example.com`;
    const response = await fetch(`${world.gateway.localUrl}/graphql`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tenant.owner.token}`,
        'content-type': 'application/json',
        forwarded: 'host=evil.example;proto=https',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
        'x-original-url': 'https://evil.example/',
      },
      body: JSON.stringify({
        query: `mutation ($input: InvitationCreateInput!) { invitationCreate(input: $input) {
          ... on InvitationCreatePayload { invitation { id } } } }`,
        variables: { input: { organizationId: tenant.organizationId, email } },
      }),
    });
    const { data } = await response.json();
    const { text, html } = await mailOf(world, data.invitationCreate.invitation.id);
    expect(`${text}${html}`).not.toContain('evil.example');
    expect(text).toContain(`${world.gateway.url}/accept?token=`);
  });

  it.each([
    ['"PayPal" <security@paypal.example>'],
    ['a, b@evil.example'],
    ['=?utf-8?q?=0d=0aBcc:_b=40evil.example?='],
    ['{{ link }}{% include "/etc/passwd" %}{% raw %}'],
    ['<script>alert(1)</script><a href="https://evil.example">x</a>'],
    ['\u202Emoc.live\u2066'],
  ])(
    'is from one address and to one address, where the organization is called %s',
    async (name) => {
      const tenant = await foundTenant(world, { displayName: name });
      const { id, email } = await invite(tenant, { message: name });
      const mail = await mailOf(world, id);
      expect(mail.from?.value.map(({ address }) => address)).toEqual(['no-reply@localhost']);
      expect(mail.to).toMatchObject({ value: [{ address: email }] });
      expect(mail.bcc).toBeUndefined();
      expect(mail.html).not.toMatch(/<script|<a href="https:\/\/evil|root:/);
      const shown = name.replace(/[\u202E\u2066]/g, '').replace('=?utf', '= ?utf');
      expect(mail.subject).toContain(shown);
      expect(mail.from?.text).toContain(shown.replaceAll('"', '').slice(0, 6));
    },
  );
});
