/** The operations, in words and in GraphQL. */
import type { IdKind } from '../src/domain/id.ts';

/** Those that every contender is asked. */
export const FIRST_NAMES = ['a', 'b', 'c'] as const;

/** Those that Gatehouse and one floor are asked. */
export const MORE_NAMES = ['d', 'd100', 'e', 'f', 'f2000', 'g', 'h'] as const;

export const OPERATION_NAMES = [...FIRST_NAMES, ...MORE_NAMES];

export type OperationName = (typeof OPERATION_NAMES)[number];

type Operation = {
  /** What the id is of. */
  kind: IdKind;
  first: number;
  query: string;
};

const ORGANIZATION = '{ id displayName slug }';
const USER = '{ id name email }';
const ROLES = 'roles { id key displayName }';

const SEARCH = `query D($id: ID!, $first: Int!, $search: String!, $after: String) {
  organization(by: { id: $id }) { id memberships(first: $first, after: $after, filter: { search: $search }) {
    pageInfo { hasNextPage endCursor } nodes { id status user ${USER} } } } }`;

const PERMISSIONS = `query F($first: Int!) {
  viewer { kind memberships(first: $first) { nodes { id status permissions organization ${ORGANIZATION} } } } }`;

export const OPERATIONS: Record<OperationName, Operation> = {
  // One user with its memberships, each with organization and roles; asked by that person.
  a: {
    kind: 'usr',
    first: 100,
    query: `query A($id: ID!, $first: Int!) {
  user(by: { id: $id }) { id name email
    memberships(first: $first) { nodes { id status organization ${ORGANIZATION} ${ROLES} } } } }`,
  },
  // One organization, its first 50 members with user and roles, totalCount; asked by its owner.
  b: {
    kind: 'org',
    first: 50,
    query: `query B($id: ID!, $first: Int!) {
  organization(by: { id: $id }) { id displayName slug
    memberships(first: $first) { totalCount nodes { id status user ${USER} ${ROLES} } } } }`,
  },
  // 50 organizations with the first 10 members and users each; asked by somebody in all of them.
  c: {
    kind: 'org',
    first: 10,
    query: `query C($id: [ID!]!, $first: Int!) {
  nodes(ids: $id) { ... on Organization { id displayName slug
    memberships(first: $first) { nodes { id status user ${USER} } } } } }`,
  },
  // The first 20 of the members with a part of a name, in an organization of 50,000.
  d: {
    kind: 'org',
    first: 20,
    query: SEARCH,
  },
  // Page 100 of the same search, by cursor.
  d100: { kind: 'org', first: 20, query: SEARCH },
  // A page of 100 memberships, with organization, of a person who has 2,000.
  e: {
    kind: 'usr',
    first: 100,
    query: `query E($first: Int!, $after: String) {
  viewer { memberships(first: $first, after: $after) { pageInfo { hasNextPage endCursor }
    nodes { id status organization ${ORGANIZATION} } } } }`,
  },
  // A person with 50 memberships and their permissions there.
  f: {
    kind: 'usr',
    first: 100,
    query: PERMISSIONS,
  },
  // The same of a person with 2,000, the first 100 of them.
  f2000: {
    kind: 'usr',
    first: 100,
    query: PERMISSIONS,
  },
  // One membership by its id, with user, organization and roles; asked by the owner.
  g: {
    kind: 'mbr',
    first: 1,
    query: `query G($id: ID!) {
  node(id: $id) { ... on Membership { id status joinedAt emailAddress user ${USER} organization ${ORGANIZATION} ${ROLES} } } }`,
  },
  // The newest 50 events of an organization, with their users; asked by its owner.
  h: {
    kind: 'org',
    first: 50,
    query: `query H($id: ID!, $first: Int!) {
  organization(by: { id: $id }) { id events(last: $first) { pageInfo { hasPreviousPage } nodes {
    id type cause sequence occurredAt actorId reason
    ... on MembershipStatusChanged { membershipId previousStatus status user ${USER} } } } } }`,
  },
};
