/** Roles by id and by scope, with what they inherit. */
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import type { Role } from '../db/generated/prisma/client.ts';
import { rowOf } from '../db/tables.ts';
import { NIL_UUID } from '../domain/id.ts';
import { found, keyTable, loadMany, loadOne, ordinal } from './batch.ts';

export function roleColumns(alias: string): RawBuilder<unknown> {
  return rowOf('role', alias);
}

/** The loaders of one request. Keys are uuids. */
export function roleLoaders(read: Read) {
  const columns = { id: 'uuid' };
  const byId = loadOne<{ id: string }, Role>({
    read,
    shape: 'role by id',
    columns,
    build: () =>
      sql`SELECT ${ordinal}, ${roleColumns('r')} FROM ${found(columns, 'r', sql`SELECT r.* FROM role r WHERE r.id = k.id`)}`,
  });
  const ofScope = loadMany<{ id: string }, Role>({
    read,
    shape: 'roles of a scope',
    columns,
    build: () =>
      sql`SELECT ${ordinal}, ${roleColumns('r')} FROM ${found(columns, 'r', sql`SELECT r.* FROM role r WHERE r.scope_id IN (${sql.lit(NIL_UUID)}, k.id)`)}
ORDER BY k.ordinal, r.organization_id IS NOT NULL, r.created_at, r.id`,
  });
  const effectivePermissions = loadMany<{ id: string }, { permission: string }>({
    read,
    shape: 'effective permissions of roles',
    columns,
    build: () =>
      sql`SELECT ${ordinal}, held.permission AS "permission"
FROM ${keyTable(columns)} CROSS JOIN LATERAL role_permissions(k.id) AS held ORDER BY 1, 2`,
  });
  return {
    byId: (id: string) => byId({ id }),
    /** Those that may be assigned in the organization: the environment's, then its own. */
    assignableIn: (organizationId: string) => ofScope({ id: organizationId }),
    ofEnvironment: () => ofScope({ id: NIL_UUID }),
    async effectivePermissionsOf(id: string): Promise<string[]> {
      return (await effectivePermissions({ id })).map((row) => row.permission);
    },
  };
}
