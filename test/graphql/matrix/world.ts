/** A gateway with the organizations A and B, and everybody who may call it. */
import { createApiKey } from '../../../src/domain/api-key.ts';
import { encodeId } from '../../../src/domain/id.ts';
import { act, found, join } from '../../domain/world.ts';
import { createDatabase } from '../../support/database.ts';
import { type Answer, createGateway, type TestGateway } from '../../support/gateway.ts';
import { goodToken } from '../../support/invitation-token.ts';
import { createIssuer, type IssuerOptions } from '../../support/issuer.ts';
import { everyType, writeEvent } from '../event-world.ts';
import {
  ANONYMOUS,
  type Caller,
  environmentKey,
  OF_ENVIRONMENT,
  OF_ORGANIZATION,
  type Part,
  person,
  ROLES,
  type Tenant,
} from './callers.ts';
import { keys } from './keys.ts';
import { furnish, type Names, nothing } from './names.ts';
import { type Enter, type Issuers, newcomers, tokenOf, UNVERIFIED } from './newcomers.ts';

/** What belongs to the environment. */
export type Shared = {
  role: string;
  builtInRole: string;
  key: string;
  permission: string;
  /** One of each type that the environment has. */
  events: Record<string, string>;
};

export type Matrix = {
  names: Record<Tenant, Names>;
  /** Of nothing that is there. */
  nobody: Names;
  shared: Shared;
  callers: Caller[];
  /** A key that may do everything. */
  master: Caller;
  ask(query: string, caller: Caller, variables?: object): Promise<Answer<Record<string, unknown>>>;
  query: TestGateway['query'];
};

export type MatrixWorld = Matrix & {
  gateway: TestGateway;
  /** What another gateway on this database needs to know the same callers. */
  settings: Record<string, string>;
  close(): Promise<void>;
};

export async function createMatrix(): Promise<MatrixWorld> {
  const database = await createDatabase();
  const idOfA = await found(database, { slug: 'slug-worda' });
  const idOfB = await found(database, { slug: 'slug-wordb' });
  const issuerOf = (settings: IssuerOptions['settings']) =>
    createIssuer({
      settings: { linkingDomains: '*', mfa: { claim: 'amr', values: ['mfa'] }, ...settings },
    });
  const google = await issuerOf({ authMethod: 'GOOGLE', provider: 'Google' });
  const password = await issuerOf({ authMethod: 'PASSWORD', provider: 'Password' });
  const ssoOfB = await issuerOf({
    authMethod: 'SSO',
    provider: 'SSO of B',
    organizationId: encodeId('org', idOfB),
  });
  const issuers = [google, password, ssoOfB];
  const settings = {
    GATEHOUSE_API_KEY: `ghk_${'m'.repeat(43)}`,
    GATEHOUSE_REDIRECT_URLS: 'https://app.example/',
    GATEHOUSE_INVITATIONS_PER_RECIPIENT: 'off',
    GATEHOUSE_TRUSTED_ISSUERS: JSON.stringify(issuers.map(({ entry }) => entry)),
  };
  const gateway = await createGateway(settings, database);
  const names = {
    A: await furnish(gateway, 'A', idOfA),
    B: await furnish(gateway, 'B', idOfB),
  };
  const shared = await furnishEnvironment(gateway, { A: idOfA, B: idOfB });
  const cast = castOf(gateway, { A: idOfA, B: idOfB });
  const callers = [
    ANONYMOUS,
    ...(await people(cast, { google, password, ssoOfB })),
    ...(await newcomers(cast, { google, password, ssoOfB })),
    ...(await keys(gateway, idOfA)),
  ];
  const ask: Matrix['ask'] = (query, caller, variables) =>
    gateway.ask(query, { ...variables }, caller.credential);
  await dress(gateway);
  await sendTokens(gateway);
  // Whoever signs in for the first time, or for the first time in a minute, leaves a note of it.
  await Promise.all(callers.map((caller) => ask('{ viewer { kind } }', caller)));
  await gateway.query('UPDATE "user" SET email_verified = false WHERE email = ANY($1)', [
    UNVERIFIED,
  ]);
  return {
    gateway,
    settings,
    names,
    nobody: nothing(names.B),
    shared,
    callers,
    master: environmentKey('master', settings.GATEHOUSE_API_KEY, [
      ...OF_ORGANIZATION,
      ...OF_ENVIRONMENT,
    ]),
    ask,
    query: gateway.query,
    async close() {
      await gateway.close();
      await Promise.all(issuers.map((issuer) => issuer.close()));
    },
  };
}

