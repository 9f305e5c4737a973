-- CreateTable
CREATE TABLE "retired_identity" (
    "account_hash" BYTEA NOT NULL,
    "retired_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "retired_identity_pkey" PRIMARY KEY ("account_hash")
);

-- CreateIndex
CREATE INDEX "retired_identity_retired_at_idx" ON "retired_identity"("retired_at");

-- By hand: what schema.prisma cannot express.
ALTER TABLE "retired_identity"
  ADD CONSTRAINT "retired_identity_hash_check" CHECK (octet_length("account_hash") = 32);

-- What a role gives, inherited permissions included. Owners and admins hold everything of the application, too.
CREATE FUNCTION "role_permissions"("role" uuid)
RETURNS TABLE ("permission" text) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  WITH RECURSIVE chain(permissions, extends_role_id, holds_application) AS (
    SELECT r.permissions, r.extends_role_id, r.is_built_in AND r.key IN ('owner', 'admin')
    FROM role r WHERE r.id = role
    UNION
    SELECT r.permissions, r.extends_role_id, r.is_built_in AND r.key IN ('owner', 'admin')
    FROM chain c JOIN role r ON r.id = c.extends_role_id
  )
  SELECT unnest(c.permissions) FROM chain c
  UNION
  SELECT a.name FROM chain c CROSS JOIN LATERAL (
    SELECT split_part(p.name, ':', 1) || ':*' AS name FROM permission p
    WHERE c.holds_application AND NOT p.is_built_in OFFSET 0
  ) a
$$;

-- What a person holds in each of these organizations (null: in all) at that time, and what the policy there asks of a
-- sign-in. Whoever is not ACTIVE holds nothing.
CREATE FUNCTION "membership_rights"("person" uuid, "at" timestamptz, "organizations" uuid[])
RETURNS TABLE (
  "organizationId" uuid, "membershipId" uuid, "status" text, "isOwner" boolean, "isBreakglass" boolean,
  "identityProvider" text, "permissions" text[], "allowedAuthMethods" text[], "needsMultiFactor" boolean
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  WITH held AS MATERIALIZED (
    SELECT m.*, membership_status_at(m.status, m.status_deadline, at) AS status_now FROM membership m
    WHERE m.user_id = person AND (organizations IS NULL OR m.organization_id = ANY(organizations))
  ), assigned AS MATERIALIZED (
    SELECT a.membership_id, a.role_id, a.source FROM held h JOIN role_assignment a ON a.membership_id = h.id
    WHERE h.status_now = 'ACTIVE'
  ), given AS MATERIALIZED (
    SELECT d.role_id, p.permission FROM (SELECT DISTINCT role_id FROM assigned) d
    CROSS JOIN LATERAL role_permissions(d.role_id) p
  )
  SELECT h.organization_id, h.id, h.status_now::text,
    EXISTS (
      SELECT FROM assigned a JOIN role r ON r.id = a.role_id
      WHERE a.membership_id = h.id AND a.source = 'DIRECT' AND r.is_built_in AND r.key = 'owner'
    ),
    h.is_breakglass, h.primary_identity_provider,
    ARRAY(
      SELECT DISTINCT g.permission FROM assigned a JOIN given g ON g.role_id = a.role_id
      WHERE a.membership_id = h.id ORDER BY g.permission
    ),
    CASE WHEN o.auth_methods = 'RESTRICTED' THEN o.allowed_auth_methods::text[] END, o.mfa_policy = 'REQUIRED'
  FROM held h JOIN organization o ON o.id = h.organization_id
$$;

-- Which organizations have opened themselves to a domain; and who has come into one by themselves, by the domain of the
-- address.
CREATE INDEX "organization_open_domains_idx" ON "organization" USING gin ("allowed_domains") WHERE "email_jit_provisioning" = 'RESTRICTED';
CREATE INDEX "membership_entered_domain_idx" ON "membership" ("organization_id", split_part("email_key", '@', 2))
  WHERE "status" IN ('ACTIVE', 'SUSPENDED') AND "provisioning_method" IN ('CREATOR', 'INVITATION', 'JIT');

-- The organizations that a person may join at that time by the domain of their verified address. A domain counts only
-- where a member of it has come by themselves, with a verified address: else an organization could claim the domains of
-- others. OFFSET 0 keeps the planner from looking at all members of all organizations at once.
CREATE FUNCTION "organizations_open_to"("person" uuid, "at" timestamptz)
RETURNS TABLE ("id" uuid) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT o.id FROM "user" p JOIN organization o ON o.allowed_domains @> ARRAY[split_part(p.email, '@', 2)]
  WHERE p.id = person AND p.email_verified AND o.email_jit_provisioning = 'RESTRICTED' AND EXISTS (
    SELECT FROM membership m JOIN "user" u ON u.id = m.user_id
    WHERE m.organization_id = o.id AND split_part(m.email_key, '@', 2) = split_part(p.email, '@', 2)
      AND m.status IN ('ACTIVE', 'SUSPENDED') AND m.provisioning_method IN ('CREATOR', 'INVITATION', 'JIT')
      AND membership_status_at(m.status, m.status_deadline, at) = 'ACTIVE'
      AND (u.email_verified OR m.email_verified AND (SELECT identity_model FROM environment) = 'ISOLATED')
    OFFSET 0)
$$;
