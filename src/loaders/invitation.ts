/** Invitations by id, of a membership and of an organization. */
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import type { Invitation, Role } from '../db/generated/prisma/client.ts';
import { InvitationStatus } from '../db/generated/prisma/enums.ts';
import { type RowOf, rowOf } from '../db/tables.ts';
import { found, loadMany, loadOne, ordinal } from './batch.ts';
import { keysetOf, type List, listsOf, type PageArgs } from './page.ts';
import { roleColumns } from './role.ts';
import { searchTerm } from './search.ts';
import { param } from './statement.ts';

export type InvitationRow = RowOf<Invitation>;

/** `inviterId`: the uuid of a user or a key. */
export type InvitationListFilter = {
  status?: InvitationStatus[] | null;
  search?: string | null;
  inviterId?: string | null;
};

/** What an invitation tells whoever has its token. */
export type InvitationPreviewRow = {
  organizationName: string;
  organizationLogoUrl: string | null;
  inviterName: string | null;
  message: string | null;
  email: string;
  expiresAt: Date;
  status: InvitationStatus;
};

const STATUSES = Object.values(InvitationStatus);

/** What a stored status is now: the deadline counts before any job has settled it. */
const statusNow = (alias: string) =>
  `CASE WHEN ${alias}.status = 'PENDING' AND ${alias}.expires_at <= now() THEN 'EXPIRED' ELSE ${alias}.status END`;

function invitationColumns(alias: string): RawBuilder<unknown> {
  return rowOf('invitation', alias, { computed: { status: statusNow(alias) } });
}

/** The loaders of one request. Keys are uuids. */
export function invitationLoaders(read: Read) {
  const columns = { id: 'uuid' };
  const byId = loadOne<{ id: string }, InvitationRow>({
    read,
    shape: 'invitation by id',
    columns,
    build: () =>
      sql`SELECT ${ordinal}, ${invitationColumns('i')} FROM ${found(columns, 'i', sql`SELECT i.* FROM invitation i WHERE i.id = k.id`)}`,
  });
  const latestOf = loadOne<{ id: string }, InvitationRow>({
    read,
    shape: 'latest invitation',
    columns,
    build: () =>
      sql`SELECT ${ordinal}, ${invitationColumns('i')} FROM ${found(columns, 'i', sql`SELECT i.* FROM invitation i WHERE i.membership_id = k.id ORDER BY i.created_at DESC, i.id DESC LIMIT 1`)}`,
  });
  const rolesOf = loadMany<{ id: string }, Role>({
    read,
    shape: 'roles on offer',
    columns,
    build: () =>
      sql`SELECT ${ordinal}, ${roleColumns('r')} FROM ${found(columns, 'r', sql`SELECT r.* FROM invitation_role i JOIN role r ON r.id = i.role_id WHERE i.invitation_id = k.id`)}
ORDER BY k.ordinal, r.created_at, r.id`,
  });
  const hashed = { hash: 'text' };
  const byToken = loadOne<{ hash: string }, InvitationPreviewRow>({
    read,
    shape: 'invitation by token',
    columns: hashed,
    build:
      () => sql`SELECT ${ordinal}, i.email, i.expires_at AS "expiresAt", ${sql.raw(statusNow('i'))} AS status, i.message,
o.display_name AS "organizationName", o.logo_url AS "organizationLogoUrl", invitation_inviter_name(i.id) AS "inviterName"
FROM ${found(hashed, 'i', sql`SELECT i.* FROM invitation_token t JOIN invitation i ON i.id = t.invitation_id AND i.send_count = t.send_number WHERE t.token_hash = decode(k.hash, 'hex')`)}
JOIN organization o ON o.id = i.organization_id`,
  });
  return {
    byId: (id: string) => byId({ id }),
    latestOf: (membershipId: string) => latestOf({ id: membershipId }),
    rolesOf: (id: string) => rolesOf({ id }),
    /** By the hash of its token: that of the last sending. */
    preview: (tokenHash: Uint8Array) => byToken({ hash: Buffer.from(tokenHash).toString('hex') }),
    listsOf: (filter: InvitationListFilter, args: PageArgs<'CREATED_AT'>) =>
      invitationLists(read, filter, args),
  };
}

