/** What went wrong with invitations elsewhere, tried from outside. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { createIssuersGateway, type IssuersGateway } from '../auth/issuers.ts';
import { fresh } from '../domain/world.ts';
import {
  addPerson,
  change,
  expire,
  foundTenant,
  invite,
  type Result,
  saidBy,
  type Tenant,
} from '../graphql/invitation-world.ts';
import { mutate } from '../graphql/membership-moves.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { goodToken } from '../support/invitation-token.ts';
import type { PeopleGateway } from '../support/people.ts';

let issuers: IssuersGateway;
let world: PeopleGateway;

beforeAll(async () => {
  issuers = await createIssuersGateway();
  const tokenOf: PeopleGateway['tokenOf'] = (email, claims) =>
    issuers.tokenOf('home', email, claims);
  world = { ...issuers, issuer: issuers.issuers.home, tokenOf };
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

/** An invitation with its token. */
async function invited(tenant: Tenant, input: Record<string, unknown> = {}, credential?: string) {
  const invitation = await invite(world, tenant, input, credential);
  return { ...invitation, token: await goodToken(world, invitation.id) };
}

const accept = (token: string, credential: string | null = null) =>
  change(world, 'invitationAccept', { token }, credential);

const decline = (token: string) => change(world, 'invitationDecline', { token }, null);

/** All memberships of an organization, and what they are. */
async function membersOf({ id }: Tenant): Promise<string[]> {
  const rows = await world.query<{ said: string }>(
    `SELECT status || ' ' || email AS said FROM membership JOIN "user" ON "user".id = user_id
     WHERE organization_id = $1 ORDER BY membership.created_at, membership.id`,
    [id],
  );
  return rows.map(({ said }) => said);
}

describe('nobody offers more than they hold', () => {
  const offer = (tenant: Tenant, roleKeys: string[], token: string) =>
    change(
      world,
      'invitationCreate',
      { organizationId: tenant.organizationId, email: `${fresh('guest')}@example.com`, roleKeys },
      token,
    );

  it('neither a member nor an admin makes owners, nor a member anybody at all', async () => {
    const tenant = await foundTenant(world);
    const admin = await addPerson(world, tenant, ['admin']);
    const member = await addPerson(world, tenant, ['member']);
    const before = await membersOf(tenant);
    const said = [
      await offer(tenant, ['owner'], admin.token),
      await offer(tenant, ['admin', 'owner'], admin.token),
      await offer(tenant, ['owner'], member.token),
      await offer(tenant, ['member'], member.token),
    ];
    expect(said.map(saidBy)).toEqual(['ROLE_TOO_HIGH', 'ROLE_TOO_HIGH', 'FORBIDDEN', 'FORBIDDEN']);
    expect(await membersOf(tenant)).toEqual(before);
    expect(saidBy(await offer(tenant, ['admin'], admin.token))).toBe('InvitationCreatePayload');
  });

  it('not among many either, where each is judged for itself', async () => {
    const tenant = await foundTenant(world);
    const admin = await addPerson(world, tenant, ['admin']);
    const rows = [['owner'], ['member']].map((roleKeys) => ({
      email: `${fresh('guest')}@example.com`,
      roleKeys,
    }));
    const { organizationId } = tenant;
    const many = await change(world, 'invitationBulkCreate', { organizationId, rows }, admin.token);
    const results = many.results as Result[];
    expect(results.map(saidBy)).toEqual(['ROLE_TOO_HIGH', 'InvitationBulkCreateRowPayload']);
    const asked = (await membersOf(tenant)).filter((said) => said.startsWith('PENDING'));
    expect(asked).toEqual([`PENDING_INVITE ${rows[1]?.email}`]);
  });

  it('nor by sending again what somebody else has offered', async () => {
    const tenant = await foundTenant(world);
    const admin = await addPerson(world, tenant, ['admin']);
    const { id: invitationId, token } = await invited(tenant, { roleKeys: ['owner'] });
    const again = await change(world, 'invitationResend', { invitationId }, admin.token);
    expect(saidBy(again)).toBe('ROLE_TOO_HIGH');
    expect(saidBy(await accept(token))).toBe('InvitationAcceptPayload');
  });

  it('nor by a role that grows after it was offered', async () => {
    const tenant = await foundTenant(world);
    const admin = await addPerson(world, tenant, ['admin']);
    const { organizationId, owner } = tenant;
    const role = await world.ask<{ roleCreate: { role: { id: string } } }>(
      `mutation ($input: RoleCreateInput!) { roleCreate(input: $input) { ... on RoleCreatePayload { role { id } } } }`,
      { input: { organizationId, key: 'grows', displayName: 'Grows', permissions: [] } },
      owner.token,
    );
    const { token } = await invited(tenant, { roleKeys: ['grows'] }, admin.token);
    await world.ask(
      `mutation ($input: RoleUpdateInput!) { roleUpdate(input: $input) { __typename } }`,
      {
        input: {
          roleId: role.data?.roleCreate.role.id,
          permissions: ['organization:delete'],
        },
      },
      owner.token,
    );
    expect(saidBy(await accept(token))).toBe('INVITATION_REVOKED');
  });
});

