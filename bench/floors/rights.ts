/**
 * The parts of the floors' statements that ask who calls and what they may, as the gateway does: the account and that it
 * was not taken from its user, the effective status of the membership, what the organization asks of a sign-in, and the
 * roles with all that they inherit, wildcards included. $1 to $4 are the issuer, the subject, the hash of the account
 * and when the token was issued; an operation's own parameters begin with $5.
 */

/** One row with the user, or none. */
export const CALLER = `(SELECT i.user_id FROM identity i WHERE i.issuer = $1 AND i.subject = $2 AND NOT EXISTS (
    SELECT FROM retired_identity x WHERE x.account_hash = $3 AND x.retired_at >= coalesce($4::timestamptz, '-infinity'))) AS caller`;

const IS_ACTIVE = `membership_status_at(own.status, own.status_deadline, now()) = 'ACTIVE'`;

// The issuer vouches for no method and no second factor.
const MEETS_POLICY = `(o.auth_methods <> 'RESTRICTED' AND o.mfa_policy <> 'REQUIRED' OR own.is_breakglass)`;

function holds(permissions: string, permission: string): string {
  const everyAction = `${permission.split(':')[0]}:*`;
  return `bool_or(${permissions} && ARRAY['${permission}', '${everyAction}', '*:*'])`;
}

/** Joins to the caller their membership `own` in that organization, and it as `o`, if they hold all of `permissions`. */
export function whereAllowed(organization: string, ...permissions: string[]): string {
  return `JOIN membership own ON own.user_id = caller.user_id AND own.organization_id = ${organization} AND ${IS_ACTIVE}
JOIN organization o ON o.id = own.organization_id AND ${MEETS_POLICY} AND (
  WITH RECURSIVE held(permissions, next) AS (
    SELECT r.permissions, r.extends_role_id FROM role_assignment a JOIN role r ON r.id = a.role_id WHERE a.membership_id = own.id
    UNION ALL SELECT r.permissions, r.extends_role_id FROM held h JOIN role r ON r.id = h.next)
  SELECT ${permissions.map((permission) => holds('permissions', permission)).join(' AND ')} FROM held)`;
}

/** Before a statement: those `allowed` of the organizations in $5 where the caller holds all of `permissions`. */
export function allowedOf(...permissions: string[]): string {
  const columns = permissions.map((_, at) => `opens_${at}`);
  const opens = permissions.map(
    (permission, at) => `${holds('permissions', permission)} AS opens_${at}`,
  );
  return `WITH RECURSIVE held AS MATERIALIZED (
    SELECT own.organization_id, a.role_id FROM ${CALLER} JOIN membership own ON own.user_id = caller.user_id
      AND own.organization_id = ANY($5::uuid[]) AND ${IS_ACTIVE}
    JOIN organization o ON o.id = own.organization_id AND ${MEETS_POLICY} JOIN role_assignment a ON a.membership_id = own.id
  ), given(role_id, permissions, next) AS (
    SELECT id, permissions, extends_role_id FROM role WHERE id IN (SELECT role_id FROM held)
    UNION ALL SELECT g.role_id, r.permissions, r.extends_role_id FROM given g JOIN role r ON r.id = g.next
  ), opening AS (SELECT role_id, ${opens.join(', ')} FROM given GROUP BY role_id
  ), allowed AS (
    SELECT organization_id FROM held JOIN opening USING (role_id) GROUP BY organization_id
    HAVING ${columns.map((column) => `bool_or(${column})`).join(' AND ')})`;
}
