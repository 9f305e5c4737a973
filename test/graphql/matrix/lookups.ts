/** Every lookup by every argument of queries, and who finds by it what is there: one line for a new argument. */
import type { Names } from './names.ts';
import {
  address,
  all,
  EXPLAINED,
  has,
  hasOfAll,
  memberships,
  open,
  type Rule,
  sees,
  wholeUser,
} from './rule.ts';

/**
 * A selection of the root that finds something of `names`. `others` are the names of what an argument refers to where
 * that could be of another organization than the list it stands in.
 */
export type Ask = (names: Names, others: Names) => string;

export type Lookup = {
  ask: Ask;
  rule: Rule;
  /** It names a secret, which is worth the same to whoever has it: nobody is a stranger to what it finds. */
  isByToken?: boolean;
};

/** A list: the way to it, with its arguments and selection, and who sees it. */
type List = {
  way(names: Names, field: string): string;
  rule: Rule;
  /** The list whose cursors it takes, where only its own viewer has any. */
  cursorsOf?: string;
};

const org = (names: Names, field: string) =>
  `organization(by: { id: "${names.org}" }) { ${field} }`;
const user = (names: Names, field: string) => `user(by: { id: "${names.ada.usr}" }) { ${field} }`;
const membership = (names: Names, field: string) =>
  `membership(by: { id: "${names.ada.mbr}" }) { ${field} }`;

const inOrganization = (rule: Rule) => all(sees.organization, rule);
const inDetail = all(has('membership:read'), has('membership:readDetails'));
/** Has a membership that lists have, unless they are asked for others. */
const isListed: Rule = ({ own }) => Object.values(own).some(({ status }) => status !== 'REMOVED');
const history = all(sees.membership, has('event:read'));

/** All lists, which take `first`, `last`, `after` and `before`. */
export const lists: Record<string, List> = {
  'Environment.apiKeys': {
    way: (_, field) => `environment { apiKeys${field} }`,
    rule: sees.environment,
  },
  'Organization.apiKeys': {
    way: (names, field) => org(names, `apiKeys${field}`),
    rule: inOrganization(has('apikey:manage')),
  },
  'Organization.events': {
    way: (names, field) => org(names, `events${field}`),
    rule: inOrganization(has('event:read')),
  },
  'Organization.invitations': {
    way: (names, field) => org(names, `invitations${field}`),
    rule: sees.invitation,
  },
  'Organization.memberships': {
    way: (names, field) => org(names, `memberships${field}`),
    rule: has('membership:read'),
  },
  'Membership.history': {
    way: (names, field) => membership(names, `history${field}`),
    rule: history,
  },
  'User.memberships': {
    way: (names, field) => user(names, `memberships${field}`),
    rule: memberships,
  },
  'Viewer.memberships': {
    way: (_, field) => `viewer { memberships${field} }`,
    rule: sees.ofPeople,
    cursorsOf: 'User.memberships',
  },
  'Query.events': { way: (_, field) => `events${field}`, rule: hasOfAll('event:read') },
  'Query.users': { way: (_, field) => `users${field}`, rule: sees.users },
  'Query.organizations': { way: (_, field) => `organizations${field}`, rule: open },
};

/** What finds something for those for whom the rule is true of Ada, or of the organization. */
const found: [rule: Rule, ...asks: Ask[]][] = [
  [open, () => 'viewer { kind }'],
  [
    ({ holds }, { tenant = 'A' }) => holds[tenant].length + holds.environment.length > 0,
    (names) => `viewer { permissions(organizationId: "${names.org}") }`,
  ],
  [sees.environment, () => 'environment { version }'],
  [
    sees.organization,
    (names) => org(names, 'id'),
    ({ slug }) => `organization(by: { slug: "${slug}" }) { id }`,
    ({ formerSlug }) => `organization(by: { slug: "${formerSlug}" }) { id }`,
    ({ org: id }) => `node(id: "${id}") { id }`,
    ({ org: id }) => `nodes(ids: ["${id}"]) { id }`,
  ],
  [
    has('organization:read'),
    ({ externalId }) => `organization(by: { externalId: "${externalId}" }) { id }`,
    ({ word }) => `organizations(filter: { search: "${word}" }) { nodes { id } }`,
    ({ word }) => `organizations(filter: { metadata: { plan: "${word}" } }) { nodes { id } }`,
    ({ externalId }) =>
      `organizations(filter: { externalIds: ["${externalId}"] }) { nodes { id } }`,
    ...['CREATED_AT', 'DISPLAY_NAME'].map(
      (field): Ask =>
        ({ word }) =>
          `organizations(filter: { search: "${word}" }, orderBy: { field: ${field}, direction: ASC }) { nodes { id } }`,
    ),
  ],
  [
    sees.user,
    (names) => user(names, 'id'),
    ({ ada }) => `node(id: "${ada.usr}") { id }`,
    ({ ada }) => `nodes(ids: ["${ada.usr}"]) { id }`,
  ],
  [address, ({ ada }) => `user(by: { email: "${ada.email}" }) { id }`],
  [wholeUser, ({ ada }) => `user(by: { externalId: "${ada.userExternalId}" }) { id }`],
  [
    sees.users,
    ({ word }) => `users(filter: { search: "${word}" }) { nodes { id } }`,
    ({ word }) => `users(filter: { metadata: { plan: "${word}" } }) { nodes { id } }`,
    ({ word }) => `users(filter: { emailDomain: "${word}.example" }) { nodes { id } }`,
    ({ word }) =>
      `users(filter: { search: "${word}", withoutMemberships: false }) { nodes { id } }`,
    ...['CREATED_AT', 'EMAIL', 'NAME'].map(
      (field): Ask =>
        ({ word }) =>
          `users(filter: { search: "${word}" }, orderBy: { field: ${field}, direction: ASC }) { nodes { id } }`,
    ),
  ],
  [
    sees.membership,
    (names) => membership(names, 'id'),
    ({ ada }) => `node(id: "${ada.mbr}") { id }`,
    ({ ada }) => `nodes(ids: ["${ada.mbr}"]) { id }`,
    ({ org: id }, { ada }) =>
      `membership(by: { organizationAndUser: { organizationId: "${id}", userId: "${ada.usr}" } }) { id }`,
  ],
  [
    inDetail,
    ({ org: id }, { ada }) =>
      `membership(by: { organizationAndEmail: { organizationId: "${id}", email: "${ada.email}" } }) { id }`,
    ({ org: id }, { ada }) =>
      `membership(by: { organizationAndExternalId: { organizationId: "${id}", externalId: "${ada.externalId}" } }) { id }`,
  ],
  [
    sees.access,
    ({ ada }) =>
      `explainAccess(membershipId: "${ada.mbr}", permission: "${EXPLAINED}") { permission }`,
  ],
  [sees.invitation, ({ invitations }) => `node(id: "${invitations[0]}") { id }`],
  [sees.ownRole, ({ role }) => `node(id: "${role}") { id }`],
  [sees.ownKey, ({ key }) => `node(id: "${key}") { id }`],
  [sees.event, ({ events }) => `node(id: "${events.MEMBERSHIP_UPDATED}") { id }`],
];

