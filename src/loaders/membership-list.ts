/** Lists of memberships: of an organization, and of a user. */
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import { MembershipStatus, type ProvisioningMethod } from '../db/generated/prisma/enums.ts';
import { NIL_UUID } from '../domain/id.ts';
import { move } from '../domain/membership-status.ts';
import type { Accompanied, Companions } from './membership-companions.ts';
import type { MembershipRow } from './membership-row.ts';
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

const STATUSES = Object.values(MembershipStatus);

/** What a stored status becomes when its deadline passes. */
const overdueAs = new Map(
  STATUSES.flatMap((status) => {
    const step = move(status, { kind: 'deadline' });
    return typeof step === 'string' ? [] : [[status, step.to]];
  }),
);

const statusNow = sql`membership_status_at(m.status, m.status_deadline, now())`;

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
  const everyStatus = once(() =>
    asked.status
      ? sql`${statusNow} = ANY(${param('status')}::membership_status[])`
      : sql`m.status <> 'REMOVED'`,
  );
  const all = once(matches);
  const list = (from: RawBuilder<unknown>) => {
    const keyset = keysetOf(args, key);
    return sql`SELECT m.*, ${sql.raw(key.expression)} AS sort_key FROM ${from} AND ${keyset.where} ORDER BY ${keyset.orderBy} LIMIT ${param('limit')}`;
  };

  function matches(): RawBuilder<unknown> {
    if (parent === 'organization' && (asked.indexedSearch || asked.metadata || asked.untrusted)) {
      // OFFSET 0 keeps the planner from walking the whole organization in order instead.
      return sql`(SELECT m.* FROM membership m WHERE ARRAY[m.organization_id] @> ARRAY[k.id]${indexedFilters(asked)} OFFSET 0) AS m WHERE ${everyStatus()}${filters()}${roleFilter(asked.role)}`;
    }
    return sql`membership m WHERE ${owner()} AND ${everyStatus()}${filters()}${indexedFilters(asked)}${roleFilter(asked.role)}`;
  }

  function rows(): RawBuilder<unknown> {
    if (parent === 'user' || asked.indexedSearch || asked.metadata || asked.untrusted) {
      return list(all());
    }
    if (asked.role) {
      return byRole();
    }
    return asked.status ? byStatus() : list(all());
  }

  // Holders of a role stand in the order of every list on their assignments; one held by two sources stands there
  // twice, side by side.
  function byRole(): RawBuilder<unknown> {
    const keyset = keysetOf(args, {
      expression: field.assignment,
      id: 'a.membership_id',
      type: field.type,
    });
    const sortKey = sql.raw(field.assignment);
    return sql`SELECT DISTINCT ON (${sql.raw(key.expression)}, m.id) m.* FROM (${rolesOf(asked.role)}) AS r(id) CROSS JOIN LATERAL (
SELECT DISTINCT ON (${sortKey}, a.membership_id) m.* FROM role_assignment a JOIN membership m ON m.id = a.membership_id
WHERE a.role_id = r.id AND a.organization_id = k.id AND ${everyStatus()}${filters()} AND ${keyset.where}
ORDER BY ${keyset.orderBy} LIMIT ${param('limit')}) AS m ORDER BY ${keysetOf(args, key).orderBy} LIMIT ${param('limit')}`;
  }

  // What is stored is right but for overdue rows, and those are few: each stored status is walked in order, and the
  // overdue rows that count are found by their deadline, which OFFSET 0 keeps the planner from looking for in order.
  function byStatus(): RawBuilder<unknown> {
    const stored = STATUSES.map((status) => {
      const live = overdueAs.has(status)
        ? sql` AND (m.status_deadline IS NULL OR m.status_deadline > now())`
        : sql``;
      return list(
        sql`membership m WHERE ${sql.lit(status)} = ANY(${param('status')}::membership_status[]) AND ${owner()} AND m.status = ${sql.lit(status)}${live}${filters()}`,
      );
    });
    const overdue = list(
      sql`(SELECT m.* FROM membership m WHERE ${owner()} AND m.status = ANY(${param('leaving')}::membership_status[]) AND m.status_deadline <= now() OFFSET 0) AS m WHERE true${filters()}`,
    );
    const branches = sql.join(
      [...stored, overdue].map((branch) => sql`(${branch})`),
      sql` UNION ALL `,
    );
    return sql`SELECT m.* FROM (${branches}) AS m ORDER BY ${keysetOf(args, { ...key, expression: 'm.sort_key' }).orderBy} LIMIT ${param('limit')}`;
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

type Asked = {
  roleKeyToo: boolean;
  shortSearch: boolean;
  namesOnly: boolean;
  provisioning: boolean;
  indexedSearch: boolean;
  metadata: boolean;
  untrusted: boolean;
};

function residualFilters(asked: Asked): RawBuilder<unknown> {
  const method = asked.provisioning
    ? sql` AND m.provisioning_method = ANY(${param('provisioning')}::provisioning_method[])`
    : sql``;
  const search = asked.shortSearch ? sql` AND m.search_text LIKE ${param('search')}` : sql``;
  const name = asked.namesOnly ? sql` AND m.name_key LIKE ${param('search')}` : sql``;
  return sql`${method}${search}${name}${asked.roleKeyToo ? roleFilter('key') : sql``}`;
}

function indexedFilters(asked: Asked): RawBuilder<unknown> {
  const search = asked.indexedSearch ? sql` AND m.search_text LIKE ${param('search')}` : sql``;
  const metadata = asked.metadata ? sql` AND m.metadata @> ${param('metadata')}::jsonb` : sql``;
  const untrusted = asked.untrusted
    ? sql` AND m.untrusted_metadata @> ${param('untrusted')}::jsonb`
    : sql``;
  return sql`${search}${metadata}${untrusted}`;
}

// Of a role key there may be two: the environment's and the organization's own.
function rolesOf(role: string, organization = 'k.id'): RawBuilder<unknown> {
  return role === 'id'
    ? sql`SELECT ${param('roleId')}::uuid`
    : sql`SELECT role.id FROM role WHERE role.key = ${param('roleKey')} AND role.scope_id IN (${sql.lit(NIL_UUID)}, ${sql.raw(organization)})`;
}

function roleFilter(role: string): RawBuilder<unknown> {
  return role
    ? sql` AND EXISTS (SELECT FROM role_assignment a WHERE a.membership_id = m.id AND a.role_id IN (${rolesOf(role, 'm.organization_id')}))`
    : sql``;
}

const countListed = sql`SELECT o.pending_count + o.expired_count + o.active_count + o.suspended_count FROM organization o WHERE o.id = k.id`;

// The counts are of stored statuses; the overdue rows are moved to where they belong now.
const countByStatus = sql`SELECT coalesce(sum(c.size), 0) + (
SELECT coalesce(sum((${statusNow} = ANY(${param('status')}::membership_status[]))::int - (m.status = ANY(${param('status')}::membership_status[]))::int), 0)
FROM membership m WHERE m.organization_id = k.id AND m.status IN ('PENDING_INVITE', 'SUSPENDED') AND m.status_deadline <= now())
FROM organization o, LATERAL (VALUES ('PENDING_INVITE'::membership_status, o.pending_count), ('INVITE_EXPIRED', o.expired_count), ('ACTIVE', o.active_count), ('SUSPENDED', o.suspended_count), ('REMOVED', o.removed_count)) AS c(status, size)
WHERE o.id = k.id AND c.status = ANY(${param('status')}::membership_status[])`;
