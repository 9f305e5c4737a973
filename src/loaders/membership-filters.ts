/** What memberships are filtered by: conditions on `m`, of a parent `k.id`. */
import { type RawBuilder, sql } from 'kysely';
import { NIL_UUID } from '../domain/id.ts';
import { param } from './statement.ts';

/** What a list was asked for, as far as it changes the text of a statement. */
export type Asked = {
  roleKeyToo: boolean;
  shortSearch: boolean;
  namesOnly: boolean;
  provisioning: boolean;
  indexedSearch: boolean;
  metadata: boolean;
  untrusted: boolean;
};

/** The status as of now. */
export const statusNow = sql`membership_status_at(m.status, m.status_deadline, now())`;

/** The statuses asked for, or all that are listed. */
export function statusFilter(isAsked: boolean): RawBuilder<unknown> {
  return isAsked
    ? sql`${statusNow} = ANY(${param('status')}::membership_status[])`
    : sql`m.status <> 'REMOVED'`;
}

/** What no index finds. */
export function residualFilters(asked: Asked): RawBuilder<unknown> {
  const method = asked.provisioning
    ? sql` AND m.provisioning_method = ANY(${param('provisioning')}::provisioning_method[])`
    : sql``;
  const search = asked.shortSearch ? sql` AND m.search_text LIKE ${param('search')}` : sql``;
  const name = asked.namesOnly ? sql` AND m.name_key LIKE ${param('search')}` : sql``;
  return sql`${method}${search}${name}${asked.roleKeyToo ? roleFilter('key') : sql``}`;
}

/** What an index of its own finds. */
export function indexedFilters(asked: Asked): RawBuilder<unknown> {
  const search = asked.indexedSearch ? sql` AND m.search_text LIKE ${param('search')}` : sql``;
  const metadata = asked.metadata ? sql` AND m.metadata @> ${param('metadata')}::jsonb` : sql``;
  const untrusted = asked.untrusted
    ? sql` AND m.untrusted_metadata @> ${param('untrusted')}::jsonb`
    : sql``;
  return sql`${search}${metadata}${untrusted}`;
}

/** Selects the roles asked for, by `id` or by `key`. */
export function rolesOf(role: string, scopes = scopesIn('k.id')): RawBuilder<unknown> {
  return role === 'id'
    ? sql`SELECT ${param('roleId')}::uuid`
    : sql`SELECT role.id FROM role WHERE role.key = ${param('roleKey')} AND role.scope_id IN (${sql.join(scopes)})`;
}

/** The same roles, one by one. */
export function eachRoleOf(role: string): RawBuilder<unknown>[] {
  return role === 'id'
    ? [sql`${param('roleId')}::uuid`]
    : scopesIn('k.id').map((scope) => sql`(${rolesOf(role, [scope])})`);
}

/** Whoever holds one of these roles. */
export function roleFilter(role: string): RawBuilder<unknown> {
  return role
    ? sql` AND EXISTS (SELECT FROM role_assignment a WHERE a.membership_id = m.id AND a.role_id IN (${rolesOf(role, scopesIn('m.organization_id'))}))`
    : sql``;
}

// Of a role key there may be two: the environment's and the organization's own.
function scopesIn(organization: string): RawBuilder<unknown>[] {
  return [sql.lit(NIL_UUID), sql.raw(organization)];
}
