import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh, join } from '../domain/world.ts';
import { transports } from '../http/wire.ts';
import { createDatabase } from '../support/database.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { type Claims, createIssuer, type TestIssuer } from '../support/issuer.ts';

let google: TestIssuer;
/** Says nothing of how people sign in. */
let silent: TestIssuer;
let world: TestGateway;

beforeAll(async () => {
  const mfa = { claim: 'amr', values: ['mfa', 'otp'] };
  google = await createIssuer({ settings: { linkingDomains: '*', authMethod: 'GOOGLE', mfa } });
  silent = await createIssuer({ settings: { linkingDomains: '*' } });
  const settings = JSON.stringify([google.entry, silent.entry]);
  world = await createGateway({ GATEHOUSE_TRUSTED_ISSUERS: settings }, await createDatabase());
});

afterAll(async () => {
  await world?.close();
  await Promise.all([google.close(), silent.close()]);
});

type Settings = { authMethods?: string; allowedAuthMethods?: string[]; mfaPolicy?: string };

const setPolicy = async (org: string, settings: Settings) => {
  const { data } = await world.ask<{ organizationUpdate: { __typename: string } }>(
    `mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) {
      __typename ... on Error { message } } }`,
    { input: { organization: { id: org }, settings } },
  );
  expect(data?.organizationUpdate.__typename).toBe('OrganizationUpdatePayload');
};

type Member = { org: string; mbr: string; email: string };

/** An owner of an organization (its TypeID) with these settings, beside another owner. */
async function ownerOf(
  settings: Settings,
  email = `${fresh('owner')}@example.com`,
): Promise<Member> {
  const id = await found(world, { displayName: 'Strict' });
  await join(world, id, { roleKeys: ['owner'] });
  const { membershipId } = await join(world, id, { email, roleKeys: ['owner'] });
  await setPolicy(encodeId('org', id), settings);
  return { org: encodeId('org', id), mbr: encodeId('mbr', membershipId), email };
}

const tokenOf = (issuer: TestIssuer, email: string, claims: Claims = {}) =>
  issuer.token({ sub: email, email, email_verified: true, ...claims });

const SEEN = `query ($org: ID!, $mbr: ID!) {
  viewer { permissions(organizationId: $org) }
  organization(by: { id: $org }) { displayName settings { mfaPolicy } seats { used } roles { key }
    memberships { totalCount } events { totalCount } }
  membership(by: { id: $mbr }) { id status roles { key } }
}`;

const CHANGE = `mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) {
  __typename ... on PolicyError { code allowedAuthMethods } } }`;

type Code = 'AUTH_METHOD_NOT_ALLOWED' | 'MFA_REQUIRED';

/** Whether the bearer has an owner's rights, by every way; and how a change is refused when they have none. */
async function refusalOf(token: string, { org, mbr }: Member) {
  const operation = { query: SEEN, variables: { org, mbr } };
  const answers = await Promise.all(
    Object.values(transports).map((ask) => ask(world.gateway.url, operation, token)),
  );
  const [answer] = answers;
  expect(answers).toEqual(answers.map(() => answer));
  const input = { organization: { id: org }, logoUrl: 'https://logo.example/new.png' };
  const { data } = await world.ask<{ organizationUpdate: object }>(CHANGE, { input }, token);
  return { seen: answer?.data, change: data?.organizationUpdate };
}

function expectRefused(
  { seen, change }: Awaited<ReturnType<typeof refusalOf>>,
  { mbr }: Member,
  code: Code,
  allowedAuthMethods: string[] | null,
): void {
  expect(seen).toEqual({
    viewer: { permissions: [] },
    organization: {
      displayName: 'Strict',
      settings: null,
      seats: null,
      roles: null,
      memberships: null,
      events: null,
    },
    membership: { id: mbr, status: 'ACTIVE', roles: [{ key: 'owner' }] },
  });
  expect(change).toEqual({ __typename: 'PolicyError', code, allowedAuthMethods });
}

function expectAll({ seen, change }: Awaited<ReturnType<typeof refusalOf>>): void {
  expect(seen).toMatchObject({
    viewer: { permissions: expect.arrayContaining(['organization:delete']) },
    organization: { settings: {}, memberships: { totalCount: 2 } },
  });
  expect(change).toEqual({ __typename: 'OrganizationUpdatePayload' });
}

const only = (...methods: string[]): Settings => ({
  authMethods: 'RESTRICTED',
  allowedAuthMethods: methods,
});

const mfa: Settings = { mfaPolicy: 'REQUIRED' };

type Case = [what: string, Settings, () => [TestIssuer, Claims?], Code | null, string[] | null];