describe('an invitation is worth no more than its inviter', () => {
  const takenAway: [how: string, mutation: string, input: object][] = [
    ['removed', 'membershipRemove', {}],
    ['suspended', 'membershipSuspend', {}],
    ['demoted', 'membershipRoleUnassign', { roleKeys: ['admin'] }],
  ];

  it.each(takenAway)('who was %s before it is accepted', async (_, mutation, input) => {
    const tenant = await foundTenant(world);
    const admin = await addPerson(world, tenant, ['admin', 'member']);
    const guest = await invited(tenant, { roleKeys: ['admin'] }, admin.token);
    const membershipId = encodeId('mbr', admin.membershipId);
    const { code } = await mutate(world, mutation, { membershipId, ...input }, tenant.owner.token);
    expect(code).toBeUndefined();
    expect(saidBy(await accept(guest.token))).toBe('INVITATION_REVOKED');
    expect(saidBy(await accept(guest.token, await world.tokenOf(guest.email)))).toBe(
      'INVITATION_REVOKED',
    );
    expect(await membersOf(tenant)).toContain(`REMOVED ${guest.email}`);
  });
});

describe('a token', () => {
  it('is bound to its organization, whoever brings it', async () => {
    const [one, other] = [await foundTenant(world), await foundTenant(world)];
    const guest = await invited(one);
    const before = await membersOf(other);
    expect(saidBy(await accept(guest.token, other.owner.token))).toBe('WRONG_ACCOUNT');
    expect(await membersOf(one)).toContain(`PENDING_INVITE ${guest.email}`);
    const { errors } = await world.ask(
      `mutation ($token: String!, $id: ID!) {
        invitationAccept(input: { token: $token, organizationId: $id }) { __typename } }`,
      { token: guest.token, id: other.organizationId },
      null,
    );
    expect(errors?.[0]?.message).toContain('organizationId');
    await accept(guest.token);
    expect(await membersOf(other)).toEqual(before);
  });

  it('is good for nothing when a character of it is another', async () => {
    const tenant = await foundTenant(world);
    const { token, email } = await invited(tenant);
    const spoilt = [...token].map(
      (character, at) =>
        `${token.slice(0, at)}${character === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`,
    );
    const odd = ['', ' ', `${token} `, token.toUpperCase(), token.slice(1), `${token}A`, '\0', '%'];
    for (const other of [...spoilt, ...odd]) {
      const said = [await accept(other), await decline(other)];
      expect(
        said.map(({ code, became }) => [code, became]),
        other,
      ).toEqual([
        ['INVITATION_INVALID', null],
        ['INVITATION_INVALID', null],
      ]);
    }
    expect(await membersOf(tenant)).toContain(`PENDING_INVITE ${email}`);
  });

  it('is good once: not after it was revoked, declined or outlasted, nor of a sending before', async () => {
    const tenant = await foundTenant(world);
    const ends: [code: string, end: (guest: Awaited<ReturnType<typeof invited>>) => unknown][] = [
      [
        'INVITATION_REVOKED',
        ({ id: invitationId }) => change(world, 'invitationRevoke', { invitationId }),
      ],
      ['INVITATION_DECLINED', ({ token }) => decline(token)],
      [
        'INVITATION_EXPIRED',
        ({ membership }) => expire(world, decodeId('mbr', membership.id) ?? ''),
      ],
      [
        'INVITATION_INVALID',
        ({ id: invitationId }) => change(world, 'invitationResend', { invitationId }),
      ],
    ];
    for (const [code, end] of ends) {
      const guest = await invited(tenant);
      await end(guest);
      const signedIn = await world.tokenOf(guest.email);
      expect([
        saidBy(await accept(guest.token)),
        saidBy(await accept(guest.token, signedIn)),
      ]).toEqual([code, code]);
      expect(await membersOf(tenant)).not.toContain(`ACTIVE ${guest.email}`);
    }
  });

  it('makes one member, with one event, of twenty who bring it at once', async () => {
    const tenant = await foundTenant(world);
    const { token, email, membership } = await invited(tenant);
    const answers = await Promise.all(Array.from({ length: 20 }, () => accept(token)));
    const [first] = answers;
    expect(first).toMatchObject({ membershipId: membership.id, status: 'ACTIVE' });
    expect(answers).toEqual(Array(20).fill(first));
    expect((await membersOf(tenant)).filter((said) => said.endsWith(` ${email}`))).toEqual([
      `ACTIVE ${email}`,
    ]);
    const events = await world.query(
      `SELECT FROM event WHERE membership_id = $1 AND cause = 'ACCEPTED'`,
      [decodeId('mbr', membership.id)],
    );
    expect(events).toHaveLength(1);
  });
});

