import pg from 'pg';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';

const KINDS = {
  organization: 1,
  user: 2,
  membership: 3,
  role: 4,
  invitation: 5,
  key: 6,
  event: 7,
} as const;

/** The uuid of the nth of a kind in the large world, from 1. */
export function idOf(kind: keyof typeof KINDS, n: number): string {
  return `01900000-0000-700${KINDS[kind]}-8000-${n.toString(16).padStart(12, '0')}`;
}

/** The same in SQL. */
function id(kind: keyof typeof KINDS, n: string): string {
  return `('01900000-0000-700${KINDS[kind]}-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
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
  bigSupport: idOf('role', 1),
  environmentSupport: idOf('role', 2),
  /** In every organization. */
  busyUser: idOf('user', 7),
  /** Of the big organization; much has happened to it. */
  busyMembership: idOf('membership', 65_536 + 11),
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
    // Row by row, triggers and sorted indexes take a minute: what the triggers would check and fill in is right as it
    // is written here, and the indexes are built again from their own definitions.
    await client.query(`SET session_replication_role = 'replica'`);
    await client.query(`SET maintenance_work_mem = '256MB'`);
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
       FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
       WHERE relnamespace = 'public'::regnamespace AND NOT indisunique`,
    );
    // Each in a transaction of its own: for as long as one lasts, whoever follows the environment of any other database
    // of the cluster is told nothing.
    for (const statement of [
      ...indexes.map(({ name }) => `DROP INDEX ${name}`),
      ...statements.split(/;\n/),
      ...indexes.map(({ definition }) => definition),
      'VACUUM (ANALYZE)',
    ]) {
      await client.query(statement);
    }
  } finally {
    await client.end();
  }
}

const NIL = `'00000000-0000-0000-0000-000000000000'::uuid`;

