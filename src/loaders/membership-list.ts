/** Lists of memberships: of an organization, and of a user. */
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import { MembershipStatus, type ProvisioningMethod } from '../db/generated/prisma/enums.ts';
import { move } from '../domain/membership-status.ts';
import type { Accompanied, Companions } from './membership-companions.ts';
import {
  eachRoleOf,
  indexedFilters,
  residualFilters,
  roleFilter,
  rolesOf,
  statusFilter,
  statusNow,
} from './membership-filters.ts';
import type { MembershipRow } from './membership-row.ts';
import { walkFirst, walkValues } from './membership-walk.ts';
import { once } from './once.ts';
import { keysetOf, type List, listsOf, type PageArgs, type SortKey } from './page.ts';
import { containment, searchTerm } from './search.ts';
import { param } from './statement.ts';

export type MembershipOrderField = 'CREATED_AT' | 'JOINED_AT' | 'NAME' | 'EMAIL';

export type MembershipListFilter = {
  status?: MembershipStatus[] | null;
  /** A uuid. */
  roleId?: string | null;
  roleKey?: string | null;
  search?: string | null;
  /** Whether the address is searched as well as the name. @default false */
  searchesAddresses?: boolean;
  /** Of a user's memberships, only those in these organizations (uuids). */
  organizations?: string[] | null;
  provisioningMethod?: ProvisioningMethod[] | null;
  metadata?: object | null;
  untrustedMetadata?: object | null;
};

type Args = PageArgs<MembershipOrderField>;

const keys: Record<
  MembershipOrderField,
  { membership: string; assignment: string; type: SortKey['type'] }
> = {
  CREATED_AT: { membership: 'm.created_at', assignment: 'a.created_key', type: 'timestamptz' },
  JOINED_AT: {
    membership: `coalesce(m.joined_at, 'infinity')`,
    assignment: 'a.joined_key',
    type: 'timestamptz',
  },
  NAME: { membership: 'm.name_key', assignment: 'a.name_key', type: 'text' },
  EMAIL: { membership: 'm.email_key', assignment: 'a.email_key', type: 'text' },
};

/** How much of a list is read in its order. */
type Part = {
  /** Of those who hold a role; other lists are read from where only the right statuses stand. */
  status: RawBuilder<unknown>;
  filters: RawBuilder<unknown>;
  limit: RawBuilder<unknown>;
};

const STATUSES = Object.values(MembershipStatus);

/** What a stored status becomes when its deadline passes. */
const overdueAs = new Map(
  STATUSES.flatMap((status) => {
    const step = move(status, { kind: 'deadline' });
    return typeof step === 'string' ? [] : [[status, step.to]];
  }),
);

