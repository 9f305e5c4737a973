/** The data that is asked for: generated in PostgreSQL, the same in every run. */
import pg from 'pg';
import { readConfig } from '../src/config.ts';
import { openStore } from '../src/store.ts';
import { WITHOUT_TRIGGERS } from './without-triggers.ts';

/** Tenants of one size; their members are the users from `firstUser` on, and, where these end, those from 0 on. */
export type Group = { tenants: number; size: number; firstUser?: number };

export type World = {
  name: string;
  users: number;
  groups: Group[];
  /** Where the members first signed in; left out: they never did. */
  identityProvider?: string;
  /** What else is there, written after the memberships and their roles. */
  more?: (client: pg.Client) => Promise<void>;
};

/** The uuid of the `n`th organization of a world, from 0; those of the first group come first. */
export function organizationUuid(n: number): string {
  return uuidOf('1', n);
}

/** The uuid of the `n`th user of a world, from 0. */
export function userUuid(n: number): string {
  return uuidOf('2', n);
}

/** The uuid of the `n`th membership of a world, from 0. */
export function membershipUuid(n: number): string {
  return uuidOf('3', n);
}

function uuidOf(kind: string, n: number): string {
  return `01900000-0000-7000-8000-${kind}${n.toString(16).padStart(11, '0')}`;
}

/** The same in SQL, of an expression that is a number. */
export const uuidSql = (kind: string, n: string) =>
  `('01900000-0000-7000-8000-${kind}' || lpad(to_hex(${n}), 11, '0'))::uuid`;

const NAMES = `(ARRAY['Ada','Grace','Edsger','Barbara','Donald','Radia','Leslie','Frances','Ken','Adele'])[1 + u.n % 10]
  || ' ' || (ARRAY['Lovelace','Hopper','Dijkstra','Liskov','Knuth','Perlman','Lamport','Allen','Thompson','Goldberg','Turing'])[1 + u.n % 11]
  || ' ' || u.n`;

export const USERS = `
  INSERT INTO "user" (id, email, email_verified, name, name_key, search_text, created_at, updated_at)
  SELECT ${uuidSql('2', 'u.n')}, 'person.' || u.n || '@example.com', true, name, lower(name),
    lower(name) || E'\\nperson.' || u.n || '@example.com', at, at
  FROM (SELECT n, timestamptz '2025-01-01' + n * interval '1 minute' AS at FROM generate_series($1::int, $1 + $2 - 1) AS n) AS u,
    LATERAL (SELECT ${NAMES} AS name) AS named`;

export const ORGANIZATIONS = `
  WITH slugs AS (
    INSERT INTO organization_slug (slug, organization_id)
    SELECT 'tenant-' || n, ${uuidSql('1', 'n')} FROM generate_series($1::int, $1 + $2 - 1) AS n)
  INSERT INTO organization (id, display_name, slug, name_key, search_text, created_at, updated_at)
  SELECT ${uuidSql('1', 'n')}, 'Tenant ' || n, 'tenant-' || n, 'tenant ' || n, 'tenant ' || n || E'\\ntenant-' || n, at, at
  FROM generate_series($1::int, $1 + $2 - 1) AS n, LATERAL (SELECT timestamptz '2025-01-01' + n * interval '1 hour' AS at) AS made`;

// One member of every tenant after the other, as they would come in over time, so that the rows of a tenant lie
// scattered. A second round through the users meets them in other tenants. Of fifty members one is suspended and one
// was removed.
const MEMBERSHIPS = `
  INSERT INTO membership (id, organization_id, user_id, status, status_changed_at, joined_at, provisioning_method,
    primary_identity_provider, name_key, email_key, search_text, created_at, updated_at)
  SELECT ${uuidSql('3', '$4 + slot * $2 + tenant')}, ${uuidSql('1', '$1 + (tenant + slot * $2 / $5 * 13) % $2')}, u.id,
    (CASE slot % 50 WHEN 7 THEN 'SUSPENDED' WHEN 13 THEN 'REMOVED' ELSE 'ACTIVE' END)::membership_status,
    at, at, 'ADDED', $7, u.name_key, u.email, u.search_text, at, at
  FROM generate_series(0, $3::int - 1) AS slot, generate_series(0, $2::int - 1) AS tenant,
    LATERAL (SELECT timestamptz '2025-02-01' + (slot * $2 + tenant) * interval '1 second' AS at) AS joined,
    LATERAL (SELECT * FROM "user" WHERE id = ${uuidSql('2', '($6::int + slot * $2 + tenant) % $5')}) AS u
  ORDER BY slot, tenant`;

