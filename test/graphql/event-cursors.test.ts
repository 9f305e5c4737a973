import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { suspendMembers } from '../../src/domain/membership.ts';
import { act, found, join } from '../domain/world.ts';
import { type Answer, createGateway, type TestGateway } from '../support/gateway.ts';
import { expectInvalid } from './argument-world.ts';
import { settled, writeEvent } from './event-world.ts';

type Edge = { cursor: string; node: { id: string; cursor: string } };

const LISTS = ['environment', 'organization', 'membership'] as const;

type List = (typeof LISTS)[number];

let world: TestGateway;
let ids: Record<'organization' | 'membership', string>;
let organizationId: string;
let otherCursor: string;
let environmentCursor: string;

beforeAll(async () => {
  world = await createGateway();
  organizationId = await found(world);
  const { membershipId } = await join(world, organizationId);
  ids = {
    organization: encodeId('org', organizationId),
    membership: encodeId('mbr', membershipId),
  };
  await act(world, [organizationId], (tx) => suspendMembers(tx, [{ membershipId }]));
  for (let n = 0; n < 8; n += 1) {
    await writeEvent(world, { type: 'MEMBERSHIP_UPDATED', organizationId, membershipId });
    await writeEvent(world, { type: 'ENVIRONMENT_UPDATED' });
    await writeEvent(world, { type: 'ORGANIZATION_UPDATED', organizationId });
  }
  const other = await found(world);
  const cursors = [
    await writeEvent(world, { type: 'ORGANIZATION_UPDATED', organizationId: other }),
    await writeEvent(world, { type: 'ENVIRONMENT_UPDATED' }),
  ].map(cursorById);
  [otherCursor = '', environmentCursor = ''] = await Promise.all(cursors);
  await settled(world);
});

afterAll(() => world.close());

async function cursorById(id: string): Promise<string> {
  const { data } = await world.ask<{ node: { cursor: string } }>(
    'query ($id: ID!) { node(id: $id) { ... on Event { cursor } } }',
    { id },
  );
  return data?.node.cursor ?? '';
}

const page = `pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id cursor } }`;
const variables = '$first: Int, $after: String, $last: Int, $before: String';
const given = 'first: $first, after: $after, last: $last, before: $before';
const queries: Record<List, string> = {
  environment: `query (${variables}) { list: events(${given}) { ${page} } }`,
  organization: `query ($organization: ID!, ${variables}) {
    node(id: $organization) { ... on Organization { list: events(${given}) { ${page} } } } }`,
  membership: `query ($membership: ID!, ${variables}) {
    node(id: $membership) { ... on Membership { list: history(${given}) { ${page} } } } }`,
};

type Page = {
  edges: Edge[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string;
    endCursor: string;
  };
};

function ask(list: List, args: object): Promise<Answer<{ list?: Page; node?: { list: Page } }>> {
  return world.ask(queries[list], { ...ids, ...args });
}

async function fetchPage(list: List, args: object): Promise<Page> {
  const { data, errors } = await ask(list, args);
  expect(errors).toBeUndefined();
  const found = data?.list ?? data?.node?.list;
  if (found === undefined) {
    throw new Error('There is no list in the answer.');
  }
  return found;
}

it('are the same on the edge, on the event, and in every list', async () => {
  const everywhere = new Map<string, string>();
  for (const list of LISTS) {
    const { edges } = await fetchPage(list, { first: 100 });
    expect(await cursorById(edges.at(-1)?.node.id ?? '')).toBe(edges.at(-1)?.cursor);
    for (const { cursor, node } of edges) {
      expect(node.cursor).toBe(cursor);
      expect(everywhere.get(node.id) ?? cursor).toBe(cursor);
      everywhere.set(node.id, cursor);
    }
  }
  expect(new Set(everywhere.values()).size).toBe(everywhere.size);
});

it.each(LISTS)('of any list of the organization work in that of the %s', async (list) => {
  const whole = (await fetchPage(list, { first: 100 })).edges;
  const stream = (await fetchPage('environment', { first: 100 })).edges;
  const order = new Map(stream.map(({ node }, at) => [node.id, at]));
  const placeOf = ({ node }: Edge) => order.get(node.id) ?? -1;
  for (const source of ['organization', 'membership'] as const) {
    const { edges } = await fetchPage(source, { first: 100 });
    for (const edge of edges.filter((_, at) => at % 3 === 0)) {
      const after = await fetchPage(list, { first: 100, after: edge.cursor });
      const before = await fetchPage(list, { last: 100, before: edge.cursor });
      expect(after.edges).toEqual(whole.filter((one) => placeOf(one) > placeOf(edge)));
      expect(before.edges).toEqual(whole.filter((one) => placeOf(one) < placeOf(edge)));
    }
  }
});

it.each(LISTS)('cut any part out of the list of the %s', async (list) => {
  const whole = (await fetchPage(list, { first: 100 })).edges;
  expect(whole.length).toBeGreaterThan(8);
  for (let from = 0; from < whole.length; from += 5) {
    for (let to = from + 1; to < whole.length; to += 4) {
      const args = { after: whole[from]?.cursor, before: whole[to]?.cursor };
      const between = whole.slice(from + 1, to);
      expect((await fetchPage(list, { first: 100, ...args })).edges).toEqual(between);
      expect((await fetchPage(list, { last: 2, ...args })).edges).toEqual(between.slice(-2));
    }
  }
});

