/** Memberships by their keys, with what they hold. */
import { sql } from 'kysely';
import type { Read } from '../db/database.ts';
import type { ActorKind, Role, RoleSource } from '../db/generated/prisma/client.ts';
import { BUILT_IN_ROLE_IDS } from '../domain/environment.ts';
import { found, loadMany, loadOne, type MaybePromise, ordinal } from './batch.ts';
import type { Accompanied, Companions } from './membership-companions.ts';
import { once } from './once.ts';
import { roleColumns } from './role.ts';

/** A role that a membership holds, from one source. */
export type AssignmentRow = Role & {
  source: RoleSource;
  grantedByKind: ActorKind;
  grantedById: string | null;
  grantedAt: Date;
};

const assignments = sql`SELECT r.*, a.source, a.granted_by_kind, a.granted_by_id, a.granted_at
FROM role_assignment a JOIN role r ON r.id = a.role_id WHERE a.membership_id = k.id`;

const ownership = sql`SELECT FROM role_assignment a
WHERE a.membership_id = k.id AND a.role_id = ${sql.lit(BUILT_IN_ROLE_IDS.owner)} AND a.source = 'DIRECT'`;

const active = sql`SELECT a.role_id FROM membership m JOIN role_assignment a ON a.membership_id = m.id
WHERE m.id = k.id AND membership_status_at(m.status, m.status_deadline, now()) = 'ACTIVE'`;

/** The loaders of one request. Keys are uuids; addresses are normalized. */
export function membershipLoaders(read: Read, companions: () => Companions) {
  const rolesRead = new Map<string, Role[]>();
  const lookup = <Key extends object>(
    columns: { [Column in keyof Key & string]: string },
    source: string,
  ) => {
    const load = once(() => {
      const { shape, values, columns: selected, joined, order } = companions();
      return loadMany<Key, Accompanied>({
        read,
        shape: `membership by ${Object.keys(columns)} ${shape}`,
        columns,
        values,
        build: () =>
          sql`SELECT ${ordinal}, ${selected('m')} FROM ${found(columns, 'm', sql`SELECT m.* FROM ${sql.raw(source)}`)} ${joined('m')}
ORDER BY k.ordinal${order()}`,
      });
    });
    return async (key: Key) => companions().itemsOf(await load()(key))[0] ?? null;
  };

  const byId = lookup<{ id: string }>({ id: 'uuid' }, 'membership m WHERE m.id = k.id');
  const assignmentsOf = loadMany<{ id: string }, AssignmentRow>({
    read,
    shape: 'assignments',
    columns: { id: 'uuid' },
    build: () =>
      sql`SELECT ${ordinal}, ${roleColumns('r')}, r.source AS "source", r.granted_by_kind AS "grantedByKind",
r.granted_by_id AS "grantedById", r.granted_at AS "grantedAt"
FROM ${found({ id: 'uuid' }, 'r', assignments)}
ORDER BY k.ordinal, r.created_at, r.id, r.granted_at, r.source`,
  });
  const permissionsOf = loadMany<{ id: string }, { permission: string }>({
    read,
    shape: 'permissions of memberships',
    columns: { id: 'uuid' },
    build: () =>
      sql`SELECT DISTINCT ${ordinal}, held.permission AS "permission"
FROM ${found({ id: 'uuid' }, 'a', active)} CROSS JOIN LATERAL role_permissions(a.role_id) AS held ORDER BY 1, 2`,
  });

  const ownerRole = loadOne<{ id: string }, object>({
    read,
    shape: 'owner role of memberships',
    columns: { id: 'uuid' },
    build: () => sql`SELECT ${ordinal} FROM ${found({ id: 'uuid' }, 'a', ownership)}`,
  });

  const readRoles = async (id: string): Promise<Role[]> => {
    const roles = new Map((await assignmentsOf({ id })).map((role) => [role.id, role]));
    return [...roles.values()];
  };

  return {
    byId: (id: string) => byId({ id }),
    byOrganizationAndUser: lookup<{ organization: string; user: string }>(
      { organization: 'uuid', user: 'uuid' },
      'membership m WHERE m.organization_id = k.organization AND m.user_id = k.user',
    ),
    byOrganizationAndEmail: lookup<{ organization: string; email: string }>(
      { organization: 'uuid', email: 'text' },
      '"user" u JOIN membership m ON m.user_id = u.id WHERE u.email = k.email AND m.organization_id = k.organization',
    ),
    byOrganizationAndExternalId: lookup<{ organization: string; external_id: string }>(
      { organization: 'uuid', external_id: 'text' },
      'membership m WHERE m.organization_id = k.organization AND m.external_id = k.external_id',
    ),
    assignmentsOf: (id: string) => assignmentsOf({ id }),
    /** The roles a membership holds, each once, oldest first. */
    rolesOf: (id: string): MaybePromise<Role[]> => rolesRead.get(id) ?? readRoles(id),
    /** Keeps the roles that were read together with a membership. */
    keepRoles(id: string, roles: Role[]): void {
      rolesRead.set(id, roles);
    },
    /** Whether it has the owner's role directly: an owner, unless it is not ACTIVE. */
    async hasOwnerRole(id: string): Promise<boolean> {
      return (await ownerRole({ id })) !== null;
    },
    /** The names and wildcards its roles give, inherited ones included; none unless it is ACTIVE now. */
    async permissionsOf(id: string): Promise<string[]> {
      return (await permissionsOf({ id })).map((row) => row.permission);
    },
  };
}
