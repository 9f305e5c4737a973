// A peer: mercurius on fastify with graphql-jit, and loaders that ask one statement by hand for each batch.
import Fastify from 'fastify';
import mercurius, { type MercuriusLoaders } from 'mercurius';
import pg from 'pg';
import { takePart, task } from '../contender.ts';
import { CONNECTIONS } from './serve.ts';

const pool = new pg.Pool({ connectionString: task().DATABASE_URL, max: CONNECTIONS });

const schema = `
  type Query {
    user(id: ID!): User
    organization(id: ID!): Organization
    organizations(ids: [ID!]!): [Organization!]!
  }
  type User { id: ID! name: String email: String! memberships(first: Int!): UserMemberships! }
  type UserMemberships { nodes: [Membership!]! }
  type Organization { id: ID! displayName: String! slug: String! memberships(first: Int!): OrganizationMemberships! }
  type OrganizationMemberships { totalCount: Int! nodes: [Membership!]! }
  type Membership { id: ID! status: String! organization: Organization! user: User! roles: [Role!]! }
  type Role { id: ID! key: String! displayName: String! }`;

type Row = { id: string };
type Organization = Row & { displayName: string; slug: string; listed: number };
type Membership = Row & { organizationId: string; userId: string; status: string };
type Role = Row & { membershipId: string };
type Place = { place: number };

const USERS = 'SELECT id, name, email FROM "user" WHERE id = any($1::uuid[])';

const ORGANIZATIONS = `
  SELECT id, display_name AS "displayName", slug,
    pending_count + expired_count + active_count + suspended_count AS listed
  FROM organization WHERE id = any($1::uuid[])`;

const ROLES = `
  SELECT a.membership_id AS "membershipId", r.id, r.key, r.display_name AS "displayName"
  FROM role_assignment a JOIN role r ON r.id = a.role_id
  WHERE a.membership_id = any($1::uuid[]) ORDER BY r.created_at, r.id`;

const membershipsBy = (column: string) => `
  SELECT asked.place::int, m.id, m.organization_id AS "organizationId", m.user_id AS "userId", m.status
  FROM unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS asked(id, first, place) CROSS JOIN LATERAL (
    SELECT * FROM membership WHERE ${column} = asked.id AND status <> 'REMOVED'
    ORDER BY created_at, id LIMIT asked.first) AS m
  ORDER BY asked.place, m.created_at, m.id`;

async function select<Found extends object>(name: string, text: string, ...values: unknown[]) {
  return (await pool.query<Found>({ name, text, values })).rows;
}

/** The rows of those ids, in their order. */
async function rowsOf<Found extends Row>(name: string, text: string, ids: string[]) {
  const rows = await select<Found>(name, text, [...new Set(ids)]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

type Asked<Of> = { obj: Of; params: { first: number } }[];

async function membershipsOf(column: string, queries: Asked<Row>) {
  const rows = await select<Membership & Place>(
    `memberships by ${column}`,
    membershipsBy(column),
    queries.map(({ obj }) => obj.id),
    queries.map(({ params }) => params.first),
  );
  const lists = queries.map((): Membership[] => []);
  for (const row of rows) {
    lists[row.place - 1]?.push(row);
  }
  return lists;
}

const organizations = (ids: string[]) => rowsOf<Organization>('organizations', ORGANIZATIONS, ids);
const users = (ids: string[]) => rowsOf('users', USERS, ids);

const resolvers = {
  Query: {
    user: async (_root: unknown, { id }: { id: string }) => (await users([id]))[0],
    organization: async (_root: unknown, { id }: { id: string }) => (await organizations([id]))[0],
    organizations: (_root: unknown, { ids }: { ids: string[] }) => organizations(ids),
  },
};

const loaders: MercuriusLoaders = {
  User: {
    async memberships(queries: Asked<Row>) {
      return (await membershipsOf('user_id', queries)).map((nodes) => ({ nodes }));
    },
  },
  Organization: {
    async memberships(queries: Asked<Organization>) {
      const lists = await membershipsOf('organization_id', queries);
      return queries.map(({ obj }, at) => ({ totalCount: obj.listed, nodes: lists[at] }));
    },
  },
  Membership: {
    organization: (queries: Asked<Membership>) =>
      organizations(queries.map(({ obj }) => obj.organizationId)),
    user: (queries: Asked<Membership>) => users(queries.map(({ obj }) => obj.userId)),
    async roles(queries: Asked<Membership>) {
      const ids = queries.map(({ obj }) => obj.id);
      const byMembership = Map.groupBy(
        await select<Role>('roles', ROLES, ids),
        ({ membershipId }) => membershipId,
      );
      return ids.map((id) => byMembership.get(id) ?? []);
    },
  },
};

const app = Fastify();
app.register(mercurius, { schema, resolvers, loaders, jit: 1 });
const address = await app.listen({ host: '127.0.0.1', port: 0 });
takePart(`${address}/graphql`, async () => {
  app.server.closeAllConnections();
  await app.close();
  await pool.end();
});
