/** What each permission opens of a tenant: the table of rights, as those who read meet it. */
import { expect } from 'vitest';
import type { PermissionName } from '../../src/domain/permission.ts';
import type { TestGateway } from '../support/gateway.ts';
import { query, type Tenant, variablesOf } from './tenant.ts';

export type Held = (name: PermissionName) => boolean;
/** From where somebody looks: beyond organizations, from within one, or as one of its members. */
export type Standing = 'environment' | 'organization' | 'member';

type Needs = (has: Held, as: Standing) => boolean;

const all =
  (...names: PermissionName[]): Needs =>
  (has) =>
    names.every(has);

const seesOrganization: Needs = (has, as) =>
  as === 'member' || has('organization:read') || has('membership:read');
const inOrganization =
  (...names: PermissionName[]): Needs =>
  (has, as) =>
    seesOrganization(has, as) && names.every(has);
const details = all('membership:read', 'membership:readDetails');
const userDetails = all('user:read');
const metUser: Needs = (has) => has('user:read') || has('membership:read');
const userAddress: Needs = (has, as) => has('user:read') || details(has, as);

/** What each place of the answer takes to be seen. */
export const places: Record<string, Needs> = {
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
  'membership.user.email': (has, as) => has('membership:read') && userAddress(has, as),
  'membership.organization.externalId': all('membership:read', 'organization:read'),
  explainAccess: details,
  membershipByUser: all('membership:read'),
  membershipByEmail: details,
  membershipByExternalId: details,
  events: (has, as) => as === 'environment' && has('event:read'),
  evt: all('event:read'),
  'evt.reason': all('event:read', 'membership:readDetails'),
  'evt.organization': (has, as) => has('event:read') && seesOrganization(has, as),
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

/** Which of the places show to the bearer. */
export async function seen(
  world: TestGateway,
  tenant: Tenant,
  credential: string,
): Promise<Record<string, boolean>> {
  const { data, errors } = await world.ask(query, variablesOf(tenant), credential);
  expect(errors).toBeUndefined();
  return Object.fromEntries(Object.keys(places).map((path) => [path, at(data, path) !== null]));
}

/** Which of the places should show to whoever has these permissions. */
export function expected(has: Held, as: Standing = 'environment'): Record<string, boolean> {
  return Object.fromEntries(Object.entries(places).map(([path, needs]) => [path, needs(has, as)]));
}
