-- What a person holds, in time that grows with their memberships and not with the square of them, whatever the plan: what
-- each membership has is looked up by itself, and what each set of roles gives is found out once.
CREATE OR REPLACE FUNCTION "membership_rights"("person" uuid, "at" timestamptz, "organizations" uuid[])
RETURNS TABLE (
  "organizationId" uuid, "membershipId" uuid, "status" text, "isOwner" boolean, "isBreakglass" boolean,
  "identityProvider" text, "permissions" text[], "allowedAuthMethods" text[], "needsMultiFactor" boolean
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  WITH held AS MATERIALIZED (
    SELECT m.id, m.organization_id, m.is_breakglass, m.primary_identity_provider, now_at.status,
      assigned.role_ids, assigned.is_owner
    FROM membership m
    CROSS JOIN LATERAL (SELECT membership_status_at(m.status, m.status_deadline, at) AS status) now_at
    CROSS JOIN LATERAL (
      SELECT array_agg(DISTINCT a.role_id) AS role_ids,
        bool_or(a.source = 'DIRECT' AND r.is_built_in AND r.key = 'owner') AS is_owner
      FROM role_assignment a JOIN role r ON r.id = a.role_id
      WHERE a.membership_id = m.id AND now_at.status = 'ACTIVE' OFFSET 0
    ) assigned
    WHERE m.user_id = person AND (organizations IS NULL OR m.organization_id = ANY(organizations))
  ), given AS MATERIALIZED (
    SELECT d.role_ids, ARRAY(
      SELECT DISTINCT p.permission FROM unnest(d.role_ids) AS role_id
      CROSS JOIN LATERAL role_permissions(role_id) p ORDER BY p.permission
    ) AS permissions
    FROM (SELECT DISTINCT role_ids FROM held) d
  )
  SELECT h.organization_id, h.id, h.status::text, coalesce(h.is_owner, false),
    h.is_breakglass, h.primary_identity_provider, coalesce(g.permissions, '{}'),
    CASE WHEN o.auth_methods = 'RESTRICTED' THEN o.allowed_auth_methods::text[] END, o.mfa_policy = 'REQUIRED'
  FROM held h
  CROSS JOIN LATERAL (SELECT o.* FROM organization o WHERE o.id = h.organization_id OFFSET 0) o
  LEFT JOIN given g ON g.role_ids = h.role_ids
$$;