/** Gives those who call what they can have, and lets each Ada have her role and invitations from the other's owner. */
async function dress(world: TestGateway): Promise<void> {
  await world.query(
    `UPDATE "user" SET external_id = email, name = 'Name', given_name = 'Name', family_name = 'Name', locale = 'en',
       picture_url = 'https://picture.example/x' WHERE email LIKE '%@people.example'`,
  );
  await world.query(
    `UPDATE membership SET external_id = email_key, status_reason = 'A reason.', metadata = '{"plan":"own"}',
       untrusted_metadata = '{"plan":"own"}' WHERE email_key LIKE '%@people.example'`,
  );
  for (const [whose, by] of ['ab', 'ba']) {
    const parameters = [`ada@word${whose}.example`, `boss@word${by}.example`];
    await world.query(
      `UPDATE role_assignment SET granted_by_id = (SELECT id FROM "user" WHERE email = $2)
       FROM membership WHERE membership.id = membership_id AND membership.email_key = $1`,
      parameters,
    );
    await world.query(
      `UPDATE invitation SET inviter_id = (SELECT id FROM "user" WHERE email = $2) WHERE email = $1`,
      parameters,
    );
  }
}

/** Gives those who call and are invited a token of their address. */
async function sendTokens(world: TestGateway): Promise<void> {
  const invitations = await world.query<{ id: string; email: string }>(
    `SELECT id, email FROM invitation WHERE status = 'PENDING' AND email LIKE '%@people.example'`,
  );
  for (const { id, email } of invitations) {
    await goodToken(world, id, { token: `token-of-${email}` });
  }
}

async function furnishEnvironment(
  world: TestGateway,
  organizations: Record<Tenant, string>,
): Promise<Shared> {
  await world.query(
    `INSERT INTO permission (name, description, is_built_in, created_at, updated_at)
     VALUES ('invoice:approve', 'Approve invoices.', false, now(), now())`,
  );
  const [role] = await world.query<{ id: string }>(
    `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
     VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000000', NULL, 'auditor', 'Auditor', '{}', now(), now())
     RETURNING id`,
  );
  // What a role names cannot be deleted.
  await world.query(
    `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
     VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000000', NULL, 'approver', 'Approver',
       '{invoice:approve}', now(), now())`,
  );
  const key = await act(world, [], (tx) => createApiKey(tx, { name: 'Shared', permissions: [] }));
  const [ada] = await world.query<{ user_id: string; membership_id: string }>(
    `SELECT user_id, id AS membership_id FROM membership WHERE organization_id = $1 AND external_id IS NOT NULL`,
    [organizations.A],
  );
  const [builtIn] = await world.query<{ id: string }>(`SELECT id FROM role WHERE key = 'member'`);
  const roleId = role?.id ?? '';
  const events: Shared['events'] = {};
  const subjects = everyType({
    organizationId: organizations.A,
    membershipId: ada?.membership_id ?? '',
    invitedMembershipId: ada?.membership_id ?? '',
    userId: ada?.user_id ?? '',
    invitationId: roleId,
    roleId,
    apiKeyId: key.id,
    secret: '',
  });
  for (const event of subjects) {
    if (event.organizationId == null) {
      const actor = { actorKind: 'API_KEY', actorId: key.id };
      events[event.type] = await writeEvent(world, { ...event, ...actor });
    }
  }
  return {
    role: encodeId('rol', roleId),
    builtInRole: encodeId('rol', builtIn?.id ?? ''),
    key: encodeId('key', key.id),
    permission: 'invoice:approve',
    events,
  };
}

