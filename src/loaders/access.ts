/** What the roles of memberships give, role by role. */
import { sql } from 'kysely';
import type { Read } from '../db/database.ts';
import type { Role, RoleSource } from '../db/generated/prisma/client.ts';
import type { Lineage } from '../domain/access.ts';
import { MAX_ROLES_IN_A_ROW } from '../domain/role-lineage.ts';
import { keyTable, loadMany, ordinal } from './batch.ts';
import { roleColumns } from './role.ts';

type LineRow = Role & { assignedRoleId: string; source: RoleSource; given: string[] };

const columns = { id: 'uuid' };

/** The loaders of one request. Keys are uuids. */
export function accessLoaders(read: Read) {
  const lines = loadMany<{ id: string }, LineRow>({
    read,
    shape: 'roles of memberships with what they inherit',
    columns,
    // OFFSET 0 makes PostgreSQL look up one membership after the other.
    build: () =>
      sql`SELECT ${ordinal}, l.assigned_id AS "assignedRoleId", l.source AS "source", ${roleColumns('r')},
ARRAY(SELECT held.permission FROM role_permissions(r.id) AS held ORDER BY 1) AS "given"
FROM ${keyTable(columns)} CROSS JOIN LATERAL (
  WITH RECURSIVE line(assigned_id, source, id, generation) AS (
    SELECT a.role_id, a.source, a.role_id, 1 FROM role_assignment a WHERE a.membership_id = k.id
    UNION ALL
    SELECT l.assigned_id, l.source, r.extends_role_id, l.generation + 1 FROM line l JOIN role r ON r.id = l.id
    WHERE r.extends_role_id IS NOT NULL AND l.generation < ${sql.lit(MAX_ROLES_IN_A_ROW)}
  )
  SELECT * FROM line OFFSET 0
) AS l JOIN role r ON r.id = l.id ORDER BY k.ordinal, l.assigned_id, l.source, l.generation`,
  });
  return {
    /** The roles assigned to the membership, once for every source, each with those it inherits from. */
    async lineagesOf(membershipId: string): Promise<Lineage<Role>[]> {
      const lineages = new Map<string, Lineage<Role>>();
      for (const { assignedRoleId, source, given, ...role } of await lines({ id: membershipId })) {
        const key = `${assignedRoleId} ${source}`;
        const lineage = lineages.get(key) ?? { source, line: [] };
        lineage.line.push({ role, given });
        lineages.set(key, lineage);
      }
      return [...lineages.values()];
    },
  };
}