/** Separated by a semicolon at the end of a line. */
const statements = `
CREATE TEMP TABLE person AS
SELECT n, ${id('user', 'n')} AS id,
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
CREATE TEMP TABLE belonging AS
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
  SELECT 3 + at % 998, n, CASE WHEN at % 20 = 1 THEN 'REMOVED' ELSE 'ACTIVE' END, NULL
  FROM generate_series(0, 47999) AS at, LATERAL (VALUES (1 + at::bigint * 7919 % 48000)) AS person(n) WHERE n <> 7
  UNION ALL
  SELECT organization, 7, CASE WHEN organization % 3 = 0 THEN 'REMOVED' ELSE 'ACTIVE' END, NULL
  FROM generate_series(3, 1000) AS organization
) AS every;
ANALYZE person;
ANALYZE belonging;

INSERT INTO organization (id, display_name, slug, external_id, metadata, name_key, search_text, created_at, updated_at,
  pending_count, expired_count, active_count, suspended_count, removed_count)
SELECT ${id('organization', 'n')}, 'Company ' || n / 2, 'company-' || n, 'external-' || n,
  jsonb_build_object('plan', CASE WHEN n % 100 = 0 THEN 'gold' ELSE 'free' END),
  'company ' || n / 2, 'company ' || n / 2 || E'\\ncompany-' || n || CASE WHEN n % 200 = 3 THEN ' zebra' ELSE '' END,
  '2023-01-01T00:00:00Z'::timestamptz + n / 3 * interval '1 minute', now(),
  pending, expired, active, suspended, removed
FROM generate_series(1, 1000) AS n JOIN (
  SELECT organization, count(*) FILTER (WHERE status = 'PENDING_INVITE') AS pending,
    count(*) FILTER (WHERE status = 'INVITE_EXPIRED') AS expired, count(*) FILTER (WHERE status = 'ACTIVE') AS active,
    count(*) FILTER (WHERE status = 'SUSPENDED') AS suspended, count(*) FILTER (WHERE status = 'REMOVED') AS removed
  FROM belonging GROUP BY organization) AS counted ON organization = n;
-- The first two and every tenth are open to two domains; one member in a hundred has come by themselves, and vouches.
UPDATE organization SET email_jit_provisioning = 'RESTRICTED', allowed_domains = ARRAY['large.example', 'company-7.example']
WHERE search_text LIKE '%company-_0' OR search_text LIKE '%company-__0' OR slug IN ('company-1', 'company-2');
INSERT INTO organization_slug (slug, organization_id) SELECT slug, id FROM organization;

INSERT INTO "user" (id, email, email_verified, external_id, name, metadata, invited_only, membership_count, name_key,
  search_text, created_at, updated_at)
SELECT id, email, n % 2 = 1, 'external-' || p.n, name, jsonb_build_object('team', n % 5000), is_stranger AND n % 2 = 0, coalesce(size, 0),
  lower(coalesce(name, '')), concat_ws(E'\\n', lower(name), email), created_at, created_at
FROM person AS p LEFT JOIN (
  SELECT n, count(*) AS size FROM belonging WHERE status <> 'REMOVED' GROUP BY n) AS counted USING (n);
INSERT INTO "user" (id, email, name_key, search_text, created_at, updated_at)
SELECT ${id('user', 'n')}, 'nobody-' || n || '@nowhere.example', '', 'nobody-' || n || '@nowhere.example',
  '2024-02-01'::timestamptz + n * interval '1 minute', now()
FROM generate_series(50001, 52000) AS n;
INSERT INTO "user" (id, email, name_key, search_text, created_at, updated_at, invited_only)
SELECT ${id('user', 'n')}, 'guest-' || n || '@nowhere.example', '', 'guest-' || n || '@nowhere.example',
  '2023-02-01'::timestamptz + n * interval '1 minute', now(), true
FROM generate_series(52001, 55000) AS n;

INSERT INTO membership (id, organization_id, user_id, status, status_changed_at, status_deadline, external_id, metadata,
  untrusted_metadata, joined_at, provisioning_method, name_key, email_key, search_text, created_at, updated_at)
SELECT ${id('membership', 'organization * 65536 + n')}, ${id('organization', 'organization')}, id, status,
  created_at, deadline, 'external-' || n, CASE WHEN n % 5 = 0 THEN jsonb_build_object('team', n % 5000, 'tier', 'basic') ELSE '{}' END,
  CASE WHEN n % 5 = 0 THEN jsonb_build_object('desk', n % 2500, 'city', 'Ulm') ELSE '{}' END,
  CASE WHEN status IN ('ACTIVE', 'SUSPENDED') THEN created_at + n % 100 * interval '1 day' END,
  CASE WHEN n % 1000 = 1 THEN 'SCIM' WHEN n % 100 = 3 THEN 'JIT' ELSE 'IMPORT' END::provisioning_method,
  lower(coalesce(name, '')), email, concat_ws(E'\\n', lower(name), email), created_at, created_at
FROM belonging JOIN person USING (n);

INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
SELECT gen_random_uuid(), o.id, o.id, kind, kind, ARRAY['invoice:read'], now(), now()
FROM generate_series(1, 1000) AS n JOIN organization o ON o.id = ${id('organization', 'n')}, unnest(ARRAY['billing', 'sales']) AS kind;
INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, extends_scope_id, extends_role_id, created_at, updated_at)
VALUES
  (${id('role', '2')}, ${NIL}, NULL, 'support', 'Support', ARRAY['ticket:*'], NULL, NULL, now(), now()),
  (${id('role', '1')}, ${id('organization', '1')}, ${id('organization', '1')}, 'support', 'Our support',
    ARRAY['ticket:read'], ${NIL}, ${id('role', '2')}, now(), now());

INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind, granted_at,
  created_key, joined_key, name_key, email_key)
SELECT ${id('organization', 'organization')}, ${id('membership', 'organization * 65536 + n')}, scope, role,
  source::role_source, 'SYSTEM', now(), created_at, created_at + n % 100 * interval '1 day', lower(coalesce(name, '')), email
FROM belonging JOIN person USING (n) CROSS JOIN LATERAL (VALUES
  (${NIL}, '${BUILT_IN_ROLE_IDS.member}'::uuid, 'DEFAULT', true),
  (${NIL}, '${BUILT_IN_ROLE_IDS.member}'::uuid, 'GROUP', n % 50 = 1),
  (${NIL}, '${BUILT_IN_ROLE_IDS.admin}'::uuid, 'DIRECT', n % 100 = 1),
  (${NIL}, '${BUILT_IN_ROLE_IDS.owner}'::uuid, 'DIRECT', n IN (1, 2, 45001)),
  (${NIL}, ${id('role', '2')}, 'DIRECT', organization = 1 AND n % 20 = 2),
  (${id('organization', '1')}, ${id('role', '1')}, 'DIRECT', organization = 1 AND n % 30 = 2)
) AS held(scope, role, source, is_held) WHERE is_held AND status IN ('ACTIVE', 'SUSPENDED');

INSERT INTO invitation (id, organization_id, membership_id, email, status, inviter_kind, expires_at, accepted_at, revoked_at,
  declined_at, search_text, created_at, updated_at)
SELECT ${id('invitation', `row_number() OVER (ORDER BY id)`)}, organization_id, id, email_key, state::invitation_status, 'SYSTEM',
  coalesce(status_deadline, created_at + interval '7 days'), CASE state WHEN 'ACCEPTED' THEN now() END,
  CASE state WHEN 'REVOKED' THEN now() END, CASE state WHEN 'DECLINED' THEN now() END, search_text, created_at, now()
FROM (
  SELECT m.*, CASE m.status WHEN 'ACTIVE' THEN 'ACCEPTED' WHEN 'SUSPENDED' THEN 'ACCEPTED' WHEN 'PENDING_INVITE' THEN 'PENDING'
    WHEN 'INVITE_EXPIRED' THEN 'EXPIRED' ELSE CASE WHEN email_key < 'person-10' THEN 'DECLINED' ELSE 'REVOKED' END END AS state
  FROM membership m WHERE organization_id = ${id('organization', '1')}
    AND (status NOT IN ('ACTIVE', 'REMOVED') OR status = 'ACTIVE' AND email_key < 'person-2' OR external_id IN ('external-9', 'external-99', 'external-999', 'external-9999'))
) AS m;

INSERT INTO invitation_role (organization_id, invitation_id, role_scope_id, role_id)
SELECT organization_id, id, ${NIL}, '${BUILT_IN_ROLE_IDS.member}' FROM invitation;

INSERT INTO identity (id, user_id, issuer, subject, created_at)
SELECT gen_random_uuid(), id, 'https://issuer.example', n, now() FROM person WHERE n <= 10000;

INSERT INTO api_key (id, scope_id, organization_id, name, secret_hash, created_by_kind, created_at, permissions)
SELECT ${id('key', 'n')}, coalesce(organization, ${NIL}), organization, 'Key ' || n, sha256(('key ' || n)::bytea), 'SYSTEM',
  '2024-01-01'::timestamptz + n / 3 * interval '1 minute', ARRAY['*:*']
FROM generate_series(1, 3000) AS n, LATERAL (
  SELECT CASE WHEN n % 3 = 0 THEN NULL WHEN n % 3 = 1 THEN ${id('organization', '1')} ELSE ${id('organization', 'n % 1000 + 1')} END AS organization) AS owner;

CREATE TEMP TABLE fact AS
SELECT row_number() OVER (ORDER BY occurred_at, membership_id, step) AS n, *,
  CASE WHEN organization_id IS NOT NULL THEN row_number() OVER (PARTITION BY organization_id ORDER BY occurred_at, membership_id, step) END AS sequence
FROM (
  SELECT organization_id, id AS membership_id, user_id, 'MEMBERSHIP_STATUS_CHANGED' AS type, 'IMPORTED' AS cause, status, created_at AS occurred_at, 0 AS step
  FROM membership
  UNION ALL
  SELECT ${id('organization', '1')}, ${id('membership', '65536 + 11')}, ${id('user', '11')}, 'MEMBERSHIP_UPDATED', 'UPDATED', NULL,
    '2024-01-01T00:03:00Z'::timestamptz + step * interval '5 minutes', step
  FROM generate_series(1, 3000) AS step
  UNION ALL
  SELECT NULL, NULL, id, 'USER_CREATED', 'IMPORTED', NULL, created_at, 0 FROM "user"
) AS every;

INSERT INTO event (id, organization_id, sequence, type, cause, actor_kind, membership_id, user_id, status, occurred_at, transaction_id)
SELECT ${id('event', 'n')}, organization_id, sequence, type::event_type, cause::event_cause, 'SYSTEM', membership_id, user_id, status,
  occurred_at, (3 + n / 400)::text::xid8
FROM fact ORDER BY n;
INSERT INTO event_detail (event_id, membership_id, user_id, detail)
SELECT ${id('event', 'n')}, membership_id, user_id, '{"changes": []}' FROM fact WHERE n % 3 > 0;
UPDATE organization SET sequence = last FROM (
  SELECT organization_id, max(sequence) AS last FROM fact GROUP BY organization_id) AS numbered WHERE organization.id = organization_id;
`;