describe('who signs in under an address that is not theirs for sure', () => {
  const look = `query ($id: ID!, $inv: ID!) {
    viewer { memberships { nodes { status invitation { id } organization { id } } } }
    organization(by: { id: $id }) { invitations { nodes { id } } }
    node(id: $inv) { id }
  }`;

  it('gets nothing of the invitation, and keeps nobody’s place, when they were first', async () => {
    const tenant = await foundTenant(world);
    const email = `${fresh('victim')}@victim.example`;
    const attacker = await issuers.tokenOf('mute', email);
    await world.ask('{ viewer { kind } }', {}, attacker);
    const { id, token } = await invited(tenant, { email });
    const { data } = await world.ask<{
      viewer: { memberships: { nodes: { status: string; invitation: unknown }[] } };
    }>(look, { id: tenant.organizationId, inv: id }, attacker);
    expect(data).toMatchObject({ organization: { invitations: null }, node: null });
    for (const { status, invitation } of data?.viewer.memberships.nodes ?? []) {
      expect([status, invitation]).toEqual(['PENDING_INVITE', null]);
    }
    // By its id it cannot be accepted; and whoever reads the mail does not make a member of the attacker.
    expect(saidBy(await accept(id, attacker))).toBe('INVITATION_INVALID');
    expect(saidBy(await accept(token))).toBe('WRONG_ACCOUNT');
    expect(saidBy(await accept(token, world.key))).toBe('WRONG_ACCOUNT');
    expect(await membersOf(tenant)).toContain(`PENDING_INVITE ${email}`);
    expect(saidBy(await decline(token))).toBe('InvitationDeclinePayload');
  });

  it('does not get in beside whoever was invited first', async () => {
    const tenant = await foundTenant(world);
    const { token, email } = await invited(tenant);
    const attacker = await issuers.tokenOf('mute', email);
    const { errors } = await world.ask('{ viewer { kind } }', {}, attacker);
    expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
    expect(saidBy(await accept(token))).toBe('InvitationAcceptPayload');
  });
});

