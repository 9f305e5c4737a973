/** The data that is written in: sound by all invariants, so that what is written can be checked by them, too. */
import pg from 'pg';
import { readConfig } from '../../src/config.ts';
import { ensureFirstKey } from '../../src/domain/first-key.ts';
import { NIL_UUID } from '../../src/domain/id.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { inTransaction } from '../../src/domain/transaction.ts';
import { openStore } from '../../src/store.ts';
import { loadWorld, organizationUuid, type World } from '../world.ts';

/** Writes go to all the small tenants, or to the one that is last. */
export const PLACES = ['spread', 'one'] as const;

export type Place = (typeof PLACES)[number];

/** Uuids, in an order that has nothing to do with where they are. */
export type Targets = { organizations: string[]; memberships: string[] };

/** How many small tenants there are. */
export const TENANTS = 300;

const HOT_TENANT = organizationUuid(TENANTS);

const WORLD: World = {
  name: 'written',
  users: 35_000,
  groups: [
    { tenants: TENANTS, size: 100 },
    { tenants: 1, size: 5_000 },
  ],
};

/** More than anybody is given in a run. */
const ROLES = 200;

/** The key of a custom role of the environment, by its number. */
export function roleKey(number: number | string): string {
  return `custom-${number}`;
}

const CUSTOM_ROLES = `
  INSERT INTO role (id, scope_id, key, display_name, permissions, created_at, updated_at)
  SELECT gen_random_uuid(), '${NIL_UUID}', '${roleKey('')}' || n, 'Custom ' || n, ARRAY['report:read', 'report:write'],
    now(), now()
  FROM generate_series(0, ${ROLES - 1}) AS n`;

const EVENTS = `
  INSERT INTO event (id, organization_id, sequence, type, cause, actor_kind, membership_id, user_id, status, occurred_at)
  SELECT gen_random_uuid(), organization_id, row_number() OVER (PARTITION BY organization_id ORDER BY created_at, id),
    'MEMBERSHIP_STATUS_CHANGED', 'IMPORTED', 'SYSTEM', id, user_id, status, created_at
  FROM membership ORDER BY created_at, id`;

const SEQUENCES = `
  UPDATE organization o SET sequence = e.size
  FROM (SELECT organization_id, count(*) AS size FROM event GROUP BY 1) AS e WHERE e.organization_id = o.id`;

// Whoever is suspended is reinstated, each with an event.
const REINSTATE_ALL = `
  WITH clock AS (SELECT date_trunc('milliseconds', clock_timestamp()) AS now), back AS (
    UPDATE membership SET status = 'ACTIVE', status_changed_at = now, version = version + 1, updated_at = now
    FROM clock WHERE status = 'SUSPENDED' RETURNING id, organization_id, user_id
  ), counted AS (
    UPDATE organization o SET sequence = o.sequence + size, active_count = o.active_count + size,
      suspended_count = o.suspended_count - size
    FROM (SELECT organization_id, count(*)::int AS size FROM back GROUP BY 1) AS b
    WHERE b.organization_id = o.id RETURNING o.id, o.sequence - size AS before
  )
  INSERT INTO event (id, organization_id, sequence, type, cause, actor_kind, membership_id, user_id, previous_status,
    status, occurred_at)
  SELECT gen_random_uuid(), organization_id, before + row_number() OVER (PARTITION BY organization_id),
    'MEMBERSHIP_STATUS_CHANGED', 'REINSTATED', 'SYSTEM', back.id, user_id, 'SUSPENDED', 'ACTIVE', now
  FROM back JOIN counted ON counted.id = organization_id, clock`;

// Those who are nothing but members.
const MEMBERSHIPS = `
  SELECT id FROM membership m WHERE status = 'ACTIVE' AND (organization_id = $1) = $2 AND NOT EXISTS (
    SELECT FROM role_assignment a JOIN role r ON r.id = role_id WHERE membership_id = m.id AND r.key <> 'member')
  ORDER BY md5(id::text)`;

/** Fills the empty database at `url`, with an environment key that may do everything. */
export async function loadWrittenWorld(url: string, key: string): Promise<void> {
  await loadWorld(url, WORLD);
  const store = await openStore(readConfig({ DATABASE_URL: url }));
  await inTransaction(store.runner, { principal: SYSTEM, environment: 'exclusive' }, (tx) =>
    ensureFirstKey(tx, key),
  );
  await store.close();
  await onDatabase(url, async (client) => {
    await client.query(CUSTOM_ROLES);
    await client.query(EVENTS);
    await client.query(SEQUENCES);
    await client.query('VACUUM ANALYZE');
  });
}

/** What there is to write on, in the database at `url`. */
export async function loadTargets(url: string): Promise<Record<Place, Targets>> {
  return await onDatabase(url, async (client) => {
    const memberships = async (inHotTenant: boolean) => {
      const { rows } = await client.query<{ id: string }>(MEMBERSHIPS, [HOT_TENANT, inHotTenant]);
      return rows.map(({ id }) => id);
    };
    return {
      spread: {
        organizations: Array.from({ length: TENANTS }, (_, n) => organizationUuid(n)),
        memberships: await memberships(false),
      },
      one: { organizations: [HOT_TENANT], memberships: await memberships(true) },
    };
  });
}

/** Makes everybody who is suspended there active again, so that they can be suspended. */
export async function reinstateAll(url: string): Promise<void> {
  await onDatabase(url, (client) => client.query(REINSTATE_ALL));
}

/** Does `work` with a connection of its own. */
export async function onDatabase<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