const ROLES = `
  INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind, granted_at,
    created_key, joined_key, name_key, email_key)
  SELECT m.organization_id, m.id, r.scope_id, r.id, 'DIRECT', 'SYSTEM', m.created_at,
    m.created_at, m.joined_at, m.name_key, m.email_key
  FROM (SELECT *, row_number() OVER (PARTITION BY organization_id ORDER BY created_at) AS place FROM membership) AS m
  JOIN role r ON r.is_built_in
    AND (r.key = 'owner' AND place = 1 OR r.key = 'member' AND place > 1 OR r.key = 'admin' AND place % 20 = 0)
  WHERE m.status <> 'REMOVED' ORDER BY m.created_at`;

const COUNTS = [
  `UPDATE organization o SET active_count = c.active, suspended_count = c.suspended, removed_count = c.removed
   FROM (SELECT organization_id, count(*) FILTER (WHERE status = 'ACTIVE') AS active,
     count(*) FILTER (WHERE status = 'SUSPENDED') AS suspended, count(*) FILTER (WHERE status = 'REMOVED') AS removed
     FROM membership GROUP BY 1) AS c WHERE c.organization_id = o.id`,
  `UPDATE "user" u SET membership_count = c.size
   FROM (SELECT user_id, count(*) AS size FROM membership WHERE status <> 'REMOVED' GROUP BY 1) AS c WHERE c.user_id = u.id`,
];

// Indexes are made afterwards, at a fifth of what it costs to keep them up to date row by row; first those that take
// longest. What keys refer to has to stay.
const INDEXES = `
  SELECT format('DROP INDEX %s', indexrelid::regclass) AS drop, pg_get_indexdef(indexrelid) AS create
  FROM pg_index WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    AND indrelid IN ('"user"'::regclass, 'identity'::regclass, 'membership'::regclass, 'role_assignment'::regclass,
      'event'::regclass, 'event_detail'::regclass)
  ORDER BY pg_get_indexdef(indexrelid) LIKE '% USING gin %' DESC, indexrelid DESC`;

const BUILDERS = 2;

/** Each builder takes the next one as soon as it is done. */
async function createIndexes(url: string, statements: string[]): Promise<void> {
  const next = statements.values();
  const build = async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      for (const statement of next) {
        await client.query(statement);
      }
    } finally {
      await client.end();
    }
  };
  await Promise.all(Array.from({ length: BUILDERS }, build));
}

/** Fills the empty database at `url`: the schema with its built-in rows, then the world; statistics are up to date. */
export async function loadWorld(url: string, world: World): Promise<void> {
  const store = await openStore(readConfig({ DATABASE_URL: url }));
  await store.close();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(WITHOUT_TRIGGERS);
    const { rows: indexes } = await client.query<{ drop: string; create: string }>(INDEXES);
    for (const index of indexes) {
      await client.query(index.drop);
    }
    await client.query(USERS, [0, world.users]);
    const provider = world.identityProvider ?? null;
    let firstTenant = 0;
    let firstMembership = 0;
    for (const { tenants, size, firstUser = 0 } of world.groups) {
      await client.query(ORGANIZATIONS, [firstTenant, tenants]);
      const where = [firstTenant, tenants, size, firstMembership, world.users, firstUser, provider];
      await client.query(MEMBERSHIPS, where);
      firstTenant += tenants;
      firstMembership += tenants * size;
    }
    await client.query(ROLES);
    await world.more?.(client);
    for (const statement of COUNTS) {
      await client.query(statement);
    }
    // Checks that are still to come stand in the way of changing a table.
    await client.query('SET CONSTRAINTS ALL IMMEDIATE');
    await client.query('COMMIT');
    await createIndexes(
      url,
      indexes.map((index) => index.create),
    );
    await client.query('VACUUM ANALYZE');
  } finally {
    await client.end();
  }
}
