import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiKey } from '../../src/domain/api-key.ts';
import { encodeId, type IdKind } from '../../src/domain/id.ts';
import { inviteMembers } from '../../src/domain/invitation.ts';
import { suspendMembers } from '../../src/domain/membership.ts';
import { single } from '../../src/domain/outcome.ts';
import { ALL_PERMISSIONS, PERMISSIONS, type PermissionName } from '../../src/domain/permission.ts';
import { act, found, fresh, join } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { bearer, post } from './wire.ts';

type Tenant = {
  id: string;
  slug: string;
  externalId: string;
  email: string;
  memberExternalId: string;
  ids: Record<'org' | 'usr' | 'mbr' | 'inv' | 'key' | 'rol', string>;
  invitedMembershipId: string;
  /** The secret of a key that may do everything there. */
  key: string;
};

let world: TestGateway;
let a: Tenant;
let b: Tenant;

beforeAll(async () => {
  world = await createGateway();
  a = await makeTenant();
  b = await makeTenant();
});

afterAll(() => world.close());

/** An organization with everything in it that a right can hide. */
async function makeTenant(): Promise<Tenant> {
  const slug = fresh('tenant');
  const externalId = fresh('external');
  const memberExternalId = fresh('member');
  const id = await found(world, { slug, externalId, logoUrl: 'https://logo.example/x.png' });
  const member = await join(world, id, {
    email: `${slug}@example.com`,
    externalId: memberExternalId,
    name: 'Ada',
    roleKeys: ['owner'],
  });
  await join(world, id, { roleKeys: ['owner'] });
  const reason = 'A reason.';
  const suspension = [{ membershipId: member.membershipId, reason }];
  single(await act(world, [id], (tx) => suspendMembers(tx, suspension)));
  const invited = single(
    await act(world, [id], (tx) =>
      inviteMembers(tx, [{ organizationId: id, email: `invited-${slug}@example.com` }]),
    ),
  );
  await world.query(`UPDATE "user" SET external_id = $2, name = 'Ada' WHERE id = $1`, [
    member.userId,
    slug,
  ]);
  const [invitation] = await world.query<{ id: string }>(
    'SELECT id FROM invitation WHERE membership_id = $1',
    [invited.membershipId],
  );
  const [role] = await world.query<{ id: string }>(
    `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
     VALUES (gen_random_uuid(), $1, $1, 'own', 'Own', '{}', now(), now()) RETURNING id`,
    [id],
  );
  const key = await act(world, [id], (tx) =>
    createApiKey(tx, { name: slug, organizationId: id, permissions: [ALL_PERMISSIONS] }),
  );
  return {
    id,
    slug,
    externalId,
    email: member.email,
    memberExternalId,
    ids: {
      org: encodeId('org', id),
      usr: encodeId('usr', member.userId),
      mbr: encodeId('mbr', member.membershipId),
      inv: encodeId('inv', invitation?.id ?? ''),
      key: encodeId('key', key.id),
      rol: encodeId('rol', role?.id ?? ''),
    },
    invitedMembershipId: encodeId('mbr', invited.membershipId),
    key: key.secret,
  };
}

async function keyWith(permissions: string[], organizationId?: string): Promise<string> {
  const locked = organizationId === undefined ? [] : [organizationId];
  const { secret } = await act(world, locked, (tx) =>
    createApiKey(tx, { name: fresh('Key '), permissions, organizationId }),
  );
  return secret;
}

type Held = (name: PermissionName) => boolean;
type Needs = (has: Held) => boolean;

const all =
  (...names: PermissionName[]): Needs =>
  (has) =>
    names.every(has);

const seesOrganization: Needs = (has) => has('organization:read') || has('membership:read');
const inOrganization =
  (...names: PermissionName[]): Needs =>
  (has) =>
    seesOrganization(has) && names.every(has);
const details = all('membership:read', 'membership:readDetails');
const userDetails = all('user:read');