/** What lists take, and the rule that it takes besides that of the list. */
const taken: [lists: string[], rule: Rule, ...given: ((others: Names) => string)[]][] = [
  [
    ['Organization.memberships', 'User.memberships'],
    has('membership:read'),
    () => 'filter: { status: [SUSPENDED] }',
    ({ role }) => `filter: { roleId: "${role}" }`,
    ({ roleKey }) => `filter: { roleKey: "${roleKey}" }`,
    ({ word }) => `filter: { search: "${word}" }`,
    () => 'filter: { provisioningMethod: [IMPORT] }',
    () => 'orderBy: { field: CREATED_AT, direction: ASC }',
    () => 'orderBy: { field: JOINED_AT, direction: ASC }',
    () => 'orderBy: { field: NAME, direction: ASC }',
  ],
  [
    ['Organization.memberships', 'User.memberships'],
    inDetail,
    ({ ada }) => `filter: { search: "${ada.email}" }`,
    ({ word }) => `filter: { metadata: { plan: "${word}" } }`,
    ({ word }) => `filter: { untrustedMetadata: { plan: "${word}" } }`,
    () => 'orderBy: { field: EMAIL, direction: DESC }',
  ],
  [
    ['Viewer.memberships'],
    isListed,
    () => 'filter: { search: "people.example" }',
    () => 'filter: { metadata: { plan: "own" } }',
    () => 'filter: { untrustedMetadata: { plan: "own" } }',
    () => 'orderBy: { field: NAME, direction: ASC }',
    () => 'orderBy: { field: EMAIL, direction: ASC }',
  ],
  [
    ['Viewer.memberships'],
    ({ own }) => Object.values(own).some(({ status }) => status === 'REMOVED'),
    () => 'filter: { status: [REMOVED] }',
  ],
  [
    ['Organization.invitations'],
    sees.invitation,
    () => 'filter: { status: [DECLINED] }',
    ({ ada }) => `filter: { search: "${ada.email}" }`,
    ({ boss }) => `filter: { inviterId: "${boss.usr}" }`,
  ],
  [
    ['Organization.events', 'Membership.history', 'Query.events'],
    open,
    () => 'filter: { types: [MEMBERSHIP_STATUS_CHANGED] }',
    () => 'filter: { causes: [SUSPENSION_ENDED] }',
    ({ ada }) => `filter: { membershipId: "${ada.mbr}" }`,
    ({ ada }) => `filter: { userId: "${ada.usr}" }`,
    ({ key }) => `filter: { actorId: "${key}" }`,
    () => 'filter: { since: "2020-01-01T00:00:00.000Z" }',
    () => 'filter: { until: "2100-01-01T00:00:00.000Z" }',
  ],
];

function listed(): Lookup[] {
  const filtered = taken.flatMap(([names, rule, ...given]) =>
    names.flatMap((name) =>
      given.map((argument) => lookupIn(name, argument, 'nodes { id }', rule)),
    ),
  );
  const paged = Object.keys(lists).flatMap((name) =>
    ['first: 1', 'last: 1'].map((argument) =>
      lookupIn(name, () => argument, 'pageInfo { hasNextPage }', open),
    ),
  );
  return [...filtered, ...paged];
}

function lookupIn(
  name: string,
  argument: (others: Names) => string,
  selection: string,
  rule: Rule,
): Lookup {
  const list = lists[name];
  if (list === undefined) {
    throw new Error(`There is no list ${name}.`);
  }
  return {
    ask: (names, others) => list.way(names, `(${argument(others)}) { ${selection} }`),
    rule: all(list.rule, rule),
  };
}

/** Tokens: of the last sending, which show the invitation to whoever has them, and of those before. */
const byToken: Lookup[] = [
  {
    ask: ({ guests }) => `invitationPreview(token: "${guests.accepting.token}") { email }`,
    rule: open,
    isByToken: true,
  },
  {
    ask: ({ guests }) => `invitationPreview(token: "${guests.accepting.formerToken}") { email }`,
    rule: () => false,
  },
];

/** All but those by cursors, which must be read before. */
export const lookups: Lookup[] = [
  ...byToken,
  ...found.flatMap(([rule, ...asks]) => asks.map((ask) => ({ ask, rule }))),
  ...listed(),
];