/** Makes the membership lists of parents of one kind, for one set of arguments. */
export function membershipLists(
  read: Read,
  parent: 'organization' | 'user',
  filter: MembershipListFilter,
  args: Args,
  companions: Companions,
): (parent: string) => List<MembershipRow> {
  const term = searchTerm(filter.search);
  const asked = {
    status: filter.status != null,
    role: filter.roleId != null ? 'id' : filter.roleKey != null ? 'key' : '',
    roleKeyToo: filter.roleId != null && filter.roleKey != null,
    indexedSearch: term?.indexed === true,
    shortSearch: term?.indexed === false,
    namesOnly: term !== undefined && filter.searchesAddresses !== true,
    organizations: filter.organizations != null,
    provisioning: filter.provisioningMethod != null,
    metadata: containment(filter.metadata) !== undefined,
    untrusted: containment(filter.untrustedMetadata) !== undefined,
  };
  const field = keys[args.field];
  const key = { expression: field.membership, id: 'm.id', type: field.type };
  // Composed when the shape is met for the first time, and then never again.
  const owner = once(() => {
    const within = asked.organizations
      ? sql` AND m.organization_id = ANY(${param('organizations')}::uuid[])`
      : sql``;
    return sql`m.${sql.ref(`${parent}_id`)} = k.id${within}`;
  });
  const filters = once(() => residualFilters(asked));
  const everyStatus = once(() => statusFilter(asked.status));
  const byIndex =
    parent === 'organization' && (asked.indexedSearch || asked.metadata || asked.untrusted);
  const all = once(matches);
  const list = (from: RawBuilder<unknown>, limit = param('limit')) => {
    const keyset = keysetOf(args, key);
    return sql`SELECT m.*, ${sql.raw(key.expression)} AS sort_key FROM ${from} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${limit}`;
  };

  function matches(): RawBuilder<unknown> {
    if (byIndex) {
      // OFFSET 0 keeps the planner from walking the whole organization in order instead.
      return sql`(SELECT m.* FROM membership m WHERE ARRAY[m.organization_id] @> ARRAY[k.id]${indexedFilters(asked)} OFFSET 0) AS m WHERE ${everyStatus()}${filters()}${roleFilter(asked.role)}`;
    }
    return sql`membership m WHERE ${owner()} AND ${everyStatus()}${filters()}${indexedFilters(asked)}${roleFilter(asked.role)}`;
  }

  function rows(): RawBuilder<unknown> {
    if (parent === 'user') {
      return list(all());
    }
    if (!byIndex) {
      return inOrder({ status: everyStatus(), filters: filters(), limit: param('limit') });
    }
    // Only what an order of its own is kept for narrows the walk: by any other filter, a walk of so many rows would have no end.
    return walkFirst({
      list: (limit) => inOrder({ status: sql`true`, filters: sql``, limit }),
      isHit: sql`${everyStatus()}${filters()}${indexedFilters(asked)}`,
      orderBy: bySortKey(),
      found: list(all()),
    });
  }

  function bySortKey() {
    return keysetOf(args, { ...key, expression: 'm.sort_key' }).orderBy;
  }

  function inOrder(part: Part): RawBuilder<unknown> {
    if (asked.role) {
      return byRole(part);
    }
    const { filters, limit } = part;
    return asked.status
      ? byStatus(part)
      : list(sql`membership m WHERE ${owner()} AND m.status <> 'REMOVED'${filters}`, limit);
  }

  // Holders of a role stand in the order of every list on their assignments; one held by two sources stands there
  // twice, side by side.
  function byRole({ status, filters, limit }: Part): RawBuilder<unknown> {
    const keyset = keysetOf(args, {
      expression: field.assignment,
      id: 'a.membership_id',
      type: field.type,
    });
    const sortKey = sql.raw(field.assignment);
    const holders = eachRoleOf(asked.role).map(
      (role) => sql`SELECT DISTINCT ON (${sortKey}, a.membership_id) m.*, ${sortKey} AS sort_key
FROM role_assignment a JOIN membership m ON m.id = a.membership_id
WHERE a.role_id = ${role} AND a.organization_id = k.id AND ${status}${filters} AND ${keyset.where}
ORDER BY ${keyset.orderBy} LIMIT ${limit}`,
    );
    return sql`SELECT DISTINCT ON (m.sort_key, m.id) m.* FROM (${merged(holders)}) AS m ORDER BY ${bySortKey()} LIMIT ${limit}`;
  }

  // What is stored is right but for overdue rows, and those are few: each stored status is walked in order, and the
  // overdue rows that count are found by their deadline, which OFFSET 0 keeps the planner from looking for in order.
  function byStatus({ filters, limit }: Part): RawBuilder<unknown> {
    const stored = STATUSES.map((status) => {
      const live = overdueAs.has(status)
        ? sql` AND (m.status_deadline IS NULL OR m.status_deadline > now())`
        : sql``;
      return list(
        sql`membership m WHERE ${sql.lit(status)} = ANY(${param('status')}::membership_status[]) AND ${owner()} AND m.status = ${sql.lit(status)}${live}${filters}`,
        limit,
      );
    });
    const overdue = list(
      sql`(SELECT m.* FROM membership m WHERE ${owner()} AND m.status = ANY(${param('leaving')}::membership_status[]) AND m.status_deadline <= now() OFFSET 0) AS m WHERE true${filters}`,
      limit,
    );
    return sql`SELECT m.* FROM (${merged([...stored, overdue])}) AS m ORDER BY ${bySortKey()} LIMIT ${limit}`;
  }

  function total(): RawBuilder<unknown> {
    const plain =
      !asked.role && !asked.provisioning && !term && !asked.metadata && !asked.untrusted;
    if (parent === 'organization' && plain) {
      return asked.status ? countByStatus : countListed;
    }
    if (
      parent === 'organization' &&
      asked.role &&
      !asked.indexedSearch &&
      !asked.metadata &&
      !asked.untrusted
    ) {
      return sql`SELECT count(DISTINCT m.id) FROM role_assignment a JOIN membership m ON m.id = a.membership_id WHERE a.role_id IN (${rolesOf(asked.role)}) AND a.organization_id = k.id AND ${everyStatus()}${filters()}`;
    }
    return sql`SELECT count(*) FROM ${all()}`;
  }

  return listsOf<MembershipRow, Accompanied>({
    read,
    shape: `memberships of ${parent} ${companions.shape} ${JSON.stringify(asked)}`,
    args,
    values: {
      status: filter.status,
      leaving:
        filter.status &&
        [...overdueAs].flatMap(([stored, now]) => (filter.status?.includes(now) ? [stored] : [])),
      roleId: filter.roleId,
      roleKey: filter.roleKey,
      provisioning: filter.provisioningMethod,
      search: term?.pattern,
      organizations: filter.organizations,
      metadata: containment(filter.metadata),
      untrusted: containment(filter.untrustedMetadata),
      ...walkValues(args.size),
      ...companions.values,
    },
    rows,
    columns: () => companions.columns('item'),
    joined: () => companions.joined('item'),
    itemsOf: companions.itemsOf,
    order: () => {
      const { orderBy } = keysetOf(args, {
        ...key,
        expression: key.expression.replace('m.', 'item.'),
        id: 'item.id',
      });
      return sql`${orderBy}${companions.order()}`;
    },
    total,
  });
}

/** Rows in the same order each, which `ORDER BY` merges as far as they are asked for. */
function merged(lists: RawBuilder<unknown>[]): RawBuilder<unknown> {
  return sql.join(
    lists.map((rows) => sql`(${rows})`),
    sql` UNION ALL `,
  );
}

const countListed = sql`SELECT o.pending_count + o.expired_count + o.active_count + o.suspended_count FROM organization o WHERE o.id = k.id`;

// The counts are of stored statuses; the overdue rows are moved to where they belong now.
const countByStatus = sql`SELECT coalesce(sum(c.size), 0) + (
SELECT coalesce(sum((${statusNow} = ANY(${param('status')}::membership_status[]))::int - (m.status = ANY(${param('status')}::membership_status[]))::int), 0)
FROM membership m WHERE m.organization_id = k.id AND m.status IN ('PENDING_INVITE', 'SUSPENDED') AND m.status_deadline <= now())
FROM organization o, LATERAL (VALUES ('PENDING_INVITE'::membership_status, o.pending_count), ('INVITE_EXPIRED', o.expired_count), ('ACTIVE', o.active_count), ('SUSPENDED', o.suspended_count), ('REMOVED', o.removed_count)) AS c(status, size)
WHERE o.id = k.id AND c.status = ANY(${param('status')}::membership_status[])`;
