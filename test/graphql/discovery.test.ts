import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { suspendMembers } from '../../src/domain/membership.ts';
import { addOrganizations } from '../../src/domain/organization.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { statementsOf } from '../support/statements.ts';
import { enter, freshDomain, openOrganization } from './join-world.ts';

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway({ settings: { mfa: { claim: 'amr', values: ['mfa'] } } });
});

afterAll(() => world.close());

type Found = {
  organizationId: string;
  displayName: string;
  logoUrl: string | null;
  kind: string;
  membershipId: string | null;
  authMethods: string[] | null;
  mfa: boolean;
};

async function discover(token: string | null): Promise<Found[]> {
  const { data, errors } = await world.ask<{ viewer: { discoveredOrganizations: Found[] } }>(
    `{ viewer { discoveredOrganizations {
      organizationId displayName logoUrl kind membershipId authMethods mfa
    } } }`,
    {},
    token,
  );
  expect(errors).toBeUndefined();
  return data?.viewer.discoveredOrganizations ?? [];
}

/** By name, with the kind. */
async function kindsOf(email: string): Promise<string[]> {
  const rows = await discover(await world.tokenOf(email));
  return rows.map(({ displayName, kind }) => `${displayName}: ${kind}`);
}

test('tells which organizations a person may enter, and how, by name', async () => {
  const domain = freshDomain();
  const email = `eve@${domain}`;
  const at = async (displayName: string, input: Parameters<typeof join>[2]) => {
    const id = await found(world, { displayName });
    return { ...(await join(world, id, { email, ...input })), id };
  };
  const active = await at('b active', {});
  await at('e invited', { status: 'PENDING_INVITE' });
  const expired = await at('expired', { status: 'PENDING_INVITE' });
  const suspended = await at('d suspended', { status: 'SUSPENDED' });
  const back = await at('A back', {});
  await at('removed', { status: 'REMOVED' });
  await act(world, [back.id], (tx) =>
    suspendMembers(tx, [{ membershipId: back.membershipId, until: new Date(Date.now() + 60_000) }]),
  );
  // Nobody has written down yet what the clock did.
  await world.query('UPDATE membership SET status_deadline = now() WHERE id = ANY($1)', [
    [expired.membershipId, back.membershipId],
  ]);
  await openOrganization(
    world,
    { displayName: 'c open', logoUrl: 'https://l.example/c.png' },
    domain,
  );
  const left = await openOrganization(world, { displayName: 'f left' }, domain);
  const former = await join(world, left.id, { email, status: 'REMOVED' });
  await openOrganization(world, { displayName: 'of others' });
  expect(await kindsOf(email)).toEqual([
    'A back: ACTIVE_MEMBER',
    'b active: ACTIVE_MEMBER',
    'c open: CAN_JOIN_BY_DOMAIN',
    'd suspended: SUSPENDED',
    'e invited: INVITED',
    'f left: CAN_JOIN_BY_DOMAIN',
  ]);
  const rows = await discover(await world.tokenOf(email));
  expect(rows[1]).toEqual({
    organizationId: encodeId('org', active.id),
    displayName: 'b active',
    logoUrl: null,
    kind: 'ACTIVE_MEMBER',
    membershipId: encodeId('mbr', active.membershipId),
    authMethods: null,
    mfa: false,
  });
  expect(rows.map(({ membershipId }) => membershipId)).toEqual([
    encodeId('mbr', back.membershipId),
    encodeId('mbr', active.membershipId),
    null,
    encodeId('mbr', suspended.membershipId),
    expect.any(String),
    encodeId('mbr', former.membershipId),
  ]);
  expect(rows[2]?.logoUrl).toBe('https://l.example/c.png');
});

test('tells what a sign-in lacks, of breakglass members nothing', async () => {
  const domain = freshDomain();
  const email = `eve@${domain}`;
  const settings = {
    authMethods: 'RESTRICTED' as const,
    allowedAuthMethods: ['SSO' as const, 'PASSKEY' as const],
    mfaPolicy: 'REQUIRED' as const,
  };
  await openOrganization(world, { displayName: '1 strict', settings }, domain);
  const google = { ...settings, allowedAuthMethods: ['GOOGLE' as const] };
  await openOrganization(world, { displayName: '2 with MFA', settings: google }, domain);
  const id = await found(world, { displayName: '3 own', settings });
  const { membershipId } = await join(world, id, { email });
  const missing = async (claims?: object) =>
    (await discover(await world.tokenOf(email, { ...claims }))).map(({ authMethods, mfa }) => [
      authMethods,
      mfa,
    ]);
  const strict = [['SSO', 'PASSKEY'], true];
  expect(await missing()).toEqual([strict, [null, true], strict]);
  await world.query('UPDATE membership SET is_breakglass = true WHERE id = $1', [membershipId]);
  expect(await missing({ amr: ['mfa'] })).toEqual([
    [['SSO', 'PASSKEY'], false],
    [null, false],
    [null, false],
  ]);
});

test('is empty while the address is not verified', async () => {
  const { domain, id } = await openOrganization(world);
  const email = `eve@${domain}`;
  await join(world, id, { email, status: 'PENDING_INVITE' });
  expect(await kindsOf(email)).toHaveLength(1);
  await world.query('UPDATE "user" SET email_verified = false WHERE email = $1', [email]);
  expect(await kindsOf(email)).toEqual([]);
});

