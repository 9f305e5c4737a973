import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { hasPooler, type Pooler, startPooler } from '../support/pooler.ts';
import { soon } from './feed-world.ts';
import { eventsOf, type Stream, transports } from './listener.ts';

const KEY = `ghk_${'p'.repeat(43)}`;
const MEMBERS = 12;

let open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.reverse()) {
    await one.close();
  }
  open = [];
});

async function behindPooler(
  direct: boolean,
): Promise<{ gateways: TestGateway[]; database: TestDatabase; pooler: Pooler }> {
  const database = await createDatabase();
  open.push(database);
  const pooler = await startPooler(database.url);
  open.push(pooler);
  const gateways: TestGateway[] = [];
  for (let n = 0; n < 2; n += 1) {
    const settings = {
      GATEHOUSE_PREPARED_STATEMENTS: 'off',
      GATEHOUSE_API_KEY: KEY,
      ...(direct && { GATEHOUSE_DIRECT_DATABASE_URL: database.url }),
    };
    // The database is closed once, at the end.
    const given = { ...database, url: pooler.url, close: async () => {} };
    const gateway = await createGateway(settings, given);
    gateways.push({ ...gateway, key: KEY });
    open.push(gateway);
  }
  return { gateways, database, pooler };
}

type Made = { made: { organization: { id: string } } };
type Listed = {
  organization: {
    memberships: { totalCount: number };
    events: { nodes: { sequence: number; cursor: string }[] };
  };
};

describe.runIf(hasPooler())('behind PgBouncer in transaction mode', () => {
  it.each([
    ['with a direct connection beside it', true],
    ['alone', false],
  ])('writes, lists and follows across two processes, %s', async (_name, direct) => {
    const { gateways } = await behindPooler(direct);
    const ask = <Data>(n: number, text: string) => {
      const gateway = gateways[n % gateways.length];
      return gateway?.ask<Data>(text, undefined, KEY) ?? Promise.reject(new Error('No gateway.'));
    };
    let members = 0;
    const add = async (n: number, name: string) => {
      const { data: added } = await ask<{ m: { __typename: string } }>(
        n,
        `mutation { m: membershipCreate(input: { organization: { id: "${organizationId}" }, user: { email: "${name}@example.com" } }) { __typename } }`,
      );
      expect(added?.m.__typename).toBe('MembershipCreatePayload');
      members += 1;
    };
    const { data } = await ask<Made>(
      0,
      'mutation { made: organizationCreate(input: { displayName: "Pooled" }) { ... on OrganizationCreatePayload { organization { id } } } }',
    );
    const organizationId = data?.made.organization.id ?? '';
    const streams: Stream[] = gateways.flatMap(({ gateway }) =>
      Object.values(transports).flatMap((listen) =>
        [{ organizationId }, {}].map((input) => listen(gateway.localUrl, KEY, eventsOf(input))),
      ),
    );
    open.push({ close: () => streams.map((stream) => stream.close()) });
    // Each has begun when it tells of what happens.
    await vi.waitFor(
      async () => {
        await add(0, `first${Math.random()}`);
        expect(streams.map((stream) => stream.events().length > 0)).not.toContain(false);
      },
      { timeout: 40_000, interval: 300 },
    );
    await Promise.all(Array.from({ length: MEMBERS }, (_, n) => add(n, `p${n}`)));
    const listed = await Promise.all(
      gateways.map((_, n) =>
        ask<Listed>(
          n,
          `{ organization(by: { id: "${organizationId}" }) { memberships { totalCount } events(last: 100) { nodes { sequence cursor } } } }`,
        ),
      ),
    );
    for (const { data: seen } of listed) {
      expect(seen?.organization.memberships.totalCount).toBe(members);
    }
    const last = listed[0]?.data?.organization.events.nodes.map(({ sequence }) => sequence) ?? [];
    const newest = Math.max(...last);
    await soon(() => {
      for (const stream of streams) {
        expect(stream.events().at(-1)?.sequence).toBe(newest);
      }
    });
    for (const stream of streams) {
      // The stream of the environment has the new people, too.
      const told = stream.events().flatMap(({ sequence }) => sequence ?? []);
      const first = told[0] ?? 0;
      expect(told).toEqual(told.map((_, n) => first + n));
      expect(stream.error()).toBeUndefined();
    }
  });
});