const cases: Case[] = [
  ['a method that is allowed', only('GOOGLE', 'SSO'), () => [google], null, null],
  ['another method', only('SSO'), () => [google], 'AUTH_METHOD_NOT_ALLOWED', ['SSO']],
  ['a method nobody knows', only('GOOGLE'), () => [silent], 'AUTH_METHOD_NOT_ALLOWED', ['GOOGLE']],
  ['one factor', mfa, () => [google], 'MFA_REQUIRED', null],
  ['a second factor', mfa, () => [google, { amr: ['pwd', 'otp'] }], null, null],
  ['a second factor as text', mfa, () => [google, { amr: 'mfa' }], null, null],
  ['another claim of a factor', mfa, () => [google, { acr: 'mfa' }], 'MFA_REQUIRED', null],
  [
    'a factor that does not count',
    mfa,
    () => [google, { amr: ['pwd', 'MFA'] }],
    'MFA_REQUIRED',
    null,
  ],
  ['a factor in an object', mfa, () => [google, { amr: { mfa: true } }], 'MFA_REQUIRED', null],
  ['a factor in a list in a list', mfa, () => [google, { amr: [['mfa']] }], 'MFA_REQUIRED', null],
  [
    'a factor of an issuer without any',
    mfa,
    () => [silent, { amr: ['mfa'] }],
    'MFA_REQUIRED',
    null,
  ],
  [
    'a second factor by another method',
    { ...mfa, ...only('SSO') },
    () => [google, { amr: ['mfa'] }],
    'AUTH_METHOD_NOT_ALLOWED',
    ['SSO'],
  ],
];

describe('an owner who signs in with', () => {
  it.each(cases)('%s', async (_, settings, how, code, methods) => {
    const member = await ownerOf(settings);
    const [issuer, claims] = how();
    const answered = await refusalOf(await tokenOf(issuer, member.email, claims), member);
    if (code === null) {
      expectAll(answered);
    } else {
      expectRefused(answered, member, code, methods);
    }
  });
});

describe('a policy', () => {
  it('is for its own organization alone, and for nobody else’s sign-in', async () => {
    const strict = await ownerOf(mfa);
    const free = await ownerOf({}, strict.email);
    const token = await tokenOf(google, strict.email);
    expectRefused(await refusalOf(token, strict), strict, 'MFA_REQUIRED', null);
    expectAll(await refusalOf(token, free));
    const { data } = await world.ask(SEEN, { org: strict.org, mbr: strict.mbr });
    expect(data).toMatchObject({ organization: { memberships: { totalCount: 2 } } });
  });

  it('counts from its change on, by the same token', async () => {
    const member = await ownerOf({});
    const token = await tokenOf(google, member.email);
    expectAll(await refusalOf(token, member));
    await setPolicy(member.org, only('SSO'));
    expectRefused(await refusalOf(token, member), member, 'AUTH_METHOD_NOT_ALLOWED', ['SSO']);
    await setPolicy(member.org, only('SSO', 'GOOGLE'));
    expectAll(await refusalOf(token, member));
    await setPolicy(member.org, { ...mfa, authMethods: 'ALL_ALLOWED' });
    expectRefused(await refusalOf(token, member), member, 'MFA_REQUIRED', null);
  });

  it('lets in those who break the glass', async () => {
    const member = await ownerOf({ ...mfa, ...only('SSO') });
    const token = await tokenOf(silent, member.email);
    expectRefused(await refusalOf(token, member), member, 'AUTH_METHOD_NOT_ALLOWED', ['SSO']);
    const { data } = await world.ask(
      `mutation ($input: MembershipUpdateInput!) { membershipUpdate(input: $input) { __typename } }`,
      { input: { membershipId: member.mbr, isBreakglass: true } },
    );
    expect(data).toEqual({ membershipUpdate: { __typename: 'MembershipUpdatePayload' } });
    expectAll(await refusalOf(token, member));
  });

  it('keeps its members from changing what is their own, too, and tells others nothing', async () => {
    const member = await ownerOf(mfa);
    const update = `mutation ($input: MembershipUpdateInput!) { membershipUpdate(input: $input) {
      __typename ... on Error { code } } }`;
    const input = { membershipId: member.mbr, untrustedMetadata: { a: 1 } };
    const token = await tokenOf(google, member.email);
    expect((await world.ask(update, { input }, token)).data).toEqual({
      membershipUpdate: { __typename: 'PolicyError', code: 'MFA_REQUIRED' },
    });
    const stranger = await tokenOf(google, `${fresh('stranger')}@example.com`);
    const absent = { __typename: 'NotFoundError', code: 'NOT_FOUND' };
    expect((await world.ask(update, { input }, stranger)).data).toEqual({
      membershipUpdate: absent,
    });
    // Whom one may not see, one is not told to sign in for.
    const [another] = await world.query<{ id: string }>(
      `SELECT m.id FROM membership m JOIN membership mine USING (organization_id)
       JOIN "user" u ON u.id = mine.user_id WHERE u.email = $1 AND m.id <> mine.id`,
      [member.email],
    );
    const others = { membershipId: encodeId('mbr', another?.id ?? '') };
    expect((await world.ask(update, { input: others }, token)).data).toEqual({
      membershipUpdate: absent,
    });
  });
});
