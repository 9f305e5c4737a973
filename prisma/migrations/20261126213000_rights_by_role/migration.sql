-- What a role gives in all, as an array: for those that inherit over many steps.
CREATE FUNCTION "role_permissions_in_all"("role" uuid)
RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
RETURN ARRAY(SELECT p.permission FROM role_permissions(role) p);

-- What a person holds: once for each role that a membership has from one source, and once for a membership without any.
-- Whoever reads it puts it together (a permission may come twice), so everything is looked up by its key, and roles that
-- inherit over a step or two need no search either: to prepare one takes longer than all the rest. Of organizations and
-- roles, which are looked up anyway, it tells what most answers show. Whoever is not ACTIVE holds nothing by their roles.
DROP FUNCTION "membership_rights"(uuid, timestamptz, uuid[]);

CREATE FUNCTION "membership_rights"("person" uuid, "at" timestamptz, "organizations" uuid[])
RETURNS TABLE (
  "organizationId" uuid, "membershipId" uuid, "status" text, "isOwner" boolean, "isBreakglass" boolean,
  "identityProvider" text, "permissions" text[], "allowedAuthMethods" text[], "needsMultiFactor" boolean,
  "createdAt" timestamptz, "displayName" text, "slug" text,
  "roleId" uuid, "roleKey" text, "roleName" text, "roleCreatedAt" timestamptz
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT m.organization_id, m.id, now_at.status::text, now_at.status = 'ACTIVE' AND coalesce(held.is_owner, false),
    m.is_breakglass, m.primary_identity_provider,
    CASE WHEN now_at.status = 'ACTIVE' THEN coalesce(held.permissions, '{}') ELSE '{}' END,
    CASE WHEN o.auth_methods = 'RESTRICTED' THEN o.allowed_auth_methods::text[] END, o.mfa_policy = 'REQUIRED',
    m.created_at, o.display_name, o.slug, held.role_id, held.key, held.display_name, held.created_at
  FROM membership m
  CROSS JOIN LATERAL (SELECT membership_status_at(m.status, m.status_deadline, at) AS status) now_at
  CROSS JOIN LATERAL (SELECT o.* FROM organization o WHERE o.id = m.organization_id OFFSET 0) o
  LEFT JOIN LATERAL (
    SELECT a.role_id, r.key, r.display_name, r.created_at,
      a.source = 'DIRECT' AND r.is_built_in AND r.key = 'owner' AS is_owner,
      CASE
        WHEN second.extends_role_id IS NOT NULL THEN role_permissions_in_all(a.role_id)
        ELSE r.permissions || coalesce(first.permissions, '{}') || coalesce(second.permissions, '{}') || CASE
          WHEN r.is_built_in AND r.key IN ('owner', 'admin') OR first.is_built_in AND first.key IN ('owner', 'admin')
            OR second.is_built_in AND second.key IN ('owner', 'admin')
          THEN ARRAY(SELECT DISTINCT split_part(p.name, ':', 1) || ':*' FROM permission p WHERE NOT p.is_built_in ORDER BY 1)
          ELSE '{}'
        END
      END AS permissions
    FROM (SELECT a.role_id, a.source FROM role_assignment a WHERE a.membership_id = m.id OFFSET 0) a
    CROSS JOIN LATERAL (SELECT r.* FROM role r WHERE r.id = a.role_id OFFSET 0) r
    LEFT JOIN LATERAL (SELECT r2.* FROM role r2 WHERE r2.id = r.extends_role_id OFFSET 0) first ON true
    LEFT JOIN LATERAL (SELECT r3.* FROM role r3 WHERE r3.id = first.extends_role_id OFFSET 0) second ON true
  ) held ON true
  WHERE m.user_id = person AND (organizations IS NULL OR m.organization_id = ANY(organizations))
$$;
