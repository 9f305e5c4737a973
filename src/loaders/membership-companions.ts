/** What is read in one statement with a list of memberships, since it is asked of each of them. */
import { type RawBuilder, sql } from 'kysely';
import type { Role } from '../db/generated/prisma/client.ts';
import { rowOf } from '../db/tables.ts';
import { type MembershipRow, membershipColumns } from './membership-row.ts';
import { fieldsOf, type Needs, shapeOf } from './needs.ts';
import {
  type OrganizationRow,
  organizationColumns,
  type organizationLoaders,
} from './organization.ts';
import type { Reach } from './reach.ts';
import { metColumns, type UserRow, userColumns, type userLoaders } from './user.ts';

/** A row of the statement: a membership with one of its roles stands once for each of them. */
export type Accompanied = {
  membership: MembershipRow;
  organization?: OrganizationRow;
  user?: UserRow;
  role?: Role | null;
};

/** The parts of the statement of a list of memberships, and what becomes of its rows. `item` is a membership's alias. */
export type Companions = {
  shape: string;
  values: Record<string, unknown>;
  columns(item: string): RawBuilder<unknown>;
  joined(item: string): RawBuilder<unknown>;
  /** What the order of the list is followed by. */
  order(): RawBuilder<unknown>;
  /** The memberships, each once; the loaders that would be asked for the rest know it from then on. */
  itemsOf(found: Accompanied[]): MembershipRow[];
};

type Loaders = {
  organizations: ReturnType<typeof organizationLoaders>;
  users: ReturnType<typeof userLoaders>;
  memberships: { keepRoles(id: string, roles: Role[]): void };
};

const TABLES = ['membership', 'organization', 'user', 'role'] as const;

/** OFFSET 0 has each looked up by itself: for a hundred, PostgreSQL would rather read a whole table, whoever's rows are in it. */
export function companionsOf(needs: Needs, reach: Reach | null, loaders: Loaders): Companions {
  const { withMemberships } = needs;
  return {
    shape: JSON.stringify([
      ...TABLES.map((table) => shapeOf(table, needs)),
      ...withMemberships,
      reach !== null,
    ]),
    values: { ...reach },
    columns(item) {
      const columns = [membershipColumns(item, needs)];
      if (withMemberships.has('organization')) {
        columns.push(organizationColumns('o', needs));
      }
      if (withMemberships.has('user')) {
        columns.push(userColumns('u', needs));
        if (reach !== null) {
          const organization = `${item}.organization_id`;
          columns.push(metColumns('u', { isWithinReach: true, organization }));
        }
      }
      if (withMemberships.has('role')) {
        columns.push(rowOf('role', 'r', { only: fieldsOf('role', needs), isNested: true }));
      }
      return sql.join(columns);
    },
    joined(item) {
      const join = (alias: string, found: string) =>
        sql.raw(`LEFT JOIN LATERAL (SELECT ${alias}.* FROM ${found} OFFSET 0) AS ${alias} ON true`);
      const joins: RawBuilder<unknown>[] = [];
      if (withMemberships.has('organization')) {
        joins.push(join('o', `organization o WHERE o.id = ${item}.organization_id`));
      }
      if (withMemberships.has('user')) {
        joins.push(join('u', `"user" u WHERE u.id = ${item}.user_id`));
      }
      if (withMemberships.has('role')) {
        joins.push(
          join(
            'r',
            `(SELECT a.role_id FROM role_assignment a WHERE a.membership_id = ${item}.id OFFSET 0) AS a
CROSS JOIN LATERAL (SELECT r.* FROM role r WHERE r.id = a.role_id OFFSET 0) AS r`,
          ),
        );
      }
      return joins.length === 0 ? sql`` : sql.join(joins, sql` `);
    },
    order: () => (withMemberships.has('role') ? sql`, r.created_at, r.id` : sql``),
    itemsOf(found) {
      const items: MembershipRow[] = [];
      let roles: Role[] = [];
      for (const { membership, organization, user, role } of found) {
        if (items.at(-1)?.id !== membership.id) {
          items.push(membership);
          if (organization !== undefined) {
            loaders.organizations.keep(organization);
          }
          if (user !== undefined) {
            if (reach === null) {
              // Whoever sees all that is listed, with its details, meets everybody in it.
              user.isShared = true;
              user.isSharedInDetail = true;
            }
            loaders.users.keep(user);
          }
          roles = [];
          if (withMemberships.has('role')) {
            loaders.memberships.keepRoles(membership.id, roles);
          }
        }
        // Held by two sources it comes twice, side by side.
        if (role != null && roles.at(-1)?.id !== role.id) {
          roles.push(role);
        }
      }
      return items;
    },
  };
}
