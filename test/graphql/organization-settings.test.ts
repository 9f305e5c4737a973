import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, join } from '../domain/world.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway({ settings: { mfa: { claim: 'amr', values: ['mfa'] } } });
});

afterAll(() => world.close());

const SAID = `__typename ... on Error { code } ... on InputError { issues { path } }`;

type Said = { __typename: string; code?: string; issues?: { path: string[] }[] };

/** The paths that are wrong, or what came of it. */
function said(result: Said | undefined): string | undefined {
  return result?.issues?.map(({ path }) => path.join('.')).join(' ') ?? result?.code ?? 'done';
}

async function create(settings: object, credential = world.key) {
  const { data } = await world.ask<{ result: Said }>(
    `mutation ($input: OrganizationCreateInput!) { result: organizationCreate(input: $input) { ${SAID} } }`,
    { input: { displayName: 'Settings', settings } },
    credential,
  );
  return said(data?.result);
}

async function update(id: string, input: object, credential = world.key) {
  const { data } = await world.ask<{ result: Said }>(
    `mutation ($input: OrganizationUpdateInput!) { result: organizationUpdate(input: $input) { ${SAID} } }`,
    { input: { organization: { id: encodeId('org', id) }, ...input } },
    credential,
  );
  return said(data?.result);
}

const RESTRICTED = 'RESTRICTED';
const DOMAINS = 'settings.allowedDomains';
const METHODS = 'settings.allowedAuthMethods';

test.each([
  ['invitations to no domain', { emailInvites: RESTRICTED }, DOMAINS],
  ['joining by no domain', { emailJitProvisioning: RESTRICTED }, DOMAINS],
  ['an empty list', { emailInvites: RESTRICTED, allowedDomains: [] }, DOMAINS],
  ['signing in by no method', { authMethods: RESTRICTED }, METHODS],
  ['all of it', { authMethods: RESTRICTED, emailInvites: RESTRICTED }, `${DOMAINS} ${METHODS}`],
  ['a public domain', { allowedDomains: ['a.example', 'Gmail.com'] }, `${DOMAINS}.1`],
  ['one in another country', { allowedDomains: ['yahoo.co.jp'] }, `${DOMAINS}.0`],
  ['a domain for both', { emailInvites: RESTRICTED, allowedDomains: ['a.example'] }, 'done'],
])('%s', async (_, settings, expected) => {
  expect(await create(settings)).toBe(expected);
  expect(await update(await found(world), { settings })).toBe(expected);
});

test('the last domain cannot be taken while a rule needs one, nor a rule be set without', async () => {
  const id = await found(world, {
    settings: { emailInvites: 'RESTRICTED', allowedDomains: ['a.example'] },
  });
  expect(await update(id, { settings: { allowedDomains: [] } })).toBe(DOMAINS);
  const open = { allowedDomains: [], emailInvites: 'ALL_ALLOWED' };
  expect(await update(id, { settings: open })).toBe('done');
  expect(await update(id, { settings: { emailInvites: RESTRICTED } })).toBe(DOMAINS);
});

test('what was allowed once does not stand in the way of other changes', async () => {
  const id = await found(world);
  await world.query(
    `UPDATE organization SET email_invites = 'RESTRICTED', allowed_domains = '{gmail.com}' WHERE id = $1`,
    [id],
  );
  expect(await update(id, { displayName: 'New name' })).toBe('done');
  expect(await update(id, { settings: { mfaPolicy: 'REQUIRED' } })).toBe('done');
  await world.query(`UPDATE organization SET allowed_domains = '{}' WHERE id = $1`, [id]);
  expect(await update(id, { settings: { mfaPolicy: 'OPTIONAL' } })).toBe('done');
});

describe('a person who decides how people sign in', () => {
  async function owner() {
    const id = await found(world);
    const { email, membershipId } = await join(world, id, { roleKeys: ['owner'] });
    return { id, membershipId, token: await world.tokenOf(email), email };
  }

  const sso = { authMethods: RESTRICTED, allowedAuthMethods: ['SSO'] };
  const both = { authMethods: RESTRICTED, allowedAuthMethods: ['SSO', 'GOOGLE'] };
  const mfa = { mfaPolicy: 'REQUIRED' };

  it('must get in that way', async () => {
    const { id, token, email } = await owner();
    expect(await update(id, { settings: sso }, token)).toBe(METHODS);
    expect(await update(id, { settings: mfa }, token)).toBe('settings.mfaPolicy');
    expect(await update(id, { settings: { ...both, ...mfa } }, token)).toBe('settings.mfaPolicy');
    expect(await update(id, { settings: both }, token)).toBe('done');
    expect(await update(id, { settings: { allowedAuthMethods: ['SSO'] } }, token)).toBe(METHODS);
    const strong = await world.tokenOf(email, { amr: ['mfa'] });
    expect(await update(id, { settings: mfa }, strong)).toBe('done');
    expect(await update(id, { displayName: 'Renamed' }, strong)).toBe('done');
  });

  it('but with a breakglass membership, and but a key', async () => {
    const { id, token, membershipId } = await owner();
    await world.query('UPDATE membership SET is_breakglass = true WHERE id = $1', [membershipId]);
    expect(await update(id, { settings: { ...sso, ...mfa } }, token)).toBe('done');
    expect(await update(id, { displayName: 'Still in' }, token)).toBe('done');
    const other = await owner();
    expect(await update(other.id, { settings: { ...sso, ...mfa } })).toBe('done');
    expect(await update(other.id, { displayName: 'Out' }, other.token)).toBe(
      'AUTH_METHOD_NOT_ALLOWED',
    );
  });
});