it('members do not see who is invited, nor may they ask', async () => {
  const tenant = await foundTenant(world);
  const member = await addPerson(world, tenant, ['member']);
  const { id, membership } = await invited(tenant);
  const { data } = await world.ask(
    `query ($id: ID!, $inv: ID!, $mbr: ID!) {
      organization(by: { id: $id }) { invitations { totalCount } viewerCanInvite }
      node(id: $inv) { id }
      membership(by: { id: $mbr }) { emailAddress invitation { id } }
    }`,
    { id: tenant.organizationId, inv: id, mbr: membership.id },
    member.token,
  );
  expect(data).toEqual({
    organization: { invitations: null, viewerCanInvite: false },
    node: null,
    membership: { emailAddress: null, invitation: null },
  });
  const said = [
    await change(world, 'invitationResend', { invitationId: id }, member.token),
    await change(world, 'invitationRevoke', { invitationId: id }, member.token),
  ];
  expect(said.map(saidBy)).toEqual(['NOT_FOUND', 'NOT_FOUND']);
});

describe('an address', () => {
  it('is one, however it is written', async () => {
    const tenant = await foundTenant(world);
    const { organizationId } = tenant;
    const { token, email } = await invited(tenant, {
      email: `${fresh('kim')}@b\u00fccher.example`,
    });
    const local = email.slice(0, email.indexOf('@'));
    const same = [
      email,
      email.toUpperCase(),
      ` ${email}\n`,
      `${local}@BU\u0308CHER.example`,
      `${local}@XN--BCHER-KVA.EXAMPLE`,
      `${local.replace('k', '\u212a')}@b\u00fccher.example`,
      `${local}\uff20b\u00fccher.example`,
    ];
    const none = [
      `${local.replace('i', '\u0131')}@b\u00fccher.example`,
      `${local}\u200b@b\u00fccher.example`,
      `"${local}"@b\u00fccher.example`,
      `${email},eve@evil.example`,
      `${email}\r\nBcc: eve@evil.example`,
      `${email}%0aeve@evil.example`,
      `Kim <${email}>`,
    ];
    const before = await membersOf(tenant);
    const ask = async (address: unknown) =>
      saidBy(await change(world, 'invitationCreate', { organizationId, email: address }));
    for (const address of same) {
      expect(await ask(address), address).toBe('ALREADY_INVITED');
    }
    for (const address of none) {
      expect(await ask(address), address).toBe('INVALID_INPUT');
    }
    await expect(ask([email, 'eve@evil.example'])).rejects.toThrow(/email/);
    const rows = same.map((address) => ({ email: address }));
    const many = await change(world, 'invitationBulkCreate', { organizationId, rows });
    expect((many.results as Result[]).map(saidBy)).toEqual(same.map(() => 'ALREADY_INVITED'));
    expect(await membersOf(tenant)).toEqual(before);
    await accept(token);
    for (const address of same) {
      expect(await ask(address), address).toBe('ALREADY_MEMBER');
    }
  });

  it('twice among many is invited once', async () => {
    const tenant = await foundTenant(world);
    const email = `${fresh('twice')}@example.com`;
    const rows = [{ email }, { email: email.toUpperCase() }, { email: ` ${email}` }];
    const { organizationId } = tenant;
    const many = await change(world, 'invitationBulkCreate', { organizationId, rows });
    expect((many.results as Result[]).map(saidBy)).toEqual([
      'InvitationBulkCreateRowPayload',
      'ALREADY_INVITED',
      'ALREADY_INVITED',
    ]);
    expect((await membersOf(tenant)).slice(1)).toEqual([`PENDING_INVITE ${email}`]);
  });
});

it.each([0, -1, 299, 2_592_001, 2_147_483_647])('has an end, but not at %d seconds', async (at) => {
  const tenant = await foundTenant(world);
  const { organizationId } = tenant;
  const { id: invitationId } = await invited(tenant);
  const said = [
    await change(world, 'invitationCreate', {
      organizationId,
      email: `${fresh('guest')}@example.com`,
      expiresInSeconds: at,
    }),
    await change(world, 'invitationResend', { invitationId, expiresInSeconds: at }),
  ];
  expect(said.map(saidBy)).toEqual(['INVALID_INPUT', 'INVALID_INPUT']);
});