const query = `query ($org: ID!, $usr: ID!, $mbr: ID!, $invited: ID!, $inv: ID!, $rol: ID!, $key: ID!,
    $slug: String!, $external: String!, $email: String!, $memberExternal: String!) {
  environment { apiKeys { totalCount } }
  organization(by: { id: $org }) {
    displayName logoUrl externalId metadata settings { mfaPolicy } seats { used } roles { key }
    apiKeys { totalCount } invitations { totalCount } memberships { totalCount }
    searched: memberships(filter: { search: "a" }) { totalCount }
    byMetadata: memberships(filter: { metadata: {} }) { totalCount }
    byEmail: memberships(orderBy: { field: EMAIL, direction: ASC }) { totalCount }
    byName: memberships(orderBy: { field: NAME, direction: ASC }) { totalCount }
  }
  bySlug: organization(by: { slug: $slug }) { id }
  byExternalId: organization(by: { externalId: $external }) { id }
  organizations { nodes { id } }
  user(by: { id: $usr }) {
    email emailVerified externalId name metadata untrustedMetadata identities { issuer } createdAt updatedAt
    memberships { totalCount }
    searched: memberships(filter: { search: "a" }) { totalCount }
  }
  byEmail: user(by: { email: $email }) { id }
  users { totalCount }
  membership(by: { id: $mbr }) {
    status name emailAddress emailVerified externalId metadata untrustedMetadata statusReason permissions
    isBreakglass roleAssignments { source } roles { key }
    user { id email }
    organization { displayName externalId }
  }
  invited: membership(by: { id: $invited }) { invitation { status } }
  membershipByUser: membership(by: { organizationAndUser: { organizationId: $org, userId: $usr } }) { id }
  membershipByEmail: membership(by: { organizationAndEmail: { organizationId: $org, email: $email } }) { id }
  membershipByExternalId: membership(
    by: { organizationAndExternalId: { organizationId: $org, externalId: $memberExternal } }
  ) { id }
  org: node(id: $org) { id }
  usr: node(id: $usr) { id }
  mbr: node(id: $mbr) { id }
  inv: node(id: $inv) { id }
  rol: node(id: $rol) { id }
  key: node(id: $key) { id }
  nodes(ids: [$org]) { id }
}`;

function variablesOf({ ids, slug, externalId, email, memberExternalId, ...tenant }: Tenant) {
  const { invitedMembershipId: invited } = tenant;
  return { ...ids, invited, slug, external: externalId, email, memberExternal: memberExternalId };
}

/** What each place of the answer takes to be seen, in the environment. */
const places: Record<string, Needs> = {
  environment: all('environment:read'),
  'environment.apiKeys': all('environment:read'),
  organization: seesOrganization,
  'organization.displayName': seesOrganization,
  'organization.logoUrl': seesOrganization,
  'organization.externalId': all('organization:read'),
  'organization.metadata': all('organization:read'),
  'organization.settings': all('organization:read'),
  'organization.seats': all('organization:read'),
  'organization.roles': inOrganization('role:read'),
  'organization.apiKeys': inOrganization('apikey:manage'),
  'organization.invitations': inOrganization('membership:readDetails'),
  'organization.memberships': all('membership:read'),
  'organization.byName': all('membership:read'),
  'organization.searched': details,
  'organization.byMetadata': details,
  'organization.byEmail': details,
  bySlug: seesOrganization,
  byExternalId: seesOrganization,
  'organizations.nodes.0': all('organization:read'),
  user: userDetails,
  'user.email': userDetails,
  'user.emailVerified': userDetails,
  'user.externalId': userDetails,
  'user.name': userDetails,
  'user.metadata': userDetails,
  'user.untrustedMetadata': userDetails,
  'user.identities': userDetails,
  'user.createdAt': userDetails,
  'user.updatedAt': userDetails,
  'user.memberships': all('user:read', 'membership:read'),
  'user.searched': all('user:read', 'membership:read', 'membership:readDetails'),
  byEmail: userDetails,
  users: userDetails,
  membership: all('membership:read'),
  'membership.status': all('membership:read'),
  'membership.name': all('membership:read'),
  'membership.roles': all('membership:read'),
  'membership.user.id': all('membership:read'),
  'membership.organization.displayName': all('membership:read'),
  'membership.emailAddress': details,
  'membership.emailVerified': details,
  'membership.externalId': details,
  'membership.metadata': details,
  'membership.untrustedMetadata': details,
  'membership.statusReason': details,
  'membership.permissions': details,
  'membership.isBreakglass': details,
  'membership.roleAssignments': details,
  'invited.invitation': details,
  'membership.user.email': all('membership:read', 'user:read'),
  'membership.organization.externalId': all('membership:read', 'organization:read'),
  membershipByUser: all('membership:read'),
  membershipByEmail: details,
  membershipByExternalId: details,
  org: seesOrganization,
  usr: userDetails,
  mbr: all('membership:read'),
  inv: all('membership:readDetails'),
  rol: (has) => has('role:read') || has('environment:read'),
  key: (has) => has('environment:read') || has('apikey:manage'),
  'nodes.0': seesOrganization,
};

