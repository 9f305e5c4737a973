import { createHash } from 'node:crypto';
import pg from 'pg';

/** The uuid of the nth `noun` of the large world, from 1. */
export function idOf(
  noun: 'organization' | 'user' | 'membership' | 'role',
  n: number | string,
): string {
  const hex = createHash('md5').update(`${noun} ${n}`).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export const LARGE_WORLD = {
  organizations: 1000,
  users: 50_000,
  /** Everybody is in it, most of them ACTIVE. */
  big: idOf('organization', 1),
  /** 45,000 people have left it; 1,000 have not. */
  left: idOf('organization', 2),
  /** One of those that share the other 50,000 memberships. */
  small: idOf('organization', 777),
  /** Has the key of a role of the environment, too. */
  bigSupport: idOf('role', 'support of big'),
  environmentSupport: idOf('role', 'support'),
  /** In every organization. */
  busyUser: idOf('user', 7),
} as const;

/**
 * Fills a migrated database with 1,000 organizations, 50,000 users and 100,000 memberships, half of them in one
 * organization, and with one more organization that is made to mislead: 45,000 people have left it. Names repeat, times
 * tie, a few deadlines have passed unsettled. Takes seconds.
 */
export async function loadLargeWorld(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(statements);
    await client.query('COMMIT');
    await client.query('VACUUM (ANALYZE)');
  } finally {
    await client.end();
  }
}

const NIL = `'00000000-0000-0000-0000-000000000000'::uuid`;