/** Makes people members with the permissions of a built-in role, or with a role of their own. */
function castOf(world: TestGateway, ids: Record<Tenant, string>): Enter {
  return async (tenant, email, permissions, status = 'ACTIVE') => {
    const organizationId = ids[tenant];
    const builtIn = Object.keys(ROLES).find((key) => ROLES[key] === permissions);
    const key = builtIn ?? `only-${email.split('@')[0]}`;
    if (builtIn === undefined) {
      await world.query(
        `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
         VALUES (gen_random_uuid(), $1, $1, $2, 'Only', $3, now(), now())`,
        [organizationId, key, permissions],
      );
    }
    const roleKeys = status === 'ACTIVE' || status === 'SUSPENDED' ? [key] : [];
    const provider = { primaryIdentityProvider: 'Test' };
    const member = { email, status, roleKeys, ...provider };
    const { membershipId, userId } = await join(world, organizationId, member);
    return {
      id: encodeId('mbr', membershipId),
      userId: encodeId('usr', userId),
      isOwner: key === 'owner',
      status,
      permissions,
    };
  };
}

async function people(enter: Enter, by: Issuers): Promise<Caller[]> {
  const of = (name: string) => `${name.replace(/\W+/g, '-').toLowerCase()}@people.example`;
  const inA = async (name: string, permissions: readonly string[], status?: Part['status']) => {
    const part = await enter('A', of(name), permissions, status);
    return person(name, await tokenOf(by.google, of(name)), of(name), { A: part });
  };
  const { owner = [], admin = [], member = [] } = ROLES;
  const wrongMethod = await enter('A', of('wrong method'), owner);
  const noFactor = await enter('A', of('no factor'), owner);
  const both = { A: await enter('A', of('both'), owner), B: await enter('B', of('both'), owner) };
  const suspendedInB = await enter('B', of('suspended in B'), owner, 'SUSPENDED');
  const callers = [
    person('outsider', await tokenOf(by.google, of('outsider')), of('outsider'), {}),
    await inA('owner', owner),
    await inA('admin', admin),
    await inA('member', member),
    await inA('suspended owner', owner, 'SUSPENDED'),
    await inA('removed member', member, 'REMOVED'),
    await inA('pending member', member, 'PENDING_INVITE'),
    person('wrong method', await tokenOf(by.password, of('wrong method')), of('wrong method'), {
      A: { ...wrongMethod, refused: 'AUTH_METHOD_NOT_ALLOWED' },
    }),
    person('no factor', await tokenOf(by.google, of('no factor'), {}), of('no factor'), {
      A: { ...noFactor, refused: 'MFA_REQUIRED' },
    }),
    person('owner of B', await tokenOf(by.google, of('owner of B')), of('owner of B'), {
      B: await enter('B', of('owner of B'), owner),
    }),
    person('owner of A and B', await tokenOf(by.google, of('both')), of('both'), both),
    person(
      'owner of A and B by the SSO of B',
      await tokenOf(by.ssoOfB, of('both'), { sub: 'both by SSO', amr: ['mfa'] }),
      of('both'),
      { B: both.B },
      false,
      { beyond: { A: both.A.id } },
    ),
    person(
      'suspended owner of B by the SSO of B',
      await tokenOf(by.ssoOfB, of('suspended in B')),
      of('suspended in B'),
      { B: suspendedInB },
      false,
    ),
    await inA('everything but owner', [...owner, 'invoice:*']),
    await inA('reader of details', ['membership:read', 'membership:readDetails']),
  ];
  for (const permission of OF_ORGANIZATION) {
    callers.push(await inA(`person with ${permission}`, [permission]));
  }
  return callers;
}