function storedAs(statuses: InvitationStatus[] | null | undefined) {
  return statuses?.includes('EXPIRED') ? [...statuses, 'PENDING'] : statuses;
}

function invitationLists(
  read: Read,
  filter: InvitationListFilter,
  args: PageArgs<'CREATED_AT'>,
): (organizationId: string) => List<InvitationRow> {
  const term = searchTerm(filter.search);
  const asked = filter.status != null;
  const keyset = (alias: string) =>
    keysetOf(args, { expression: `${alias}.created_at`, id: `${alias}.id`, type: 'timestamptz' });
  const search = term ? sql` AND i.search_text LIKE ${param('search')}` : sql``;
  const list = (from: RawBuilder<unknown>) =>
    sql`SELECT i.* FROM ${from} AND ${keyset('i').where} ORDER BY ${keyset('i').orderBy} LIMIT ${param('limit')}`;
  // A stored PENDING may have expired, so it stands for EXPIRED in the index, and the expression decides.
  const isAsked = asked
    ? sql`i.status = ANY(${param('stored')}::invitation_status[]) AND ${sql.raw(statusNow('i'))} = ANY(${param('status')}::invitation_status[])`
    : sql`true`;
  const byInviter = filter.inviterId != null;
  const inviter = byInviter ? sql` AND i.inviter_id = ${param('inviterId')}::uuid` : sql``;
  const owned = sql`invitation i WHERE i.organization_id = k.id${inviter}`;

  // OFFSET 0 keeps the planner from walking the whole organization in order instead.
  const all = term?.indexed
    ? sql`(SELECT i.* FROM invitation i WHERE ARRAY[i.organization_id] @> ARRAY[k.id]${search}${inviter} OFFSET 0) AS i WHERE ${isAsked}`
    : sql`${owned} AND ${isAsked}${search}`;

  // As with memberships: each stored status is walked in order, and the few that are overdue are found by the deadline
  // of their memberships, which is theirs.
  function byStatus(): RawBuilder<unknown> {
    const stored = STATUSES.map((status) => {
      // Of all invitations most have expired long ago, of the pending ones hardly any: coalesce keeps PostgreSQL from
      // expecting few, reading all of them and sorting those.
      const open =
        status === 'PENDING' ? sql` AND coalesce(i.expires_at, 'infinity') > now()` : sql``;
      return list(
        sql`${owned} AND ${sql.lit(status)} = ANY(${param('status')}::invitation_status[]) AND i.status = ${sql.lit(status)}${open}${search}`,
      );
    });
    const overdue = list(
      sql`(SELECT i.* FROM membership m JOIN invitation i ON i.membership_id = m.id AND i.status = 'PENDING'
WHERE 'EXPIRED' = ANY(${param('status')}::invitation_status[]) AND m.organization_id = k.id AND m.status = 'PENDING_INVITE' AND m.status_deadline <= now() OFFSET 0) AS i WHERE true${search}`,
    );
    const branches = sql.join(
      [...stored, overdue].map((branch) => sql`(${branch})`),
      sql` UNION ALL `,
    );
    return sql`SELECT i.* FROM (${branches}) AS i ORDER BY ${keyset('i').orderBy} LIMIT ${param('limit')}`;
  }

  return listsOf<InvitationRow>({
    read,
    shape: `invitations ${JSON.stringify([term?.indexed, asked, byInviter])}`,
    args,
    values: {
      search: term?.pattern,
      status: filter.status,
      stored: storedAs(filter.status),
      inviterId: filter.inviterId,
    },
    // What one inviter has sent is in an index of its own, in order.
    rows: () => (asked && !byInviter && !term?.indexed ? byStatus() : list(all)),
    columns: () => invitationColumns('item'),
    order: () => keyset('item').orderBy,
    total: () => sql`SELECT count(*) FROM ${all}`,
  });
}
