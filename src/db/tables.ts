/** The tables as Kysely sees them: the generated Prisma models under their database names. */
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely';
import type * as model from './generated/prisma/client.ts';
import { Prisma } from './generated/prisma/client.ts';

type SnakeCase<S extends string> = S extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : S;

type Columns<Model> = { [Field in keyof Model & string as SnakeCase<Field>]: Model[Field] };

export type Tables = {
  environment: Columns<model.Environment>;
  organization: Columns<model.Organization>;
  organization_slug: Columns<model.OrganizationSlug>;
  user: Columns<model.User>;
  identity: Columns<model.Identity>;
  membership: Columns<model.Membership>;
  role_assignment: Columns<model.RoleAssignment>;
  role: Columns<model.Role>;
  permission: Columns<model.Permission>;
  invitation: Columns<model.Invitation>;
  invitation_role: Columns<model.InvitationRole>;
  api_key: Columns<model.ApiKey>;
};

/** Builds and compiles statements; it has no connection of its own. */
export const sqlBuilder = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

const fields = {
  environment: Prisma.EnvironmentScalarFieldEnum,
  organization: Prisma.OrganizationScalarFieldEnum,
  user: Prisma.UserScalarFieldEnum,
  identity: Prisma.IdentityScalarFieldEnum,
  membership: Prisma.MembershipScalarFieldEnum,
  role: Prisma.RoleScalarFieldEnum,
  permission: Prisma.PermissionScalarFieldEnum,
  invitation: Prisma.InvitationScalarFieldEnum,
  api_key: Prisma.ApiKeyScalarFieldEnum,
};

const neverRead = new Set(['searchText', 'secretHash']);

/** The database's name of a Prisma field: `displayName` → `display_name`. */
export function columnName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * The select list of a whole row of `table`, known in the query as `alias`, under the names of the Prisma model.
 * `computed` replaces columns by expressions. Search texts and hashes of secrets are left out.
 */
export function selectRow(
  table: keyof typeof fields,
  alias: string,
  computed: Record<string, string> = {},
) {
  const list = Object.keys(fields[table])
    .filter((field) => !neverRead.has(field))
    .map((field) => `${computed[field] ?? `"${alias}"."${columnName(field)}"`} AS "${field}"`);
  return sql.raw(list.join(', '));
}
