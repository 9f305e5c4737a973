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

export function isTable(name: string): name is Table {
  return Object.hasOwn(fields, name);
}

/** The names of what the model of a table has. */
export function modelFieldsOf(table: Table): string[] {
  return Object.keys(fields[table]);
}

/** The database's name of a Prisma field: `displayName` → `display_name`. */
function columnName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * The select list of a row of `table`, known in the statement as `alias`, under the names of the Prisma model. Search
 * texts and hashes of secrets are left out.
 */
export function rowOf(
  table: Table,
  alias: string,
  {
    computed = {},
    only,
    isNested = false,
  }: {
    /** Expressions in the place of columns. */
    computed?: Record<string, string>;
    /** Which fields of the model; undefined: all. */
    only?: readonly string[];
    /** Whether the row is one object of the rows of the statement, under the name of the table. */
    isNested?: boolean;
  } = {},
): RawBuilder<unknown> {
  const list = (only ?? modelFieldsOf(table))
    .filter((field) => !neverRead.has(field))
    .map((field) => {
      const name = isNested ? `${table}.${field}` : field;
      return `${computed[field] ?? `${alias}."${columnName(field)}"`} AS "${name}"`;
    });
  return sql.raw(list.join(', '));
}
