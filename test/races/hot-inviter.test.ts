import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(() => world?.close());

const newcomer = () => `${fresh('hot')}@example.com`;

async function change(name: string, type: string, input: object): Promise<string | undefined> {
  const { data } = await world.ask<{ result: { __typename: string } }>(
    `mutation ($input: ${type}Input!) { result: ${name}(input: $input) { __typename } }`,
    { input },
  );
  return data?.result.__typename;
}

it('many invitations of one inviter, who waits, keep nobody else from writing, not even there', async () => {
  const organizations = await Promise.all(Array.from({ length: 30 }, () => found(world)));
  const ids = organizations.map((id) => encodeId('org', id));
  const waiting = async () => {
    const [row] = await world.query<{ count: number }>(
      `SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
    );
    return row?.count;
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
    await vi.waitFor(async () => expect(await waiting()).toBe(1));

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
    await vi.waitFor(() => expect(done).toBe(members.length - 1), { timeout: 2500 });
    expect(await waiting(), 'connections that wait').toBe(1);

    await holder.query('COMMIT');
    expect(new Set(await Promise.all(members))).toEqual(new Set(['MembershipCreatePayload']));
    expect(new Set(await Promise.all(invitations))).toEqual(new Set(['InvitationCreatePayload']));
  } finally {
    await holder.end();
  }
});
