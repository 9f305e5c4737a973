/** The environment and the permissions that roles may name. */
import { sql } from 'kysely';
import type { Read } from '../db/database.ts';
import type { Environment, Permission } from '../db/generated/prisma/client.ts';
import { rowOf } from '../db/tables.ts';
import { run } from './statement.ts';

/** The loaders of one request. */
export function environmentLoaders(read: Read) {
  let environment: Promise<Environment | null> | undefined;
  let permissions: Promise<Permission[]> | undefined;
  return {
    get() {
      environment ??= run<Environment>(
        read,
        'environment',
        () => sql`SELECT ${rowOf('environment', 'e')} FROM environment e`,
        {},
      ).then((rows) => rows[0] ?? null);
      return environment;
    },
    permissions() {
      permissions ??= run<Permission>(
        read,
        'permissions',
        () =>
          sql`SELECT ${rowOf('permission', 'p')} FROM permission p ORDER BY p.is_built_in DESC, p.name COLLATE "C"`,
        {},
      );
      return permissions;
    },
  };
}
