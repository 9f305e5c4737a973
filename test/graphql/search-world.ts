/** Organizations with more members than are looked at for one page of a search, and hits at every place where they matter. */
import pg from 'pg';
import { NIL_UUID } from '../../src/domain/id.ts';
import { found } from '../domain/world.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { holdLock } from '../support/writer.ts';

export const MEMBERS = 660;

const ODD_ONES_OUT = 60;

/**
 * Words, and whose addresses hold them. Members count from 1 in the order of every list. For a page, thirty times as many
 * rows are walked, and one more row than the page has: the thirtieth row of each thirty is the last one that is reached.
 */
export const WORDS: Record<string, (n: number) => boolean> = {
  often: (n) => n % 5 === 0,
  before: (n) => n % 29 === 0,
  exact: (n) => n % 30 === 0,
  exactbackwards: (n) => n % 30 === 1,
  behind: (n) => n % 31 === 0,
  seldom: (n) => n % 150 === 0,
  clumped: (n) => n > 400 && n <= 460,
  promising: (n) => n < 4 || n > 600,
  single: (n) => n === 500,
  unknown: () => false,
};

export type SearchWorld = TestGateway & { one: string; two: string };

/** A gateway with an organization (a uuid) of so many members, and another one of fewer; some are overdue and stay so. */
export async function createSearchWorld(): Promise<SearchWorld> {
  const database = await createDatabase();
  const one = await found(database);
  const two = await found(database);
  await insertMembers(database, [
    ...Array.from({ length: MEMBERS }, (_, at) => memberRow(one, at + 1)),
    ...Array.from({ length: ODD_ONES_OUT }, (_, at) => removedRow(one, at + 1)),
    ...Array.from({ length: 130 }, (_, at) => memberRow(two, at + 1001)),
  ]);
  await assignRoles(database, one);
  const { leave } = await holdLock(database.url, one);
  const gateway = await createGateway({}, database);
  return {
    ...gateway,
    one,
    two,
    async close() {
      await leave();
      await gateway.close();
    },
  };
}

type Row = ReturnType<typeof memberRow>;

function memberRow(organizationId: string, n: number) {
  const words = Object.keys(WORDS).filter((word) => WORDS[word]?.(n));
  const group = Math.floor(n / 4);
  return {
    ...place(n, organizationId),
    name: `Group ${padded(group)} ${group % 2 ? 'Uneven' : 'Smooth'}`,
    email: [padded(n), ...words, 'x@example.com'].join('.'),
    status: statusOf(n),
    deadline: isOverdue(n) ? new Date(Date.now() - 60_000) : null,
    joined_at: hasJoined(n) ? minute(Math.floor(n / 3)) : null,
    created_at: minute(Math.floor(n / 2)),
    provisioning_method: n % 4 === 0 ? 'SCIM' : 'IMPORT',
    metadata: n % 3 === 0 ? { plan: 'gold' } : {},
  };
}

const hasJoined = (n: number) => n < 500 || n > 1000;

const isOverdue = (n: number) => n % 33 === 0;

function statusOf(n: number): string {
  if (isOverdue(n)) {
    return hasJoined(n) && n % 2 ? 'SUSPENDED' : 'PENDING_INVITE';
  }
  if (!hasJoined(n)) {
    return 'INVITE_EXPIRED';
  }
  return n % 7 === 0 ? 'SUSPENDED' : 'ACTIVE';
}

/** Stands between the others, and would be found by every word. */
function removedRow(organizationId: string, n: number): Row {
  const behind = memberRow(organizationId, n * 11);
  const words = Object.keys(WORDS).join('.');
  const email = `${padded(n * 11)}.y.${words}@example.com`;
  return {
    ...behind,
    ...place(5000 + n, organizationId),
    email,
    status: 'REMOVED',
    deadline: null,
  };
}

function place(n: number, organizationId: string) {
  const id = (kind: number) => `01900000-0000-700${kind}-8000-${String(n).padStart(12, '0')}`;
  return { id: id(3), user_id: id(2), organization_id: organizationId };
}

function padded(n: number): string {
  return String(n).padStart(4, '0');
}

function minute(n: number): Date {
  return new Date(Date.UTC(2025, 0, 1) + n * 60_000);
}

/** Past the triggers, which know only the time that it is. */
async function insertMembers(world: TestDatabase, rows: Row[]): Promise<void> {
  const client = new pg.Client({ connectionString: world.url });
  await client.connect();
  await client.query(`SET session_replication_role = 'replica'`);
  await client.query(INSERT, [JSON.stringify(rows)]);
  await client.end();
}

const INSERT = `
WITH given AS (
  SELECT *, lower(name) AS name_key, lower(name) || E'\\n' || email AS search_text
  FROM json_to_recordset($1) AS given(id uuid, user_id uuid, organization_id uuid, name text, email text, status membership_status,
    deadline timestamptz, joined_at timestamptz, created_at timestamptz, provisioning_method provisioning_method, metadata jsonb)
), users AS (
  INSERT INTO "user" (id, email, name, name_key, search_text, created_at, updated_at)
  SELECT user_id, email, name, name_key, search_text, created_at, created_at FROM given
)
INSERT INTO membership (id, organization_id, user_id, status, status_changed_at, status_deadline, joined_at, provisioning_method,
  metadata, untrusted_metadata, name_key, email_key, search_text, created_at, updated_at)
SELECT id, organization_id, user_id, status, created_at, deadline, joined_at, provisioning_method,
  metadata, metadata, name_key, email, search_text, created_at, created_at FROM given`;

/** Two roles of one key, which many hold both of, and from two sources. */
async function assignRoles(world: TestDatabase, organizationId: string): Promise<void> {
  await world.query(
    `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
     VALUES (gen_random_uuid(), $1, NULL, 'support', 'Support', '{}', now(), now()),
       (gen_random_uuid(), $2, $2, 'support', 'Support of one', '{}', now(), now())`,
    [NIL_UUID, organizationId],
  );
  await world.query(
    `INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind, granted_at)
     SELECT m.organization_id, m.id, r.scope_id, r.id, source::role_source, 'SYSTEM', now()
     FROM (SELECT *, row_number() OVER (ORDER BY email_key) AS n FROM membership WHERE organization_id = $1) AS m
     JOIN role r ON r.key = 'support', unnest(ARRAY['GROUP', 'SSO_CONNECTION']) AS source
     WHERE m.status IN ('ACTIVE', 'SUSPENDED') AND CASE WHEN r.organization_id IS NULL THEN m.n % 3 < 2 ELSE m.n % 4 > 0 END`,
    [organizationId],
  );
}
