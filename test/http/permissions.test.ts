import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_PERMISSIONS, PERMISSIONS, type PermissionName } from '../../src/domain/permission.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { keyWith, makeTenant, query, type Tenant, variablesOf } from './tenant.ts';

let world: TestGateway;
let a: Tenant;

beforeAll(async () => {
  world = await createGateway();
  a = await makeTenant(world);
});

afterAll(() => world.close());

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
const metUser: Needs = (has) => has('user:read') || has('membership:read');
const userAddress: Needs = (has) => has('user:read') || details(has);

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
  'organization.invitations': details,
  'organization.memberships': all('membership:read'),
  'organization.byName': all('membership:read'),
  'organization.events': inOrganization('event:read'),
  'organization.searched': all('membership:read'),
  'organization.byMetadata': details,
  'organization.byEmail': details,
  bySlug: seesOrganization,
  byExternalId: all('organization:read'),
  'organizations.nodes.0': all('organization:read'),
  user: metUser,
  'user.email': userAddress,
  'user.emailVerified': userAddress,
  'user.externalId': userDetails,
  'user.name': metUser,
  'user.metadata': userDetails,
  'user.untrustedMetadata': userDetails,
  'user.identities': userDetails,
  'user.createdAt': userDetails,
  'user.updatedAt': userDetails,
  'user.memberships': all('membership:read'),
  'user.searched': all('membership:read'),
  byEmail: userAddress,
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
  'membership.history': all('membership:read', 'event:read'),
  'membership.user.email': (has) => has('membership:read') && userAddress(has),
  'membership.organization.externalId': all('membership:read', 'organization:read'),
  membershipByUser: all('membership:read'),
  membershipByEmail: details,
  membershipByExternalId: details,
  events: all('event:read'),
  evt: all('event:read'),
  'evt.reason': all('event:read', 'membership:readDetails'),
  'evt.organization': (has) => has('event:read') && seesOrganization(has),
  'evt.membership': all('event:read', 'membership:read'),
  'evt.user': (has) => has('event:read') && (has('membership:read') || has('user:read')),
  org: seesOrganization,
  usr: metUser,
  mbr: all('membership:read'),
  inv: details,
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
    expect(await seenBy(await keyWith(world, [ALL_PERMISSIONS]))).toEqual(expected(() => true));
  });

  it('with nothing sees nothing', async () => {
    const own = await keyWith(world, ['invoice:approve']);
    expect(await seenBy(own)).toEqual(expected(() => false));
    const { data } = await world.ask('{ viewer { permissions } }', {}, own);
    expect(data).toEqual({ viewer: { permissions: ['invoice:approve'] } });
  });

  const names = PERMISSIONS.map(({ name }) => name);

  it.each(names)('with %s alone sees what that opens', async (only) => {
    expect(await seenBy(await keyWith(world, [only]))).toEqual(expected((name) => name === only));
  });

  it.each(names)('without %s misses exactly what that opens', async (missing) => {
    const others = names.filter((name) => name !== missing);
    expect(await seenBy(await keyWith(world, others))).toEqual(
      expected((name) => name !== missing),
    );
  });

  it.each(['organization', 'membership', 'user', 'environment'])(
    'with %s:* sees what all its permissions open',
    async (resource) => {
      const has: Held = (name) => name.startsWith(`${resource}:`);
      expect(await seenBy(await keyWith(world, [`${resource}:*`]))).toEqual(expected(has));
    },
  );
});

it('knows of every field that says what it requires', async () => {
  type Described = { name: string; description: string | null };
  const { data } = await world.ask<{
    __schema: {
      types: { name: string; fields: Described[] | null; interfaces: { name: string }[] | null }[];
    };
  }>('{ __schema { types { name fields { name description } interfaces { name } } } }');
  const starts: Record<string, string> = {
    Query: '',
    Environment: 'environment.',
    Organization: 'organization.',
    User: 'user.',
    Membership: 'membership.',
    Event: 'evt.',
  };
  const elsewhere: Record<string, string> = { organizations: 'organizations.nodes.0' };
  elsewhere['membership.invitation'] = 'invited.invitation';
  // Null for everybody in this world.
  const empty = ['user.givenName', 'user.familyName', 'user.pictureUrl', 'user.locale'];
  // What each type of event shows to whom, graphql/event-rights.test.ts tries, and who changes what the mutations' own.
  const types = data?.__schema.types.filter(
    ({ name: type, interfaces }) =>
      type !== 'Mutation' && !interfaces?.some(({ name }) => name === 'Event'),
  );
  const fields = types?.flatMap(({ name: type, fields: its }) =>
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
