-- What a person holds, in time that grows with their memberships and not with the square of them: what each set of roles
-- gives is found out once.
CREATE OR REPLACE FUNCTION "membership_rights"("person" uuid, "at" timestamptz, "organizations" uuid[])
RETURNS TABLE (
  "organizationId" uuid, "membershipId" uuid, "status" text, "isOwner" boolean, "isBreakglass" boolean,
  "identityProvider" text, "permissions" text[], "allowedAuthMethods" text[], "needsMultiFactor" boolean
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  WITH held AS MATERIALIZED (
    SELECT m.*, membership_status_at(m.status, m.status_deadline, at) AS status_now FROM membership m
    WHERE m.user_id = person AND (organizations IS NULL OR m.organization_id = ANY(organizations))
  ), assigned AS MATERIALIZED (
    SELECT a.membership_id, array_agg(DISTINCT a.role_id) AS role_ids,
      bool_or(a.source = 'DIRECT' AND r.is_built_in AND r.key = 'owner') AS is_owner
    FROM held h JOIN role_assignment a ON a.membership_id = h.id JOIN role r ON r.id = a.role_id
    WHERE h.status_now = 'ACTIVE' GROUP BY a.membership_id
  ), given AS MATERIALIZED (
    SELECT d.role_ids, ARRAY(
      SELECT DISTINCT p.permission FROM unnest(d.role_ids) AS role_id
      CROSS JOIN LATERAL role_permissions(role_id) p ORDER BY p.permission
    ) AS permissions
    FROM (SELECT DISTINCT role_ids FROM assigned) d
  )
  SELECT h.organization_id, h.id, h.status_now::text, coalesce(a.is_owner, false),
    h.is_breakglass, h.primary_identity_provider, coalesce(g.permissions, '{}'),
    CASE WHEN o.auth_methods = 'RESTRICTED' THEN o.allowed_auth_methods::text[] END, o.mfa_policy = 'REQUIRED'
  FROM held h JOIN organization o ON o.id = h.organization_id
  LEFT JOIN assigned a ON a.membership_id = h.id LEFT JOIN given g ON g.role_ids = a.role_ids
$$;
