/** Keys by id, and those of the environment or of an organization. */
import { type RawBuilder, sql } from 'kysely';
import type { Read } from '../db/database.ts';
import type { ApiKey } from '../db/generated/prisma/client.ts';
import { type RowOf, rowOf } from '../db/tables.ts';
import { found, loadOne, ordinal } from './batch.ts';
import { keysetOf, type List, listsOf, type PageArgs } from './page.ts';
import { param } from './statement.ts';

export type ApiKeyRow = RowOf<ApiKey>;

function apiKeyColumns(alias: string): RawBuilder<unknown> {
  return rowOf('api_key', alias);
}

/** The loaders of one request. Ids are uuids. */
export function apiKeyLoaders(read: Read) {
  const columns = { id: 'uuid' };
  const byId = loadOne<{ id: string }, ApiKeyRow>({
    read,
    shape: 'key by id',
    columns,
    build: () =>
      sql`SELECT ${ordinal}, ${apiKeyColumns('a')} FROM ${found(columns, 'a', sql`SELECT a.* FROM api_key a WHERE a.id = k.id`)}`,
  });
  return {
    byId: (id: string) => byId({ id }),
    /** By scope: an organization, or the nil uuid for the environment's own. */
    listsOf: (args: PageArgs<'CREATED_AT'>) => apiKeyLists(read, args),
  };
}

function apiKeyLists(
  read: Read,
  args: PageArgs<'CREATED_AT'>,
): (scopeId: string) => List<ApiKeyRow> {
  const keyset = (alias: string) =>
    keysetOf(args, { expression: `${alias}.created_at`, id: `${alias}.id`, type: 'timestamptz' });
  return listsOf<ApiKeyRow>({
    read,
    shape: 'keys',
    args,
    values: {},
    rows: () =>
      sql`SELECT a.* FROM api_key a WHERE a.scope_id = k.id AND ${keyset('a').where} ORDER BY ${keyset('a').orderBy} LIMIT ${param('limit')}`,
    columns: () => apiKeyColumns('item'),
    order: () => keyset('item').orderBy,
    total: () => sql`SELECT count(*) FROM api_key a WHERE a.scope_id = k.id`,
  });
}
