import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh, join } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(() => world?.close());

const CREATE = `mutation ($input: MembershipCreateInput!) {
  membershipCreate(input: $input) { __typename ... on Error { code } }
}`;

/** Tries again when it is told to, as callers do: a slow machine makes writers wait too long. */
async function add(organizationId: string): Promise<string | undefined> {
  const { data } = await world.ask<{ membershipCreate: { __typename: string; code?: string } }>(
    CREATE,
    {
      input: {
        organization: { id: encodeId('org', organizationId) },
        user: { email: `${fresh('hot')}@example.com` },
      },
    },
  );
  const { code, __typename } = data?.membershipCreate ?? {};
  return code === 'BUSY' ? add(organizationId) : __typename;
}

it('fifty writers that wait for one organization keep nobody else from reading or writing', async () => {
  const hot = await found(world);
  const other = await found(world);
  await join(world, hot);
  /** How many connections wait for a lock: those in line behind the first wait without one. */
  const waiting = async () => {
    const [row] = await world.query<{ count: number }>(
      `SELECT count(*)::int FROM pg_locks JOIN pg_database ON pg_database.oid = database
       WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`,
    );
    return row?.count;
  };
  const holder = new pg.Client({ connectionString: world.url });
  await holder.connect();
  try {
    await holder.query('BEGIN');
    await holder.query(
      `SELECT pg_advisory_xact_lock(hashtextextended('gatehouse:organization:' || $1, 0))`,
      [hot],
    );
    const writers = Array.from({ length: 50 }, () => add(hot));
    await expect.poll(waiting).toBe(1);

    const lists = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        world.ask<{ organization: { memberships: { totalCount: number } } }>(
          'query ($id: ID!) { organization(by: { id: $id }) { memberships { totalCount } } }',
          { id: encodeId('org', index % 2 ? hot : other) },
        ),
      ),
    );
    expect(lists.map(({ data }) => data?.organization.memberships.totalCount)).toEqual(
      lists.map((_, index) => index % 2),
    );
    const others = await Promise.all(Array.from({ length: 3 }, () => add(other)));
    expect(others).toEqual(others.map(() => 'MembershipCreatePayload'));
    expect(await waiting(), 'connections that wait').toBeLessThanOrEqual(1);

    await holder.query('COMMIT');
    expect(new Set(await Promise.all(writers))).toEqual(new Set(['MembershipCreatePayload']));
  } finally {
    await holder.end();
  }
});
