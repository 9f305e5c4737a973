/** Users by their keys, and the list of all. */
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import type { Identity, User } from '../db/generated/prisma/client.ts';
import { type RowOf, rowOf } from '../db/tables.ts';
import { NIL_UUID } from '../domain/id.ts';
import type { Met } from '../domain/visibility.ts';
import { found, loadMany, loadNested, type MaybePromise, ordinal, present } from './batch.ts';
import { fieldsOf, type Needs, shapeOf } from './needs.ts';
import { once } from './once.ts';
import { keysetOf, type List, listsOf, type PageArgs, type SortKey } from './page.ts';
import type { Reach } from './reach.ts';
import { containment, searchTerm } from './search.ts';
import { param } from './statement.ts';

export type UserRow = RowOf<User> & Met;

export type UserOrderField = 'CREATED_AT' | 'EMAIL' | 'NAME';

export type UserListFilter = {
  search?: string | null;
  metadata?: object | null;
  emailDomain?: string | null;
  withoutMemberships?: boolean | null;
};

const keys: Record<UserOrderField, { column: string; type: SortKey['type'] }> = {
  CREATED_AT: { column: 'created_at', type: 'timestamptz' },
  EMAIL: { column: 'email', type: 'text' },
  NAME: { column: 'name_key', type: 'text' },
};

/** Nested in the rows of the statement. */
export function userColumns(alias: string, needs: Needs): RawBuilder<unknown> {
  return rowOf('user', alias, { only: fieldsOf('user', needs), isNested: true });
}

/**
 * Whether each user is met within a reach: at once if it is in `organization` (an expression), where they are known to
 * be. Without a reach they are met anyway.
 */
export function metColumns(
  alias: string,
  { isWithinReach, organization }: { isWithinReach: boolean; organization?: string },
): RawBuilder<unknown> {
  const met = (reach: keyof Reach) => {
    const within = (place: string) =>
      sql`${param(reach)}::uuid[] IS NULL OR ${sql.raw(place)} = ANY(${param(reach)}::uuid[])`;
    const anywhere = sql`EXISTS (SELECT FROM membership m WHERE m.user_id = ${sql.ref(`${alias}.id`)} AND (${within('m.organization_id')}))`;
    return organization === undefined ? anywhere : sql`(${within(organization)} OR ${anywhere})`;
  };
  const shared = isWithinReach ? met('seen') : sql`true`;
  const inDetail = isWithinReach ? met('detailed') : sql`true`;
  return sql`${shared} AS "user.isShared", ${inDetail} AS "user.isSharedInDetail"`;
}

/** The loaders of one request. Ids are uuids; addresses are normalized. Without a reach the caller sees all users. */
export function userLoaders(read: Read, reachOfCaller: () => Reach | null, needs: Needs) {
  const lookup = (column: string, type: string) => {
    const load = once(() => {
      const reach = reachOfCaller();
      const isWithinReach = reach !== null;
      return loadNested<{ key: string }, UserRow>('user', {
        read,
        shape: `user by ${column}${isWithinReach ? ' within reach' : ''} ${shapeOf('user', needs)}`,
        columns: { key: type },
        values: { ...reach },
        build: () =>
          sql`SELECT ${ordinal}, ${userColumns('u', needs)}, ${metColumns('u', { isWithinReach })} FROM ${found({ key: type }, 'u', sql`SELECT u.* FROM "user" u WHERE u.${sql.ref(column)} = k.key`)}`,
      });
    });
    return (key: string) => load()({ key });
  };
  const kept = new Map<string, UserRow>();
  const load = lookup('id', 'uuid');
  const byId = (id: string): MaybePromise<UserRow | null> => kept.get(id) ?? load(id);
  const identitiesOf = loadMany<{ id: string }, Identity>({
    read,
    shape: 'identities',
    columns: { id: 'uuid' },
    build: () =>
      sql`SELECT ${ordinal}, ${rowOf('identity', 'i')} FROM ${found({ id: 'uuid' }, 'i', sql`SELECT i.* FROM identity i WHERE i.user_id = k.id`)}
ORDER BY k.ordinal, i.created_at, i.id`,
  });
  return {
    byId,
    /** Of a membership: there always is one. */
    of: ({ userId }: { userId: string }): MaybePromise<UserRow> =>
      present(byId(userId), `The user ${userId} is gone.`),
    /** Keeps what was read together with something else. */
    keep(row: UserRow): void {
      kept.set(row.id, row);
    },
    byEmail: lookup('email', 'text'),
    byExternalId: lookup('external_id', 'text'),
    identitiesOf: (id: string) => identitiesOf({ id }),
    list: (filter: UserListFilter, args: PageArgs<UserOrderField>) =>
      userList(read, needs, filter, args),
  };
}

function userList(
  read: Read,
  needs: Needs,
  filter: UserListFilter,
  args: PageArgs<UserOrderField>,
): List<UserRow> {
  const term = searchTerm(filter.search);
  const metadata = containment(filter.metadata);
  const { emailDomain, withoutMemberships } = filter;
  const { column, type } = keys[args.field];
  const keyset = (alias: string) =>
    keysetOf(args, { expression: `${alias}.${column}`, id: `${alias}.id`, type });
  const matches = () => {
    const search = term ? sql` AND u.search_text LIKE ${param('search')}` : sql``;
    const contained = metadata ? sql` AND u.metadata @> ${param('metadata')}::jsonb` : sql``;
    const domain =
      emailDomain != null ? sql` AND split_part(u.email, '@', 2) = ${param('emailDomain')}` : sql``;
    const memberships =
      withoutMemberships == null
        ? sql``
        : sql` AND u.membership_count ${sql.raw(withoutMemberships ? '= 0' : '> 0')}`;
    // OFFSET 0 keeps the planner from walking all users in order instead; by time, an index has them in order.
    const narrow = emailDomain != null || withoutMemberships === true;
    const isFenced = term?.indexed || metadata || (narrow && args.field !== 'CREATED_AT');
    const fence = isFenced ? sql` OFFSET 0` : sql``;
    return sql`(SELECT u.* FROM "user" u WHERE NOT u.invited_only${search}${contained}${domain}${memberships}${fence}) AS u`;
  };
  return listsOf<UserRow, { user: UserRow }>({
    read,
    shape: `users ${shapeOf('user', needs)} ${args.field} ${JSON.stringify([term?.indexed, metadata !== undefined, emailDomain != null, withoutMemberships])}`,
    args,
    values: { search: term?.pattern, metadata, emailDomain: emailDomain?.toLowerCase() },
    rows: () =>
      sql`SELECT u.* FROM ${matches()} WHERE ${keyset('u').where} ORDER BY ${keyset('u').orderBy} LIMIT ${param('limit')}`,
    columns: () =>
      sql`${userColumns('item', needs)}, ${metColumns('item', { isWithinReach: false })}`,
    itemsOf: (rows) => rows.map(({ user }) => user),
    order: () => keyset('item').orderBy,
    total: () => sql`SELECT count(*) FROM ${matches()}`,
  })(NIL_UUID);
}
