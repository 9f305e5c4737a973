/** The names that reads use for tables and columns, taken from the generated Prisma models. */
import { type RawBuilder, sql } from 'kysely';
import { Prisma } from './generated/prisma/client.ts';

const fields = {
  environment: Prisma.EnvironmentScalarFieldEnum,
  organization: Prisma.OrganizationScalarFieldEnum,
  user: Prisma.UserScalarFieldEnum,
  identity: Prisma.IdentityScalarFieldEnum,
  membership: Prisma.MembershipScalarFieldEnum,
  role: Prisma.RoleScalarFieldEnum,
  permission: Prisma.PermissionScalarFieldEnum,
  invitation: Prisma.InvitationScalarFieldEnum,
  event: Prisma.EventScalarFieldEnum,
  api_key: Prisma.ApiKeyScalarFieldEnum,
};

export type Table = keyof typeof fields;

const NEVER_READ = ['searchText', 'secretHash'] as const;

/** A row of a Prisma model as reads return it. */
export type RowOf<Model> = Omit<Model, (typeof NEVER_READ)[number]>;

const neverRead = new Set<string>(NEVER_READ);

/** The database's name of a Prisma field: `displayName` → `display_name`. */
function columnName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * The select list of a whole row of `table`, known in the statement as `alias`, under the names of the Prisma model.
 * `computed` puts expressions in the place of columns. Search texts and hashes of secrets are left out.
 */
export function rowOf(
  table: Table,
  alias: string,
  computed: Record<string, string> = {},
): RawBuilder<unknown> {
  const list = Object.keys(fields[table])
    .filter((field) => !neverRead.has(field))
    .map((field) => `${computed[field] ?? `${alias}."${columnName(field)}"`} AS "${field}"`);
  return sql.raw(list.join(', '));
}
