-- What a person holds, as `membership_rights` tells it, for those with very many memberships: those that have the same by
-- the same role are told once, with a line for each: `organization membership`. What a role gives is worked out once,
-- however many have it.
CREATE FUNCTION "membership_rights_in_groups"("person" uuid, "at" timestamptz)
RETURNS TABLE (
  "places" text, "status" text, "isOwner" boolean, "isBreakglass" boolean, "identityProvider" text,
  "permissions" text[], "allowedAuthMethods" text[], "needsMultiFactor" boolean
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT g.places, g.status::text,
    g.status = 'ACTIVE' AND coalesce(g.is_direct AND r.is_built_in AND r.key = 'owner', false),
    g.is_breakglass, g.primary_identity_provider,
    CASE WHEN g.status = 'ACTIVE' AND g.role_id IS NOT NULL THEN role_permissions_in_all(g.role_id) ELSE '{}' END,
    g.allowed_auth_methods, g.needs_multi_factor
  FROM (
    SELECT now_at.status, m.is_breakglass, m.primary_identity_provider, a.role_id, a.source = 'DIRECT' AS is_direct,
      CASE WHEN o.auth_methods = 'RESTRICTED' THEN o.allowed_auth_methods::text[] END AS allowed_auth_methods,
      o.mfa_policy = 'REQUIRED' AS needs_multi_factor, string_agg(m.organization_id || ' ' || m.id, E'\n') AS places
    FROM membership m
    CROSS JOIN LATERAL (SELECT membership_status_at(m.status, m.status_deadline, at) AS status) now_at
    CROSS JOIN LATERAL (SELECT o.* FROM organization o WHERE o.id = m.organization_id OFFSET 0) o
    LEFT JOIN LATERAL (SELECT a.role_id, a.source FROM role_assignment a WHERE a.membership_id = m.id OFFSET 0) a ON true
    WHERE m.user_id = person
    GROUP BY 1, 2, 3, 4, 5, 6, 7
  ) g LEFT JOIN role r ON r.id = g.role_id
$$;
