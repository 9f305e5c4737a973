import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { ProvisioningMethod } from '../../src/db/generated/prisma/enums.ts';
import { encodeId } from '../../src/domain/id.ts';
import { addMembers, suspendMembers } from '../../src/domain/membership.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { statementsOf } from '../support/statements.ts';
import { enter, freshDomain, joinAs, openOrganization, saidOf } from './join-world.ts';

let world: PeopleGateway;

beforeAll(async () => {
  world = await createPeopleGateway({ settings: { mfa: { claim: 'amr', values: ['mfa'] } } });
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

/** What somebody new with an address of the domain gets. */
async function attempt(organizationId: string, domain: string, claims: object = {}) {
  const token = await world.tokenOf(`${fresh('new')}@${domain}`, { ...claims });
  return joinAs(world, organizationId, token);
}

describe('somebody new with a verified address of an open domain', () => {
  it('becomes a member, with the default role and one event', async () => {
    const { id, organizationId, domain } = await openOrganization(world);
    const email = `${fresh('new')}@${domain}`;
    const result = await joinAs(world, organizationId, await world.tokenOf(email));
    expect(result).toMatchObject({
      __typename: 'OrganizationJoinPayload',
      membership: {
        status: 'ACTIVE',
        provisioningMethod: 'JIT',
        roleAssignments: [{ role: { key: 'member' }, source: 'DEFAULT' }],
        user: { email },
      },
    });
    const events = await world.query(
      `SELECT type, cause, actor_kind, actor_id = user_id AS "isOwn" FROM event
       WHERE organization_id = $1 AND actor_kind = 'USER'`,
      [id],
    );
    expect(events).toEqual([
      {
        type: 'MEMBERSHIP_STATUS_CHANGED',
        cause: 'JOINED_BY_DOMAIN',
        actor_kind: 'USER',
        isOwn: true,
      },
    ]);
    expect(saidOf(await joinAs(world, organizationId, await world.tokenOf(email)))).toBe(
      'ALREADY_MEMBER',
    );
  });

  it('opens the door no wider: a subdomain, or a domain that ends alike, is another', async () => {
    const { organizationId, domain } = await openOrganization(world);
    expect(saidOf(await attempt(organizationId, `eu.${domain}`))).toBe('NOT_FOUND');
    expect(saidOf(await attempt(organizationId, `evil${domain}`))).toBe('NOT_FOUND');
    expect(saidOf(await attempt(organizationId, domain.toUpperCase()))).toBe('ACTIVE');
  });
});

describe('a domain counts only where a member of it came by themselves, with a verified address', () => {
  const methods: Record<ProvisioningMethod, string> = {
    CREATOR: 'ACTIVE',
    INVITATION: 'ACTIVE',
    JIT: 'ACTIVE',
    ADDED: 'NOT_FOUND',
    IMPORT: 'NOT_FOUND',
    SCIM: 'NOT_FOUND',
  };

  async function claimed() {
    const domain = freshDomain();
    const settings = { emailJitProvisioning: 'RESTRICTED', allowedDomains: [domain] } as const;
    const id = await found(world, { settings: { ...settings, allowedDomains: [domain] } });
    await enter(world, id, { email: `${fresh('elsewhere')}@other.example`, roleKeys: ['owner'] });
    return { id, domain, organizationId: encodeId('org', id) };
  }

  it.each(Object.entries(methods))('%s', async (method, expected) => {
    const { id, domain, organizationId } = await claimed();
    const provisioningMethod = method as ProvisioningMethod;
    await enter(world, id, { email: `${fresh('voucher')}@${domain}`, provisioningMethod });
    expect(saidOf(await attempt(organizationId, domain))).toBe(expected);
  });

  it.each([
    ['nobody of it is there', async () => undefined],
    [
      'the address is not verified',
      (id: string, email: string) => enter(world, id, { email, isVerified: false }),
    ],
    [
      'the member is suspended',
      (id: string, email: string) => enter(world, id, { email, status: 'SUSPENDED' }),
    ],
    [
      'the member is gone',
      (id: string, email: string) => enter(world, id, { email, status: 'REMOVED' }),
    ],
    [
      'the member is only invited',
      (id: string, email: string) =>
        enter(world, id, { email, status: 'PENDING_INVITE', provisioningMethod: 'INVITATION' }),
    ],
  ])('not when %s', async (_, prepare) => {
    const { id, domain, organizationId } = await claimed();
    await prepare(id, `${fresh('voucher')}@${domain}`);
    expect(saidOf(await attempt(organizationId, domain))).toBe('NOT_FOUND');
  });

  it('counts again when a suspension is over, before anybody has written that down', async () => {
    const { id, domain, organizationId } = await claimed();
    const { membershipId } = await enter(world, id, { email: `${fresh('voucher')}@${domain}` });
    const until = new Date(Date.now() + 60_000);
    await act(world, [id], (tx) => suspendMembers(tx, [{ membershipId, until }]));
    expect(saidOf(await attempt(organizationId, domain))).toBe('NOT_FOUND');
    await world.query('UPDATE membership SET status_deadline = now() WHERE id = $1', [
      membershipId,
    ]);
    expect(saidOf(await attempt(organizationId, domain))).toBe('ACTIVE');
  });
});

test('an organization that closes its door is not there for strangers, and closed for those who see it', async () => {
  const { id, organizationId, domain } = await openOrganization(world);
  const invited = await join(world, id, {
    email: `${fresh('invited')}@${domain}`,
    status: 'PENDING_INVITE',
  });
  await world.query(
    `UPDATE organization SET email_jit_provisioning = 'NOT_ALLOWED' WHERE id = $1`,
    [id],
  );
  expect(saidOf(await attempt(organizationId, domain))).toBe('NOT_FOUND');
  const token = await world.tokenOf(invited.email);
  expect(await joinAs(world, organizationId, token)).toMatchObject({
    code: 'DOMAIN_NOT_ALLOWED',
    allowedDomains: [],
  });
});

test('somebody whose address is not verified cannot come in by its domain', async () => {
  const { id, organizationId, domain } = await openOrganization(world);
  const email = `${fresh('linked')}@${domain}`;
  const token = await world.tokenOf(email);
  await world.ask('{ viewer { kind } }', {}, token);
  await world.query('UPDATE "user" SET email_verified = false WHERE email = $1', [email]);
  expect(saidOf(await joinAs(world, organizationId, token))).toBe('NOT_FOUND');
  await join(world, id, { email, status: 'REMOVED' });
  expect(saidOf(await joinAs(world, organizationId, token))).toBe('DOMAIN_NOT_ALLOWED');
});

test('the sign-in must meet the policy, that of a former breakglass member too', async () => {
  const settings = {
    authMethods: 'RESTRICTED',
    allowedAuthMethods: ['SSO', 'GOOGLE'],
    mfaPolicy: 'REQUIRED',
  } as const;
  const { id, organizationId, domain } = await openOrganization(world, {
    settings: { ...settings, allowedAuthMethods: [...settings.allowedAuthMethods] },
  });
  const email = `${fresh('former')}@${domain}`;
  const former = await join(world, id, { email, status: 'REMOVED' });
  await world.query('UPDATE membership SET is_breakglass = true WHERE id = $1', [
    former.membershipId,
  ]);
  const plain = await world.tokenOf(email);
  expect(await joinAs(world, organizationId, plain)).toMatchObject({
    code: 'MFA_REQUIRED',
    allowedAuthMethods: ['SSO', 'GOOGLE'],
  });
  const strong = await world.tokenOf(email, { amr: ['pwd', 'mfa'] });
  await world.query(`UPDATE organization SET allowed_auth_methods = '{SSO}' WHERE id = $1`, [id]);
  expect(saidOf(await joinAs(world, organizationId, strong))).toBe('AUTH_METHOD_NOT_ALLOWED');
  await world.query(`UPDATE organization SET allowed_auth_methods = '{GOOGLE}' WHERE id = $1`, [
    id,
  ]);
  expect(saidOf(await joinAs(world, organizationId, strong))).toBe('ACTIVE');
  const [kept] = await world.query('SELECT is_breakglass FROM membership WHERE id = $1', [
    former.membershipId,
  ]);
  expect(kept).toEqual({ is_breakglass: false });
});

test('without a free seat nobody joins', async () => {
  const { organizationId, domain } = await openOrganization(world, { seatLimit: 1 });
  expect(await attempt(organizationId, domain)).toMatchObject({ code: 'SEAT_LIMIT', seatLimit: 1 });
});

test('keys see that people join, where they see anything; nobody else does', async () => {
  const { organizationId } = await openOrganization(world);
  expect(await joinAs(world, organizationId, world.key)).toMatchObject({ code: 'FORBIDDEN' });
  expect(saidOf(await joinAs(world, organizationId, null))).toBe('NOT_FOUND');
});

test('an organization that cannot be joined is like one that is absent: in words and in statements', async () => {
  const hidden = await openOrganization(world);
  const token = await world.tokenOf('outsider@elsewhere.example');
  await world.ask('{ viewer { kind } }', {}, token);
  const asked = async (organizationId: string) => {
    let answer = {};
    const statements = await statementsOf(async () => {
      answer = await joinAs(world, organizationId, token);
    });
    return { answer, statements };
  };
  const absent = await asked(encodeId('org', crypto.randomUUID()));
  expect(await asked(hidden.organizationId)).toEqual(absent);
  expect(absent.answer).toMatchObject({ code: 'NOT_FOUND' });
  expect(absent.statements.length).toBeGreaterThan(0);
});

test('a broken id is told apart from an absent one', async () => {
  const token = await world.tokenOf('outsider@elsewhere.example');
  expect(await joinAs(world, 'org_x', token)).toMatchObject({
    code: 'INVALID_INPUT',
    issues: [{ path: ['organizationId'] }],
  });
});

describe('at once', () => {
  it('20 people take the last seat: one of them', async () => {
    const { id, organizationId, domain } = await openOrganization(world, { seatLimit: 4 });
    await act(world, [id], (tx) =>
      addMembers(
        tx,
        ['a', 'b'].map((name) => ({ organizationId: id, email: `${fresh(name)}@other.example` })),
        { act: 'import' },
      ),
    );
    const people = Array.from({ length: 20 }, (_, n) => `crowd-${n}@${domain}`);
    const tokens = await Promise.all(people.map((email) => world.tokenOf(email)));
    const said = await Promise.all(
      tokens.map(async (token) => saidOf(await joinAs(world, organizationId, token))),
    );
    expect(said.sort()).toEqual(['ACTIVE', ...Array(19).fill('SEAT_LIMIT')]);
    const members = await world.query(
      `SELECT id FROM membership WHERE organization_id = $1 AND status = 'ACTIVE'`,
      [id],
    );
    expect(members).toHaveLength(4);
  });

  it('one person asks ten times: one membership, one event', async () => {
    const { id, organizationId, domain } = await openOrganization(world);
    const token = await world.tokenOf(`eager@${domain}`);
    await world.ask('{ viewer { kind } }', {}, token);
    const said = await Promise.all(
      Array.from({ length: 10 }, async () => saidOf(await joinAs(world, organizationId, token))),
    );
    expect(said.sort()).toEqual(['ACTIVE', ...Array(9).fill('ALREADY_MEMBER')]);
    const events = await world.query(
      `SELECT id FROM event WHERE organization_id = $1 AND cause = 'JOINED_BY_DOMAIN'`,
      [id],
    );
    expect(events).toHaveLength(1);
  });
});
