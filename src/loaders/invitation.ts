/** Invitations by id, of a membership and of an organization. */
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import type { Invitation, InvitationStatus, Role } from '../db/generated/prisma/client.ts';
import { type RowOf, rowOf } from '../db/tables.ts';
import { keyTable, loadMany, loadOne, ordinal } from './batch.ts';
import { keysetOf, type List, listsOf, type PageArgs } from './page.ts';
import { roleColumns } from './role.ts';
import { searchTerm } from './search.ts';
import { param } from './statement.ts';

export type InvitationRow = RowOf<Invitation>;

export type InvitationListFilter = { status?: InvitationStatus[] | null; search?: string | null };

/** What a stored status is now: the deadline counts before any job has settled it. */
const statusNow = (alias: string) =>
  `CASE WHEN ${alias}.status = 'PENDING' AND ${alias}.expires_at <= now() THEN 'EXPIRED' ELSE ${alias}.status END`;

function invitationColumns(alias: string): RawBuilder<unknown> {
  return rowOf('invitation', alias, { status: statusNow(alias) });
}

/** The loaders of one request. Keys are uuids. */
export function invitationLoaders(read: Read) {
  const columns = { id: 'uuid' };
  const byId = loadOne<{ id: string }, InvitationRow>({
    read,
    shape: 'invitation by id',
    columns,
    build: () =>
      sql`SELECT ${ordinal}, ${invitationColumns('i')} FROM ${keyTable(columns)} JOIN invitation i ON i.id = k.id`,
  });
  const latestOf = loadOne<{ id: string }, InvitationRow>({
    read,
    shape: 'latest invitation',
    columns,
    build: () =>
      sql`SELECT ${ordinal}, ${invitationColumns('i')} FROM ${keyTable(columns)} CROSS JOIN LATERAL (
SELECT i.* FROM invitation i WHERE i.membership_id = k.id ORDER BY i.created_at DESC, i.id DESC LIMIT 1) AS i`,
  });
  const rolesOf = loadMany<{ id: string }, Role>({
    read,
    shape: 'roles on offer',
    columns,
    build: () =>
      sql`SELECT ${ordinal}, ${roleColumns('r')} FROM ${keyTable(columns)} JOIN invitation_role i ON i.invitation_id = k.id JOIN role r ON r.id = i.role_id
ORDER BY k.ordinal, r.created_at, r.id`,
  });
  return {
    byId: (id: string) => byId({ id }),
    latestOf: (membershipId: string) => latestOf({ id: membershipId }),
    rolesOf: (id: string) => rolesOf({ id }),
    listsOf: (filter: InvitationListFilter, args: PageArgs<'CREATED_AT'>) =>
      invitationLists(read, filter, args),
  };
}

function invitationLists(
  read: Read,
  filter: InvitationListFilter,
  args: PageArgs<'CREATED_AT'>,
): (organizationId: string) => List<InvitationRow> {
  const term = searchTerm(filter.search);
  const keyset = (alias: string) =>
    keysetOf(args, { expression: `${alias}.created_at`, id: `${alias}.id`, type: 'timestamptz' });
  const matches = () => {
    // A stored PENDING may have expired, so that both stand for each other in the index and the expression decides.
    const status = filter.status
      ? sql` AND i.status = ANY(${param('stored')}::invitation_status[]) AND ${sql.raw(statusNow('i'))} = ANY(${param('status')}::invitation_status[])`
      : sql``;
    const search = term ? sql` AND i.search_text LIKE ${param('search')}` : sql``;
    const owner = term?.indexed
      ? sql`ARRAY[i.organization_id] @> ARRAY[k.id]`
      : sql`i.organization_id = k.id`;
    const fence = term?.indexed ? sql` OFFSET 0` : sql``;
    return sql`(SELECT i.* FROM invitation i WHERE ${owner}${status}${search}${fence}) AS i`;
  };
  const status = filter.status && [...new Set(filter.status)];
  return listsOf<InvitationRow>({
    read,
    shape: `invitations ${JSON.stringify([term?.indexed, filter.status != null])}`,
    args,
    values: {
      search: term?.pattern,
      status,
      stored: status?.includes('EXPIRED') ? [...new Set([...status, 'PENDING'])] : status,
    },
    rows: () =>
      sql`SELECT i.* FROM ${matches()} WHERE ${keyset('i').where} ORDER BY ${keyset('i').orderBy} LIMIT ${param('limit')}`,
    columns: () => invitationColumns('item'),
    order: () => keyset('item').orderBy,
    total: () => sql`SELECT count(*) FROM ${matches()}`,
  });
}
