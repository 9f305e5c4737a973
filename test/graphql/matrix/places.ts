/** Where objects of each type are met: a way from the root to one, and what is there. */

import type { Caller, Tenant } from './callers.ts';
import type { Names } from './names.ts';
import {
  all,
  details,
  EXPLAINED,
  has,
  open,
  personal,
  type Rule,
  sees,
  type Thing,
  wholeUser,
} from './rule.ts';
import type { Matrix } from './world.ts';

export type Place = {
  type: string;
  /** The way there: a selection of the root with `…` where the object's own fields go. */
  way: string;
  /** Where the object stands under the field of the root; of a list, the place or what the item has. */
  at: readonly (string | number | Record<string, string>)[];
  sees: Rule;
  thing: Thing;
  /** It is another for everybody who asks: nobody else sees what stands there, so the rules say all of it. */
  isOfViewer?: true;
};

const ofViewer = { isOfViewer: true } as const;

const explained = (membershipId: string, field = '…') =>
  `explainAccess(membershipId: "${membershipId}", permission: "${EXPLAINED}") { ${field} }`;

/** All places in an organization, whose names these are. */
function inOrganization(names: Names): Place[] {
  const tenant = names.tenant as Tenant;
  const thing = { tenant };
  const ada: Thing = { tenant, whose: names.ada.email, in: [tenant] };
  const boss: Thing = { tenant, whose: names.boss.email, in: [tenant], isOwner: true };
  const mia: Thing = { tenant, whose: names.mia.email, in: [tenant], isAllowed: true };
  const other: Tenant = tenant === 'A' ? 'B' : 'A';
  // Granted and invited by the owner of the other organization.
  const granted: Thing = { tenant, whose: names.ada.email, in: [other] };
  const invited: Thing = { tenant, whose: `boss@word${other.toLowerCase()}.example`, in: [other] };
  const org = (field: string) => `organization(by: { id: "${names.org}" }) { ${field} }`;
  const node = (id: string, type: string, field = '…') =>
    `node(id: "${id}") { ... on ${type} { ${field} } }`;
  const within = (rule: Rule) => all(sees.organization, rule);
  const lists: [field: string, type: string, needs: Rule][] = [
    ['memberships', 'Membership', has('membership:read')],
    ['invitations', 'Invitation', sees.invitation],
    ['apiKeys', 'ApiKey', has('apikey:manage')],
    ['events', 'Event', has('event:read')],
  ];
  const place = (type: string, way: string, at: Place['at'], rule: Rule, of: Thing = thing) => ({
    type,
    way,
    at,
    sees: rule,
    thing: of,
  });
  const settings = place(
    'OrganizationSettings',
    org('settings { … }'),
    ['settings'],
    within(has('organization:read')),
  );
  return [
    place('Organization', org('…'), [], sees.organization),
    settings,
    place('Seats', org('seats { … }'), ['seats'], within(has('organization:read'))),
    place('User', node(names.ada.usr, 'User'), [], sees.user, ada),
    place(
      'Identity',
      node(names.ada.usr, 'User', 'identities { … }'),
      ['identities', 0],
      wholeUser,
      ada,
    ),
    place('Membership', node(names.ada.mbr, 'Membership'), [], sees.membership, ada),
    place('Membership', node(names.boss.mbr, 'Membership'), [], sees.membership, boss),
    { ...place('AccessExplanation', explained(names.ada.mbr), [], sees.access, ada), ...ofViewer },
    { ...place('AccessExplanation', explained(names.mia.mbr), [], sees.access, mia), ...ofViewer },
    place('AccessGrant', explained(names.ada.mbr, 'grants { … }'), ['grants', 0], sees.access, ada),
    {
      ...place(
        'DiscoveredOrganization',
        'viewer { discoveredOrganizations { … } }',
        ['discoveredOrganizations', { organizationId: names.org }],
        sees.entrance,
      ),
      ...ofViewer,
    },
    place(
      'RoleAssignment',
      node(names.ada.mbr, 'Membership', 'roleAssignments { … }'),
      ['roleAssignments', 0],
      all(sees.membership, details),
      granted,
    ),
    ...names.invitations.map((id) =>
      place('Invitation', node(id, 'Invitation'), [], sees.invitation, invited),
    ),
    place('Invitation', node(names.guests.accepting.inv, 'Invitation'), [], sees.invitation, {
      ...boss,
      isOwner: undefined,
    }),
    // Whoever has the token is told.
    place(
      'InvitationPreview',
      `invitationPreview(token: "${names.guests.accepting.token}") { … }`,
      [],
      open,
    ),
    place('Role', node(names.role, 'Role'), [], sees.ownRole),
    place('ApiKey', node(names.key, 'ApiKey'), [], sees.ownKey),
    place('ApiKey', node(names.revokedKey, 'ApiKey'), [], sees.ownKey),
    ...lists.flatMap(([field, type, needs]) => [
      place(`${type}Connection`, org(`${field} { … }`), [field], within(needs)),
      place(`${type}Edge`, org(`${field} { edges { … } }`), [field, 'edges', 0], within(needs)),
      place('PageInfo', org(`${field} { pageInfo { … } }`), [field, 'pageInfo'], within(needs)),
    ]),
    ...Object.entries(names.events).map(([type, id]) =>
      place(typeOf(type), node(id, typeOf(type)), [], sees.event, ada),
    ),
    place(
      'EventChange',
      node(names.events.MEMBERSHIP_UPDATED ?? '', 'MembershipUpdated', 'changes { … }'),
      ['changes', 1],
      all(sees.event, personal),
    ),
    place(
      'EventRole',
      node(names.events.MEMBERSHIP_STATUS_CHANGED ?? '', 'MembershipStatusChanged', 'roles { … }'),
      ['roles', 0],
      sees.event,
    ),
  ];
}

