/** The peers that are asked in GraphQL. They read the tables of Gatehouse, and ask nobody who they are. */
import type { Question } from '../operations.ts';
import type { Peer } from './peer.ts';

type Queries = Record<'a' | 'b' | 'c', string>;

// As Gatehouse is asked, but for the query that finds the organizations.
const QUERIES: Queries = {
  a: `query A($id: ID!, $first: Int!) {
  user(id: $id) { id name email
    memberships(first: $first) { nodes { id status organization { id displayName slug } roles { id key displayName } } } } }`,
  b: `query B($id: ID!, $first: Int!) {
  organization(id: $id) { id displayName slug
    memberships(first: $first) { totalCount nodes { id status user { id name email } roles { id key displayName } } } } }`,
  c: `query C($id: [ID!]!, $first: Int!) {
  nodes: organizations(ids: $id) { id displayName slug
    memberships(first: $first) { nodes { id status user { id name email } } } } }`,
};

const POSTGRAPHILE_LIST =
  'memberships(first: $first, condition: { isListed: true }, orderBy: [CREATED_AT_ASC, ROW_ID_ASC])';
const POSTGRAPHILE_ROLES =
  'roles: roleAssignmentsByOrganizationIdAndMembershipId { nodes { role: roleScopeRole { id: rowId key displayName } } }';

// What it calls `id` is an id of its own; the column is `rowId`.
const POSTGRAPHILE_QUERIES: Queries = {
  a: `query A($id: UUID!, $first: Int!) {
  user(rowId: $id) { id: rowId name email
    ${POSTGRAPHILE_LIST} { nodes { id: rowId status organization { id: rowId displayName slug } ${POSTGRAPHILE_ROLES} } } } }`,
  b: `query B($id: UUID!, $first: Int!) {
  organization(rowId: $id) { id: rowId displayName slug
    ${POSTGRAPHILE_LIST} { totalCount nodes { id: rowId status user { id: rowId name email } ${POSTGRAPHILE_ROLES} } } } }`,
  c: `query C($id: [ID!]!, $first: Int!) {
  nodes: organizations(condition: { idIn: $id }) { nodes { id: rowId displayName slug
    ${POSTGRAPHILE_LIST} { nodes { id: rowId status user { id: rowId name email } } } } } }`,
};

export const pothos: Peer = {
  ...graphqlPeer('yoga + Pothos + plugin-prisma', 'contenders/pothos.ts', QUERIES),
  needsInstall: false,
};

export const mercurius = graphqlPeer(
  'mercurius + jit + loaders',
  'contenders/mercurius.ts',
  QUERIES,
);

export const postgraphile = graphqlPeer(
  'PostGraphile 5',
  'contenders/postgraphile.ts',
  POSTGRAPHILE_QUERIES,
  withoutJoins,
);

function graphqlPeer(
  title: string,
  program: string,
  queries: Queries,
  reshape: (data: object) => object = (data) => data,
): Peer {
  return {
    title,
    program,
    operations: ['a', 'b', 'c'],
    needsInstall: true,
    authorizes: false,
    databaseUrl: (url) => url,
    requestOf: ({ url }, { operation, id, first }) => ({
      url,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: queries[operation as keyof Queries],
        variables: { id, first },
      }),
    }),
    dataOf(answer, question) {
      const { data, errors } = answer as { data?: object; errors?: unknown };
      return errors === undefined && data !== undefined
        ? inOrder(reshape(data), question)
        : undefined;
    },
    said: (data) => data,
  };
}

type Roles = { nodes: { role: unknown }[] };

// Roles come by way of what joins them, and lists in an object.
function withoutJoins(data: object): object {
  const { nodes, ...others } = data as { nodes?: { nodes: unknown[] } };
  const text = JSON.stringify(nodes === undefined ? others : nodes);
  return JSON.parse(text, (name, value: unknown) =>
    name === 'roles' ? (value as Roles).nodes.map(({ role }) => role) : value,
  );
}

// Whoever asks for rows by their ids gets them in any order.
function inOrder(data: object, { id }: Question): object {
  const { nodes } = data as { nodes?: { id: string }[] };
  if (nodes === undefined) {
    return data;
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return { nodes: [id].flat().map((one) => byId.get(one)) };
}
