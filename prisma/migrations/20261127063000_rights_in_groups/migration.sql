-- What a person holds, as `membership_rights` tells it, for those with very many memberships: those that have the same by
-- the same role are told once, with a line for each: `organization membership`. What the role gives is worked out once
-- for all of them.
CREATE FUNCTION "membership_rights_in_groups"("person" uuid, "at" timestamptz)
RETURNS TABLE (
  "places" text, "status" text, "isOwner" boolean, "isBreakglass" boolean, "identityProvider" text,
  "permissions" text[], "allowedAuthMethods" text[], "needsMultiFactor" boolean
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT g.places, g.status::text,
    g.status = 'ACTIVE' AND coalesce(g.is_direct AND r.is_built_in AND r.key = 'owner', false),
    g.is_breakglass, g.primary_identity_provider,
    CASE
      WHEN g.status <> 'ACTIVE' OR r.id IS NULL THEN '{}'
      WHEN second.extends_role_id IS NOT NULL THEN role_permissions_in_all(r.id)
      ELSE r.permissions || coalesce(first.permissions, '{}') || coalesce(second.permissions, '{}') || CASE
        WHEN r.is_built_in AND r.key IN ('owner', 'admin') OR first.is_built_in AND first.key IN ('owner', 'admin')
          OR second.is_built_in AND second.key IN ('owner', 'admin')
        THEN ARRAY(SELECT DISTINCT split_part(p.name, ':', 1) || ':*' FROM permission p WHERE NOT p.is_built_in ORDER BY 1)
        ELSE '{}'
      END
    END,
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
  ) g
  LEFT JOIN LATERAL (SELECT r.* FROM role r WHERE r.id = g.role_id OFFSET 0) r ON true
  LEFT JOIN LATERAL (SELECT r2.* FROM role r2 WHERE r2.id = r.extends_role_id OFFSET 0) first ON true
  LEFT JOIN LATERAL (SELECT r3.* FROM role r3 WHERE r3.id = first.extends_role_id OFFSET 0) second ON true
$$;
