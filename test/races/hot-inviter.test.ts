import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(() => world?.close());

const newcomer = () => `${fresh('hot')}@example.com`;

/** Tries again when it is told to, as callers do: a slow machine makes writers wait too long. */
async function change(name: string, type: string, input: object): Promise<string | undefined> {
  const { data } = await world.ask<{ result: { __typename: string; code?: string } }>(
    `mutation ($input: ${type}Input!) { result: ${name}(input: $input) { __typename ... on Error { code } } }`,
    { input },
  );
  return data?.result.code === 'BUSY' ? change(name, type, input) : data?.result.__typename;
}

it('many invitations of one inviter, who waits, keep nobody else from writing, not even there', async () => {
  const organizations = await Promise.all(Array.from({ length: 30 }, () => found(world)));
  const ids = organizations.map((id) => encodeId('org', id));
  const waiting = async () => {
    const [row] = await world.query<{ count: number }>(
      `SELECT count(*)::int FROM pg_locks JOIN pg_database ON pg_database.oid = database
       WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`,
    );
    return row?.count ?? 0;
  };
  const holder = new pg.Client({ connectionString: world.url });
  await holder.connect();
  try {
    await holder.query('BEGIN');
    await holder.query(
      `SELECT pg_advisory_xact_lock(hashtextextended('gatehouse:inviter:' || id, 0)) FROM api_key`,
    );
    const invitations = ids.map((organizationId) =>
      change('invitationCreate', 'InvitationCreate', { organizationId, email: newcomer() }),
    );
    await expect.poll(waiting).toBe(1);

    // All but the organization whose invitation is the first one.
    const members = ids.map((id) =>
      change('membershipCreate', 'MembershipCreate', {
        organization: { id },
        user: { email: newcomer() },
      }),
    );
    let done = 0;
    for (const member of members) {
      member.then(() => {
        done += 1;
      });
    }
    let most = 0;
    const whileWaiting = async () => {
      most = Math.max(most, await waiting());
      return done;
    };
    await expect.poll(whileWaiting).toBeGreaterThanOrEqual(members.length - 1);
    expect(most, 'connections that wait').toBe(1);

    await holder.query('COMMIT');
    expect(new Set(await Promise.all(members))).toEqual(new Set(['MembershipCreatePayload']));
    expect(new Set(await Promise.all(invitations))).toEqual(new Set(['InvitationCreatePayload']));
  } finally {
    await holder.end();
  }
});