test('is empty for keys and for nobody', async () => {
  expect(await discover(world.key)).toEqual([]);
  expect(await discover(null)).toEqual([]);
  const { data } = await world.ask('{ viewer { memberships { nodes { id } } } }');
  expect(data).toEqual({ viewer: { memberships: null } });
});

test('who belongs to an organization, where people belong to one, finds no other to join', async () => {
  const domain = freshDomain();
  const { id } = await openOrganization(world, { displayName: 'open' }, domain);
  await openOrganization(world, { displayName: 'open too' }, domain);
  await world.query(`UPDATE environment SET memberships_per_user = 'ONE'`);
  const email = `one@${domain}`;
  await join(world, id, { email });
  expect(await kindsOf(email)).toEqual(['open: ACTIVE_MEMBER']);
  expect(await kindsOf(`two@${domain}`)).toHaveLength(2);
  await world.query(`UPDATE environment SET memberships_per_user = 'MANY'`);
});

test('in the isolated model a membership vouches for its domain by its own verified address', async () => {
  const domain = freshDomain();
  const id = await found(world, {
    displayName: 'isolated',
    settings: { emailJitProvisioning: 'RESTRICTED', allowedDomains: [domain] },
  });
  const email = `${fresh('voucher')}@${domain}`;
  const { membershipId } = await enter(world, id, { email, isVerified: false });
  await world.query('UPDATE membership SET email_verified = true WHERE id = $1', [membershipId]);
  expect(await kindsOf(`new@${domain}`)).toEqual([]);
  await world.query(`UPDATE environment SET identity_model = 'ISOLATED'`);
  expect(await kindsOf(`new@${domain}`)).toEqual(['isolated: CAN_JOIN_BY_DOMAIN']);
  await world.query(`UPDATE environment SET identity_model = 'SHARED'`);
});

test('giving a member the verified address of somebody else claims no domain', async () => {
  await world.query(`UPDATE environment SET identity_model = 'ISOLATED'`);
  const domain = freshDomain();
  const victim = `victim@${domain}`;
  expect(await kindsOf(victim)).toEqual([]);
  const evil = await openOrganization(world, { displayName: 'evil' });
  await world.query('UPDATE organization SET allowed_domains = $2 WHERE id = $1', [
    evil.id,
    [domain],
  ]);
  const accomplice = await enter(world, evil.id, { provisioningMethod: 'INVITATION' });
  const { data } = await world.ask(
    `mutation ($input: MembershipUpdateInput!) { result: membershipUpdate(input: $input) { __typename } }`,
    {
      input: {
        membershipId: encodeId('mbr', accomplice.membershipId),
        emailAddress: victim,
      },
    },
    await world.tokenOf(evil.owner),
  );
  expect(data).toEqual({ result: { __typename: 'MembershipUpdatePayload' } });
  expect(await kindsOf(`colleague@${domain}`)).toEqual([]);
  await world.query(`UPDATE environment SET identity_model = 'SHARED'`);
});

test('tells the first 100 by name, by one statement, however often it is asked', async () => {
  const domain = freshDomain();
  const rows = Array.from({ length: 120 }, (_, n) => ({
    displayName: `Many ${String(n).padStart(3, '0')}`,
    settings: { emailJitProvisioning: 'RESTRICTED' as const, allowedDomains: [domain] },
  }));
  const made = await act(world, [], (tx) => addOrganizations(tx, rows, { act: 'import' }));
  const ids = made.flatMap((row) => (row.outcome === 'created' ? [row.id] : []));
  for (const id of ids) {
    await enter(world, id, { email: `${fresh('voucher')}@${domain}` });
  }
  const token = await world.tokenOf(`eve@${domain}`);
  expect((await discover(token)).map(({ displayName }) => displayName)).toEqual(
    rows.slice(0, 100).map(({ displayName }) => displayName),
  );
  const texts = await statementsOf(() =>
    world.ask(
      `{ a: viewer { discoveredOrganizations { kind } } b: viewer { discoveredOrganizations { displayName } } }`,
      {},
      token,
    ),
  );
  expect(texts.filter((text) => text.includes('organizations_open_to'))).toHaveLength(1);
});

test('an issuer that does not speak for a domain lets nobody claim it', async () => {
  await world.query(`UPDATE environment SET identity_model = 'ISOLATED'`);
  const domain = freshDomain();
  const email = `mallory@${domain}`;
  const token = await world.tokenOf(email);
  await world.ask('{ viewer { kind } }', {}, token);
  // As after a sign-in by an issuer whose linkingDomains do not name the domain.
  await world.query('UPDATE "user" SET email_verified = false WHERE email = $1', [email]);
  const { data } = await world.ask<{ result: { membership: { emailVerified: boolean } } }>(
    `mutation ($input: OrganizationCreateInput!) { result: organizationCreate(input: $input) {
      ... on OrganizationCreatePayload { membership { emailVerified } }
    } }`,
    {
      input: {
        displayName: 'Claim',
        settings: { emailJitProvisioning: 'RESTRICTED', allowedDomains: [domain] },
      },
    },
    token,
  );
  expect(data?.result).toEqual({ membership: { emailVerified: false } });
  expect(await kindsOf(`victim@${domain}`)).toEqual([]);
  await world.query(`UPDATE environment SET identity_model = 'SHARED'`);
});
