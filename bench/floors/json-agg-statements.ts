/** The statements in which PostgreSQL makes the JSON that is sent. */
import { allowedOf, CALLER, whereAllowed } from './rights.ts';
import { LISTED, membershipsOf, membersOf } from './serve.ts';

const ORGANIZATION = `'id', o.id, 'displayName', o.display_name, 'slug', o.slug`;
const USER = `'id', u.id, 'name', u.name, 'email', u.email`;
const ROLES_HELD = `(
  SELECT coalesce(json_agg(json_build_object('id', r.id, 'key', r.key, 'displayName', r.display_name) ORDER BY r.created_at, r.id), '[]')
  FROM role r WHERE r.id IN (SELECT role_id FROM role_assignment WHERE membership_id = m.id))`;

/** (b) of the organization `o` of that part of a statement; one row with the JSON, or none. */
export function organizationWithMembers(from: string): string {
  return `SELECT json_build_object('organization', json_build_object(${ORGANIZATION}, 'memberships', json_build_object(
  'totalCount', ${LISTED}, 'nodes', (
  SELECT coalesce(json_agg(json_build_object('id', m.id, 'status', m.status, 'user', json_build_object(${USER}),
    'roles', ${ROLES_HELD}) ORDER BY m.created_at, m.id), '[]')
  FROM (${membersOf('o.id', 50)}) m JOIN "user" u ON u.id = m.user_id))))::text AS body
FROM ${from}`;
}

/** Each with the account and the parameters; one row with the JSON, or none. */
export const STATEMENTS = {
  a: `SELECT json_build_object('user', json_build_object(${USER}, 'memberships', json_build_object('nodes', (
  SELECT coalesce(json_agg(json_build_object('id', m.id, 'status', m.status,
    'organization', json_build_object(${ORGANIZATION}), 'roles', ${ROLES_HELD}) ORDER BY m.created_at, m.id), '[]')
  FROM (${membershipsOf('u.id')}) m JOIN organization o ON o.id = m.organization_id))))::text AS body
FROM ${CALLER} JOIN "user" u ON u.id = caller.user_id WHERE u.id = $5`,
  b: organizationWithMembers(
    `${CALLER} ${whereAllowed('$5', 'membership:read', 'membership:readDetails')}`,
  ),
  c: `${allowedOf('membership:read', 'membership:readDetails')}
SELECT json_build_object('nodes', json_agg(json_build_object(${ORGANIZATION}, 'memberships', json_build_object('nodes', (
  SELECT coalesce(json_agg(json_build_object('id', m.id, 'status', m.status, 'user', json_build_object(${USER}))
    ORDER BY m.created_at, m.id), '[]')
  FROM (${membersOf('o.id', 10)}) m JOIN "user" u ON u.id = m.user_id))) ORDER BY k.place))::text AS body
FROM unnest($5::uuid[]) WITH ORDINALITY AS k(id, place) JOIN allowed ON allowed.organization_id = k.id
JOIN organization o ON o.id = k.id HAVING count(*) > 0`,
};
