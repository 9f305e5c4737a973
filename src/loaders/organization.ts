/** Organizations by their keys, and the list of all. */
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import type { Organization } from '../db/generated/prisma/client.ts';
import { type RowOf, rowOf } from '../db/tables.ts';
import { NIL_UUID } from '../domain/id.ts';
import { found, loadNested, loadOne, type MaybePromise, ordinal, present } from './batch.ts';
import { fieldsOf, type Needs, shapeOf } from './needs.ts';
import { keysetOf, type List, listsOf, type PageArgs } from './page.ts';
import { containment, searchTerm } from './search.ts';
import { param } from './statement.ts';

export type OrganizationRow = RowOf<Organization>;

export type OrganizationOrderField = 'CREATED_AT' | 'DISPLAY_NAME';

export type OrganizationListFilter = {
  search?: string | null;
  metadata?: object | null;
  externalIds?: string[] | null;
  /** Only these (uuids). */
  within?: string[] | null;
};

/** Nested in the rows of the statement. */
export function organizationColumns(alias: string, needs: Needs): RawBuilder<unknown> {
  return rowOf('organization', alias, {
    computed: { allowedAuthMethods: `${alias}.allowed_auth_methods::text[]` },
    only: fieldsOf('organization', needs),
    isNested: true,
  });
}

// The counts are of stored statuses: an invitation that is overdue has freed its seat already, and a suspension that
// ends by itself keeps one.
const seatsUsed = sql`o.active_count + o.pending_count
+ (SELECT count(*) FROM membership m WHERE m.organization_id = o.id AND m.status = 'SUSPENDED' AND m.status_deadline IS NOT NULL)::int
- (SELECT count(*) FROM membership m WHERE m.organization_id = o.id AND m.status = 'PENDING_INVITE' AND m.status_deadline <= now())::int`;

/** The loaders of one request. Ids are uuids. */
export function organizationLoaders(read: Read, needs: Needs) {
  const shape = shapeOf('organization', needs);
  const lookup = (column: string, type: string, source: string) => {
    const load = loadNested<{ key: string }, OrganizationRow>('organization', {
      read,
      shape: `organization by ${column} ${shape}`,
      columns: { key: type },
      build: () =>
        sql`SELECT ${ordinal}, ${organizationColumns('o', needs)} FROM ${found({ key: type }, 'o', sql`SELECT o.* FROM ${sql.raw(source)}`)}`,
    });
    return (key: string) => load({ key });
  };
  const kept = new Map<string, OrganizationRow>();
  const load = lookup('id', 'uuid', 'organization o WHERE o.id = k.key');
  const byId = (id: string): MaybePromise<OrganizationRow | null> => kept.get(id) ?? load(id);
  const keep = (row: OrganizationRow): void => {
    kept.set(row.id, row);
  };
  const seats = loadOne<{ id: string }, { used: number }>({
    read,
    shape: 'seats',
    columns: { id: 'uuid' },
    build: () =>
      sql`SELECT ${ordinal}, ${seatsUsed} AS "used" FROM ${found({ id: 'uuid' }, 'o', sql`SELECT o.* FROM organization o WHERE o.id = k.id`)}`,
  });
  return {
    byId,
    /** Of a membership: there always is one. */
    of: ({ organizationId }: { organizationId: string }): MaybePromise<OrganizationRow> =>
      present(byId(organizationId), `The organization ${organizationId} is gone.`),
    /** Keeps what was read together with something else. */
    keep,
    /** A former slug finds its organization, too. */
    bySlug: lookup(
      'slug',
      'text',
      'organization_slug s JOIN organization o ON o.id = s.organization_id WHERE s.slug = k.key',
    ),
    byExternalId: lookup('external id', 'text', 'organization o WHERE o.external_id = k.key'),
    /** Seats taken now: active members, open invitations and suspensions that end by themselves. */
    async seatsUsedBy(id: string): Promise<number> {
      return (await seats({ id }))?.used ?? 0;
    },
    list: (filter: OrganizationListFilter, args: PageArgs<OrganizationOrderField>) =>
      organizationList(read, needs, filter, args, keep),
  };
}

function organizationList(
  read: Read,
  needs: Needs,
  filter: OrganizationListFilter,
  args: PageArgs<OrganizationOrderField>,
  keep: (row: OrganizationRow) => void,
): List<OrganizationRow> {
  const term = searchTerm(filter.search);
  const metadata = containment(filter.metadata);
  const named = filter.externalIds != null;
  const bounded = filter.within != null;
  const indexed = term?.indexed === true || metadata !== undefined;
  const keyset = (alias: string) =>
    keysetOf(
      args,
      args.field === 'CREATED_AT'
        ? { expression: `${alias}.created_at`, id: `${alias}.id`, type: 'timestamptz' }
        : { expression: `${alias}.name_key`, id: `${alias}.id`, type: 'text' },
    );
  const matches = () => {
    const search = term ? sql` AND o.search_text LIKE ${param('search')}` : sql``;
    const contained = metadata ? sql` AND o.metadata @> ${param('metadata')}::jsonb` : sql``;
    const external = named ? sql` AND o.external_id = ANY(${param('externalIds')}::text[])` : sql``;
    const within = bounded ? sql` AND o.id = ANY(${param('within')}::uuid[])` : sql``;
    // OFFSET 0 keeps the planner from walking all organizations in order instead.
    const fence = indexed || named || bounded ? sql` OFFSET 0` : sql``;
    return sql`(SELECT o.* FROM organization o WHERE true${within}${search}${contained}${external}${fence}) AS o`;
  };
  return listsOf<OrganizationRow, { organization: OrganizationRow }>({
    read,
    shape: `organizations ${shapeOf('organization', needs)} ${JSON.stringify([term?.indexed, metadata !== undefined, named, bounded])}`,
    args,
    values: {
      search: term?.pattern,
      metadata,
      externalIds: filter.externalIds,
      within: filter.within,
    },
    rows: () =>
      sql`SELECT o.* FROM ${matches()} WHERE ${keyset('o').where} ORDER BY ${keyset('o').orderBy} LIMIT ${param('limit')}`,
    columns: () => organizationColumns('item', needs),
    itemsOf: (rows) =>
      rows.map(({ organization }) => {
        keep(organization);
        return organization;
      }),
    order: () => keyset('item').orderBy,
    total: () => sql`SELECT count(*) FROM ${matches()}`,
  })(NIL_UUID);
}
