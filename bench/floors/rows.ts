/** What the flat rows of the floor consist of, and how they become what is sent. */

export type Organization = { organization_id: string; display_name: string; slug: string };
export type User = { user_id: string; user_name: string | null; email: string };
export type Membership = { membership_id: string | null; status: string };
export type Role = { role_id: string | null; key: string; role_name: string };

export const ORGANIZATION = 'o.id AS organization_id, o.display_name, o.slug';
export const USER = 'u.id AS user_id, u.name AS user_name, u.email';
export const MEMBERSHIP = 'm.id AS membership_id, m.status';
export const ROLE = 'r.id AS role_id, r.key, r.display_name AS role_name';
export const ROLES_HELD =
  'LEFT JOIN role_assignment a ON a.membership_id = m.id LEFT JOIN role r ON r.id = a.role_id';

export const organizationOf = (row: Organization) => ({
  id: row.organization_id,
  displayName: row.display_name,
  slug: row.slug,
});
export const userOf = (row: User) => ({ id: row.user_id, name: row.user_name, email: row.email });
export const membershipOf = (row: Membership) => ({ id: row.membership_id, status: row.status });
export const roleOf = (row: Role) => ({
  id: row.role_id,
  key: row.key,
  displayName: row.role_name,
});

/** Makes one of all rows with the same key, which stand side by side; a key that is null is an outer join's nothing. */
export function groupBy<Key extends string, Row extends Record<Key, string | null>, Made>(
  rows: Row[],
  key: Key,
  make: (row: Row, all: Row[]) => Made,
): Made[] {
  const made: Made[] = [];
  let start = 0;
  for (let end = 1; end <= rows.length; end += 1) {
    const row = rows[start];
    if (row !== undefined && row[key] !== rows[end]?.[key]) {
      if (row[key] !== null) {
        made.push(make(row, rows.slice(start, end)));
      }
      start = end;
    }
  }
  return made;
}

/** Where a list of memberships goes on, and whether it does: of `rows` there is one more than the page has. */
export function pageOf<Row extends { membership_id: string; created_at: Date }>(
  rows: Row[],
  size: number,
) {
  const page = rows.slice(0, size);
  const last = page.at(-1);
  const endCursor = last && `${last.created_at.toISOString()}|${last.membership_id}`;
  return { page, pageInfo: { hasNextPage: rows.length > size, endCursor } };
}

/** The condition of what follows a cursor, of which the parameters are the time and the id. */
export const AFTER = (time: string, id: string) =>
  ` AND (created_at, id) > (${time}::timestamptz, ${id}::uuid)`;