const statements = `
CREATE TEMP TABLE person ON COMMIT DROP AS
SELECT n, md5('user ' || n)::uuid AS id,
  CASE WHEN n % 3 = 0 THEN 'person-' || n || '@large.example' ELSE 'person-' || n || '@company-' || n % 700 || '.example' END AS email,
  CASE
    WHEN n % 5 = 0 THEN NULL
    WHEN n % 5000 = 7 THEN 'Zebra ' || n
    WHEN n % 4 = 0 THEN (ARRAY['Ada', 'Bo', 'Cleo', 'Dov', 'Eve', 'Fay', 'Gus', 'Hal'])[1 + n / 4 % 8]
    ELSE initcap(translate(substr(md5(n::text), 1, 7), '0123456789', 'ghijklmnop')) || ' Member'
  END AS name,
  '2024-01-01T00:00:00Z'::timestamptz + n / 3 * interval '1 minute' AS created_at,
  n > 49000 AS is_stranger
FROM generate_series(1, 50000) AS n;

-- A stranger was invited, or belongs to nothing at all.
CREATE TEMP TABLE belonging ON COMMIT DROP AS
SELECT organization, n, status::membership_status, deadline FROM (
  SELECT 1 AS organization, n, CASE
    WHEN n <= 45000 AND n % 9 = 0 THEN 'REMOVED' WHEN n <= 45020 THEN 'ACTIVE'
    WHEN n <= 45026 OR n BETWEEN 45040 AND 45060 THEN 'SUSPENDED' WHEN n <= 46000 THEN 'INVITE_EXPIRED' WHEN n <= 48000 THEN 'ACTIVE'
    ELSE 'PENDING_INVITE' END AS status,
    CASE WHEN n BETWEEN 45040 AND 45060 OR n BETWEEN 48000 AND 48020 THEN now() - interval '1 hour' WHEN n = 45024 OR n > 48020 THEN now() + interval '1 week' END AS deadline
  FROM generate_series(1, 50000) AS n WHERE n <> 48000
  UNION ALL
  SELECT 2, n, CASE WHEN n <= 45000 THEN 'REMOVED' WHEN n <= 45990 THEN 'ACTIVE' WHEN n <= 45993 THEN 'SUSPENDED' ELSE 'PENDING_INVITE' END,
    CASE WHEN n > 45993 THEN now() + interval '1 week' END
  FROM generate_series(1, 46000) AS n
  UNION ALL
  SELECT 3 + n % 998, 1 + n::bigint * 7919 % 48000,
    CASE WHEN n % 20 = 1 THEN 'REMOVED' ELSE 'ACTIVE' END, NULL
  FROM generate_series(0, 47999) AS n
  UNION ALL
  SELECT organization, 7, CASE WHEN organization % 3 = 0 THEN 'REMOVED' ELSE 'ACTIVE' END, NULL
  FROM generate_series(3, 1000) AS organization
) AS every WHERE organization < 3 OR n <> 7 OR organization IS NOT NULL;
DELETE FROM belonging a USING belonging b
WHERE a.ctid > b.ctid AND a.organization = b.organization AND a.n = b.n AND a.n = 7;

INSERT INTO organization (id, display_name, slug, external_id, metadata, name_key, search_text, created_at, updated_at,
  pending_count, expired_count, active_count, suspended_count, removed_count)
SELECT md5('organization ' || n)::uuid, 'Company ' || n / 2, 'company-' || n, 'external-' || n,
  jsonb_build_object('plan', CASE WHEN n % 100 = 0 THEN 'gold' ELSE 'free' END),
  'company ' || n / 2, 'company ' || n / 2 || E'\\ncompany-' || n || CASE WHEN n % 200 = 3 THEN ' zebra' ELSE '' END,
  '2023-01-01T00:00:00Z'::timestamptz + n / 3 * interval '1 minute', now(),
  pending, expired, active, suspended, removed
FROM generate_series(1, 1000) AS n JOIN (
  SELECT organization, count(*) FILTER (WHERE status = 'PENDING_INVITE') AS pending,
    count(*) FILTER (WHERE status = 'INVITE_EXPIRED') AS expired, count(*) FILTER (WHERE status = 'ACTIVE') AS active,
    count(*) FILTER (WHERE status = 'SUSPENDED') AS suspended, count(*) FILTER (WHERE status = 'REMOVED') AS removed
  FROM belonging GROUP BY organization) AS counted ON organization = n;
INSERT INTO organization_slug (slug, organization_id) SELECT slug, id FROM organization;

INSERT INTO "user" (id, email, external_id, name, metadata, invited_only, membership_count, name_key, search_text,
  created_at, updated_at)
SELECT id, email, 'external-' || p.n, name, jsonb_build_object('team', n % 5000), is_stranger AND n % 2 = 0, coalesce(size, 0),
  lower(coalesce(name, '')), concat_ws(E'\\n', lower(name), email), created_at, created_at
FROM person AS p LEFT JOIN (
  SELECT n, count(*) AS size FROM belonging WHERE status <> 'REMOVED' GROUP BY n) AS counted USING (n);
INSERT INTO "user" (id, email, name_key, search_text, created_at, updated_at)
SELECT md5('user ' || n)::uuid, 'nobody-' || n || '@nowhere.example', '', 'nobody-' || n || '@nowhere.example',
  '2024-02-01'::timestamptz + n * interval '1 minute', now()
FROM generate_series(50001, 52000) AS n;
INSERT INTO "user" (id, email, name_key, search_text, created_at, updated_at, invited_only)
SELECT md5('user ' || n)::uuid, 'guest-' || n || '@nowhere.example', '', 'guest-' || n || '@nowhere.example',
  '2023-02-01'::timestamptz + n * interval '1 minute', now(), true
FROM generate_series(52001, 55000) AS n;

INSERT INTO membership (id, organization_id, user_id, status, status_changed_at, status_deadline, external_id, metadata,
  untrusted_metadata, joined_at, provisioning_method, name_key, email_key, search_text, created_at, updated_at)
SELECT md5('membership ' || organization || ' ' || n)::uuid, md5('organization ' || organization)::uuid, id, status,
  created_at, deadline, 'external-' || n, jsonb_build_object('team', n % 5000, 'tier', 'basic'),
  jsonb_build_object('desk', n % 2500, 'city', 'Ulm'),
  CASE WHEN status IN ('ACTIVE', 'SUSPENDED') THEN created_at + n % 100 * interval '1 day' END,
  CASE WHEN n % 1000 = 1 THEN 'SCIM' ELSE 'IMPORT' END::provisioning_method,
  lower(coalesce(name, '')), email, concat_ws(E'\\n', lower(name), email), created_at, created_at
FROM belonging JOIN person USING (n);

INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
SELECT md5('role ' || kind || ' of ' || n)::uuid, o.id, o.id, kind, kind, ARRAY['invoice:read'], now(), now()
FROM generate_series(1, 1000) AS n JOIN organization o ON o.id = md5('organization ' || n)::uuid, unnest(ARRAY['billing', 'sales']) AS kind;
INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, extends_scope_id, extends_role_id, created_at, updated_at)
VALUES
  (md5('role support')::uuid, ${NIL}, NULL, 'support', 'Support', ARRAY['ticket:*'], NULL, NULL, now(), now()),
  (md5('role support of big')::uuid, md5('organization 1')::uuid, md5('organization 1')::uuid, 'support', 'Our support',
    ARRAY['ticket:read'], ${NIL}, md5('role support')::uuid, now(), now());

INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind, granted_at)
SELECT md5('organization ' || organization)::uuid, md5('membership ' || organization || ' ' || n)::uuid, scope, role,
  source::role_source, 'SYSTEM', now()
FROM belonging CROSS JOIN LATERAL (VALUES
  (${NIL}, '00000000-0000-7000-8000-000000000003'::uuid, 'DEFAULT', true),
  (${NIL}, '00000000-0000-7000-8000-000000000003'::uuid, 'GROUP', n % 50 = 1),
  (${NIL}, '00000000-0000-7000-8000-000000000002'::uuid, 'DIRECT', n % 100 = 1),
  (${NIL}, '00000000-0000-7000-8000-000000000001'::uuid, 'DIRECT', n IN (1, 2, 45001)),
  (${NIL}, md5('role support')::uuid, 'DIRECT', organization = 1 AND n % 20 = 2),
  (md5('organization 1')::uuid, md5('role support of big')::uuid, 'DIRECT', organization = 1 AND n % 30 = 2)
) AS held(scope, role, source, is_held) WHERE is_held AND status IN ('ACTIVE', 'SUSPENDED');

INSERT INTO invitation (id, organization_id, membership_id, email, status, inviter_kind, expires_at, accepted_at, revoked_at,
  declined_at, search_text, created_at, updated_at)
SELECT gen_random_uuid(), organization_id, id, email_key, state::invitation_status, 'SYSTEM',
  coalesce(status_deadline, created_at + interval '7 days'), CASE state WHEN 'ACCEPTED' THEN now() END,
  CASE state WHEN 'REVOKED' THEN now() END, CASE state WHEN 'DECLINED' THEN now() END, search_text, created_at, now()
FROM (
  SELECT m.*, CASE m.status WHEN 'ACTIVE' THEN 'ACCEPTED' WHEN 'SUSPENDED' THEN 'ACCEPTED' WHEN 'PENDING_INVITE' THEN 'PENDING'
    WHEN 'INVITE_EXPIRED' THEN 'EXPIRED' ELSE CASE WHEN email_key < 'person-10' THEN 'DECLINED' ELSE 'REVOKED' END END AS state
  FROM membership m WHERE organization_id = md5('organization 1')::uuid
    AND (status <> 'REMOVED' OR external_id IN ('external-9', 'external-99', 'external-999', 'external-9999'))
) AS m;

INSERT INTO api_key (id, scope_id, organization_id, name, secret_hash, created_by_kind, created_at, permissions)
SELECT gen_random_uuid(), coalesce(organization, ${NIL}), organization, 'Key ' || n, sha256(('key ' || n)::bytea), 'SYSTEM',
  '2024-01-01'::timestamptz + n / 3 * interval '1 minute', ARRAY['*:*']
FROM generate_series(1, 3000) AS n, LATERAL (
  SELECT CASE WHEN n % 3 = 0 THEN NULL WHEN n % 3 = 1 THEN md5('organization 1')::uuid ELSE md5('organization ' || n % 1000 + 1)::uuid END AS organization) AS owner;
`;