/** The places of the environment. */
function inEnvironment({ shared, names }: Matrix): Place[] {
  const ada: Thing = { whose: names.A.ada.email, in: ['A'] };
  const place = (type: string, way: string, at: Place['at'], rule: Rule, thing: Thing = {}) => ({
    type,
    way,
    at,
    sees: rule,
    thing,
  });
  const { environment } = sees;
  const always: Rule = open;
  return [
    place('Environment', 'environment { … }', [], environment),
    place(
      'OrganizationLabel',
      'environment { organizationLabel { … } }',
      ['organizationLabel'],
      environment,
    ),
    place('Permission', 'environment { permissions { … } }', ['permissions', 0], environment),
    place('ApiKeyConnection', 'environment { apiKeys { … } }', ['apiKeys'], environment),
    place('ApiKey', `node(id: "${shared.key}") { ... on ApiKey { … } }`, [], sees.sharedKey),
    place('Role', `node(id: "${shared.role}") { ... on Role { … } }`, [], sees.sharedRole),
    place('UserConnection', 'users { … }', [], sees.users),
    place('UserEdge', 'users { edges { … } }', ['edges', 0], sees.users),
    place('OrganizationConnection', 'organizations { … }', [], always),
    place('OrganizationEdge', 'organizations { edges { … } }', ['edges', 0], sees.anOrganization),
    place('EventConnection', 'events { … }', [], sees.event),
    { ...place('Viewer', 'viewer { … }', [], always), ...ofViewer },
    {
      ...place(
        'MembershipConnection',
        'viewer { memberships { … } }',
        ['memberships'],
        sees.ofPeople,
      ),
      ...ofViewer,
    },
    ...Object.entries(shared.events).map(([type, id]) =>
      place(
        typeOf(type),
        `node(id: "${id}") { ... on ${typeOf(type)} { … } }`,
        [],
        sees.event,
        ada,
      ),
    ),
  ];
}

/** What is a person's own: their user, and their memberships, those too that their sign-in does not reach. */
export function ownPlaces({ email, own, userId, beyond }: Caller): Place[] {
  if (email === null || userId === null) {
    return [];
  }
  const tenants = Object.keys(own) as Tenant[];
  const user = { whose: email, in: tenants };
  const way = (field: string) => `node(id: "${userId}") { ... on User { ${field} } }`;
  const memberships = [...tenants, ...(Object.keys(beyond) as Tenant[])];
  return [
    { type: 'User', way: way('…'), at: [], sees: open, thing: user },
    {
      type: 'Identity',
      way: way('identities { … }'),
      at: ['identities', 0],
      sees: wholeUser,
      thing: user,
    },
    ...memberships.flatMap((tenant): Place[] => {
      const id = own[tenant]?.id ?? beyond[tenant] ?? '';
      const common = { at: [], thing: { tenant, whose: email, in: [tenant] } };
      const node = `node(id: "${id}") { ... on Membership { … } }`;
      return [
        { type: 'Membership', way: node, sees: sees.membership, ...common },
        {
          type: 'AccessExplanation',
          way: explained(id),
          sees: sees.access,
          ...common,
          ...ofViewer,
        },
      ];
    }),
  ];
}

/** Every type is met in at least one of these, with every field set in one of them. */
export function places(matrix: Matrix): Place[] {
  return [
    ...inOrganization(matrix.names.A),
    ...inOrganization(matrix.names.B),
    ...inEnvironment(matrix),
  ];
}

function typeOf(eventType: string): string {
  return eventType
    .toLowerCase()
    .replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