function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((inner, name) => Reflect.get(Object(inner ?? {}), name) ?? null, value);
}

async function seenBy(secret: string): Promise<Record<string, boolean>> {
  const { data, errors } = await world.ask(query, variablesOf(a), secret);
  expect(errors).toBeUndefined();
  return Object.fromEntries(Object.keys(places).map((path) => [path, at(data, path) !== null]));
}

function expected(has: Held): Record<string, boolean> {
  return Object.fromEntries(Object.entries(places).map(([path, needs]) => [path, needs(has)]));
}

describe('a key of the environment', () => {
  it('with everything sees everything', async () => {
    expect(await seenBy(await keyWith([ALL_PERMISSIONS]))).toEqual(expected(() => true));
  });

  it('with nothing sees nothing', async () => {
    const own = await keyWith(['invoice:approve']);
    expect(await seenBy(own)).toEqual(expected(() => false));
    const { data } = await world.ask('{ viewer { permissions } }', {}, own);
    expect(data).toEqual({ viewer: { permissions: ['invoice:approve'] } });
  });

  const names = PERMISSIONS.map(({ name }) => name);

  it.each(names)('with %s alone sees what that opens', async (only) => {
    expect(await seenBy(await keyWith([only]))).toEqual(expected((name) => name === only));
  });

  it.each(names)('without %s misses exactly what that opens', async (missing) => {
    const others = names.filter((name) => name !== missing);
    expect(await seenBy(await keyWith(others))).toEqual(expected((name) => name !== missing));
  });

  it.each(['organization', 'membership', 'user', 'environment'])(
    'with %s:* sees what all its permissions open',
    async (resource) => {
      const has: Held = (name) => name.startsWith(`${resource}:`);
      expect(await seenBy(await keyWith([`${resource}:*`]))).toEqual(expected(has));
    },
  );
});

it('knows of every field that says what it requires', async () => {
  type Described = { name: string; description: string | null };
  const { data } = await world.ask<{
    __schema: { types: { name: string; fields: Described[] | null }[] };
  }>('{ __schema { types { name fields { name description } } } }');
  const starts: Record<string, string> = {
    Query: '',
    Environment: 'environment.',
    Organization: 'organization.',
    User: 'user.',
    Membership: 'membership.',
  };
  const elsewhere: Record<string, string> = { organizations: 'organizations.nodes.0' };
  elsewhere['membership.invitation'] = 'invited.invitation';
  // Null for everybody in this world.
  const empty = ['user.givenName', 'user.familyName', 'user.pictureUrl', 'user.locale'];
  const fields = data?.__schema.types.flatMap(({ name: type, fields: its }) =>
    (its ?? []).flatMap(({ name, description }) =>
      /Requires /.test(description ?? '') ? [`${starts[type] ?? `${type}?`}${name}`] : [],
    ),
  );
  expect(fields?.length).toBeGreaterThan(30);
  const untried = fields?.filter(
    (field) => !empty.includes(field) && !((elsewhere[field] ?? field) in places),
  );
  expect(untried).toEqual([]);
});