it.each(LISTS)('stay what they are while events come to the %s', async (list) => {
  const initial = (await fetchPage(list, { first: 100 })).edges;
  const seen: Edge[] = [];
  let after: string | null = null;
  let written = 0;
  for (;;) {
    const next: Page = await fetchPage(list, { first: 4, after });
    seen.push(...next.edges);
    after = next.pageInfo.endCursor;
    if (!next.pageInfo.hasNextPage) {
      break;
    }
    if (written < 3) {
      written += 1;
      const membershipId = await world.query<{ id: string }>('SELECT id FROM membership');
      await writeEvent(world, {
        type: 'MEMBERSHIP_UPDATED',
        organizationId,
        membershipId: membershipId[0]?.id,
      });
      await settled(world);
    }
  }
  expect(seen.slice(0, initial.length)).toEqual(initial);
  expect(seen.length).toBe(initial.length + 3);
  expect(seen).toEqual((await fetchPage(list, { first: 100 })).edges);
  const last = seen.at(-1)?.cursor;
  const nothing = await fetchPage(list, { first: 5, after: last });
  expect(nothing.edges).toEqual([]);
  expect(nothing.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
});

it('of other organizations and of the environment are good for the environment only', async () => {
  for (const cursor of [otherCursor, environmentCursor]) {
    for (const argument of ['after', 'before']) {
      expect((await ask('environment', { [argument]: cursor })).errors).toBeUndefined();
      for (const list of ['organization', 'membership'] as const) {
        expectInvalid(await ask(list, { [argument]: cursor }), [argument], list);
      }
    }
  }
});

function cursorOf(...parts: unknown[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

it('are refused when they are anything else', async () => {
  const [edge] = (await fetchPage('organization', { first: 1 })).edges;
  const good = edge?.cursor ?? '';
  const parts: unknown[] = JSON.parse(Buffer.from(good, 'base64url').toString());
  const [tag, epoch, transaction, position, organization, sequence] = parts;
  expect(cursorOf(...parts)).toBe(good);
  const withPart = (at: number, part: unknown) => cursorOf(...parts.with(at, part));
  const { data } = await world.ask<{ organizations: { pageInfo: { endCursor: string } } }>(
    '{ organizations(first: 1) { pageInfo { endCursor } } }',
  );
  const bad = [
    '',
    ' ',
    'x',
    good.slice(0, -1),
    good.slice(1),
    `${good}=`,
    `${good} `,
    ` ${good}`,
    `${good}\0`,
    good.toUpperCase(),
    '\ud800',
    `' OR 1=1 --`,
    data?.organizations.pageInfo.endCursor ?? '',
    Buffer.from('null').toString('base64url'),
    Buffer.from('{}').toString('base64url'),
    Buffer.from(Buffer.from(good, 'base64url').toString().replace(',', ', ')).toString('base64url'),
    cursorOf(),
    cursorOf(tag, epoch, transaction, position, organization),
    cursorOf(...parts, 1),
    withPart(0, 'events'),
    ...[null, '1', 1.5, -1, 2 ** 31, true, {}].map((part) => withPart(1, part)),
    ...[null, 1, '', '-1', '01', '1e3', ' 1', '1 ', '0x1', `${2n ** 64n}`, '9'.repeat(30)].map(
      (part) => withPart(2, part),
    ),
    ...[null, 1, '', '-1', '01', `${2n ** 63n}`, `1'`].map((part) => withPart(3, part)),
    ...[null, 1, '', 'x', String(organization).toUpperCase(), `${organization}'`].map((part) =>
      withPart(4, part),
    ),
    ...[null, '1', 1.5, -1, 2 ** 31, {}].map((part) => withPart(5, part)),
    cursorOf(tag, epoch, transaction, position, null, sequence),
    'A'.repeat(200_000),
  ];
  for (const cursor of bad) {
    for (const list of LISTS) {
      const argument = list === 'organization' ? 'before' : 'after';
      const answer = await ask(list, { [argument]: cursor });
      expectInvalid(answer, [argument], `${list} ${JSON.stringify(cursor).slice(0, 200)}`);
    }
  }
});

it('may be of no event, as long as they are cursors', async () => {
  for (const cursor of [
    cursorOf('event', 0, '0', '0', organizationId, 0),
    cursorOf(
      'event',
      2 ** 31 - 1,
      `${2n ** 64n - 1n}`,
      `${2n ** 63n - 1n}`,
      organizationId,
      2 ** 31 - 1,
    ),
  ]) {
    for (const list of LISTS) {
      const after = (await fetchPage(list, { first: 100, after: cursor })).edges;
      const before = (await fetchPage(list, { last: 100, before: cursor })).edges;
      expect([...before, ...after]).toEqual((await fetchPage(list, { first: 100 })).edges);
    }
  }
});

it('and sizes are checked as in every list', async () => {
  for (const list of LISTS) {
    expectInvalid(await ask(list, { first: 101 }), ['first'], list);
    expectInvalid(await ask(list, { last: -1 }), ['last'], list);
    expectInvalid(await ask(list, { first: 1, last: 1 }), ['last'], list);
    expect((await fetchPage(list, { first: 0 })).edges).toEqual([]);
  }
});