describe('a key of an organization', () => {
  it('sees its own organization, and of the environment nothing', async () => {
    const { data, errors } = await world.ask(query, variablesOf(a), a.key);
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      environment: null,
      organization: { displayName: expect.any(String), externalId: a.externalId },
      user: null,
      byEmail: null,
      users: null,
      membership: { emailAddress: a.email, user: { id: a.ids.usr, email: null } },
      invited: { invitation: { status: 'PENDING' } },
      membershipByEmail: { id: a.ids.mbr },
      org: { id: a.ids.org },
      usr: null,
      mbr: { id: a.ids.mbr },
      inv: { id: a.ids.inv },
      rol: { id: a.ids.rol },
      key: { id: a.ids.key },
    });
  });

  it.each([
    ['everything', [ALL_PERMISSIONS]],
    ['its own permissions', PERMISSIONS.map(({ name }) => name)],
    ['nothing', []],
  ])('with %s sees nothing of another tenant', async (_what, permissions) => {
    const secret = await keyWith(permissions, a.id);
    const absent: Tenant = { ...b, ...strangerTo(b) };
    const theirs = await post(
      world.gateway.url,
      { query, variables: variablesOf(b) },
      bearer(secret),
    );
    const nobodys = await post(
      world.gateway.url,
      { query, variables: variablesOf(absent) },
      bearer(secret),
    );
    expect(theirs.body).toBe(nobodys.body);
    expect(theirs.status).toBe(nobodys.status);
    const { data, errors } = JSON.parse(theirs.body);
    expect(errors).toBeUndefined();
    const { organizations, ...others } = data;
    for (const [name, value] of Object.entries(others)) {
      expect(value, name).toEqual(name === 'nodes' ? [null] : null);
    }
    const listed = organizations.nodes.map(({ id }: { id: string }) => id);
    expect(listed).not.toContain(b.ids.org);
  });

  it('holds the permissions of its organization there, and none of the environment', async () => {
    const own = PERMISSIONS.flatMap(({ name, scope }) => (scope === 'organization' ? [name] : []));
    const mine = await world.ask(
      'query ($id: ID!) { viewer { permissions(organizationId: $id) } }',
      { id: a.ids.org },
      a.key,
    );
    expect(mine.data).toEqual({ viewer: { permissions: [...own, ALL_PERMISSIONS] } });
  });

  it('crosses with nothing that it may see into what it may not', async () => {
    const mixed = await world.ask<Record<string, unknown>>(
      `query ($mine: ID!, $theirs: ID!, $me: ID!, $they: ID!, $email: String!) {
        a: membership(by: { organizationAndUser: { organizationId: $mine, userId: $they } }) { id }
        b: membership(by: { organizationAndUser: { organizationId: $theirs, userId: $me } }) { id }
        c: membership(by: { organizationAndEmail: { organizationId: $mine, email: $email } }) { id }
        d: organization(by: { id: $mine }) { memberships(filter: { search: "${b.slug}" }) { totalCount } }
        e: viewer { permissions(organizationId: $theirs) }
        f: viewer { permissions }
      }`,
      { mine: a.ids.org, theirs: b.ids.org, me: a.ids.usr, they: b.ids.usr, email: b.email },
      a.key,
    );
    expect(mixed).toEqual({
      data: {
        a: null,
        b: null,
        c: null,
        d: { memberships: { totalCount: 0 } },
        e: { permissions: [] },
        f: { permissions: [] },
      },
    });
  });

  it('sees of a person who is elsewhere too only the membership here', async () => {
    const { email } = a;
    await join(world, b.id, { email });
    const { data, errors } = await world.ask(
      `query ($id: ID!) { membership(by: { id: $id }) { user { id memberships { nodes { organization { id } } } } } }`,
      { id: a.ids.mbr },
      a.key,
    );
    expect(errors).toBeUndefined();
    expect(JSON.stringify(data)).not.toContain(b.ids.org);
  });
});

/** What nobody has, in the shapes of what a tenant has. */
function strangerTo(tenant: Tenant): Omit<Tenant, 'key'> {
  const kinds = Object.keys(tenant.ids) as IdKind[];
  const ids = Object.fromEntries(
    kinds.map((kind) => [kind, encodeId(kind, '01980000-0000-7000-8000-0123456789ab')]),
  );
  return {
    id: tenant.id,
    slug: fresh('absent'),
    externalId: fresh('absent'),
    email: `${fresh('absent')}@example.com`,
    memberExternalId: fresh('absent'),
    ids: ids as Tenant['ids'],
    invitedMembershipId: ids.mbr ?? '',
  };
}
