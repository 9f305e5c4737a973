import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { expectInvalid } from './argument-world.ts';
import { everyType, makeSubjects, type Subjects, settled, writeEvent } from './event-world.ts';
import { expectList, expectPages, PAGE, PAGE_ARGUMENTS, PAGE_VARIABLES } from './list-reader.ts';

type Row = {
  id: string;
  type: string;
  cause: string;
  organization_id: string | null;
  membership_id: string | null;
  user_id: string | null;
  actor_id: string | null;
  occurred_at: Date;
};

let world: TestGateway;
let one: Subjects;
let two: Subjects;
let rows: Row[];

beforeAll(async () => {
  world = await createGateway();
  one = await makeSubjects(world);
  two = await makeSubjects(world);
  let minute = 0;
  for (const subjects of [one, two]) {
    for (const event of everyType(subjects)) {
      minute += 1;
      const occurredAt = new Date(Date.UTC(2026, 0, 1, 0, minute % 40)).toISOString();
      await writeEvent(world, { ...event, occurredAt });
    }
  }
  // A user and a key of one uuid are two actors.
  const twin = { type: 'ORGANIZATION_UPDATED', organizationId: one.organizationId };
  await writeEvent(world, { ...twin, actorKind: 'USER', actorId: one.apiKeyId });
  await settled(world);
  rows = await world.query<Row>('SELECT * FROM event ORDER BY transaction_id, position');
});

afterAll(() => world.close());

const variables = `$filter: EventFilter, ${PAGE_VARIABLES}`;
const given = `filter: $filter, ${PAGE_ARGUMENTS}`;
const lists: [query: string, id: () => string | undefined, belongs: (row: Row) => boolean][] = [
  [`query (${variables}) { list: events(${given}) { ${PAGE} } }`, () => undefined, () => true],
  [
    `query ($id: ID!, ${variables}) {
      node(id: $id) { ... on Organization { list: events(${given}) { ${PAGE} } } } }`,
    () => encodeId('org', one.organizationId),
    (row) => row.organization_id === one.organizationId,
  ],
  [
    `query ($id: ID!, ${variables}) {
      node(id: $id) { ... on Membership { list: history(${given}) { ${PAGE} } } } }`,
    () => encodeId('mbr', one.membershipId),
    (row) => row.membership_id === one.membershipId,
  ],
];

/** A filter as it is given, and what it means. */
type Filter = [given: () => Record<string, unknown>, passes: (row: Row) => boolean];

const T = (minute: number, ms = 0) => new Date(Date.UTC(2026, 0, 1, 0, minute, 0, ms));

const filters: Filter[] = [
  [() => ({}), () => true],
  [() => ({ types: null, causes: null, since: null, userId: null }), () => true],
  [() => ({ types: [] }), () => false],
  [() => ({ causes: [] }), () => false],
  [() => ({ types: ['MEMBERSHIP_UPDATED'] }), ({ type }) => type === 'MEMBERSHIP_UPDATED'],
  [
    () => ({ types: ['ROLE_UPDATED', 'USER_CREATED', 'MEMBERSHIP_STATUS_CHANGED'] }),
    ({ type }) => ['ROLE_UPDATED', 'USER_CREATED', 'MEMBERSHIP_STATUS_CHANGED'].includes(type),
  ],
  [() => ({ causes: ['IMPORTED'] }), ({ cause }) => cause === 'IMPORTED'],
  [
    () => ({ causes: ['IMPORTED', 'UPDATED'], types: ['MEMBERSHIP_STATUS_CHANGED'] }),
    ({ cause, type }) =>
      ['IMPORTED', 'UPDATED'].includes(cause) && type === 'MEMBERSHIP_STATUS_CHANGED',
  ],
  [
    () => ({ membershipId: encodeId('mbr', one.membershipId) }),
    (row) => row.membership_id === one.membershipId,
  ],
  [
    () => ({ membershipId: encodeId('mbr', two.membershipId) }),
    (row) => row.membership_id === two.membershipId,
  ],
  [() => ({ userId: encodeId('usr', one.userId) }), (row) => row.user_id === one.userId],
  [() => ({ userId: encodeId('usr', two.userId) }), (row) => row.user_id === two.userId],
  [
    () => ({
      userId: encodeId('usr', one.userId),
      membershipId: encodeId('mbr', one.membershipId),
    }),
    (row) => row.user_id === one.userId && row.membership_id === one.membershipId,
  ],
  [
    () => ({ actorId: encodeId('key', one.apiKeyId) }),
    (row) => row.actor_id === one.apiKeyId && row !== rows.at(-1),
  ],
  [() => ({ actorId: encodeId('usr', one.apiKeyId) }), (row) => row === rows.at(-1)],
  [() => ({ since: T(10) }), (row) => row.occurred_at >= T(10)],
  [() => ({ until: T(10) }), (row) => row.occurred_at < T(10)],
  [() => ({ since: T(10), until: T(11) }), (row) => row.occurred_at.getTime() === T(10).getTime()],
  [
    () => ({ since: T(10), until: T(10, 1) }),
    (row) => row.occurred_at.getTime() === T(10).getTime(),
  ],
  [() => ({ since: T(10, 1), until: T(11) }), () => false],
  [() => ({ since: T(11), until: T(10) }), () => false],
  [() => ({ since: '2026-01-01T02:10:00+02:00' }), (row) => row.occurred_at >= T(10)],
  [() => ({ since: '0001-01-01T00:00:00Z', until: '9999-12-31T23:59:59.999Z' }), () => true],
];

it.each(filters.map((filter, at) => ({ at, filter })))(
  'filter $at lists what it says',
  async ({ filter: [filter, passes] }) => {
    for (const [query, id, belongs] of lists) {
      const ids = rows
        .filter((row) => belongs(row) && passes(row))
        .map((row) => encodeId('evt', row.id));
      const asked = { ...(id() !== undefined && { id: id() }), filter: filter() };
      await expectList(world, query, asked, ids);
      await expectPages(world, query, asked, ids);
    }
  },
);

it('every type and every cause can be asked for', async () => {
  for (const [name, column] of [
    ['types', 'type'],
    ['causes', 'cause'],
  ] as const) {
    const values = [...new Set(rows.map((row) => row[column]))];
    expect(values.length).toBeGreaterThan(3);
    for (const value of values) {
      const ids = rows.filter((row) => row[column] === value).map((row) => encodeId('evt', row.id));
      await expectList(world, lists[0]?.[0] ?? '', { filter: { [name]: [value] } }, ids);
    }
  }
});

it.each(['since', 'until'])('%s is refused when no event can have it', async (name) => {
  for (const time of [
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
  ]) {
    for (const [query, id] of lists) {
      const answer = await world.ask(query, { id: id(), filter: { [name]: time } });
      expectInvalid(answer, ['filter', name], time);
    }
  }
});

it('actorId is refused when it is of nobody who can act', async () => {
  const ids = [
    '',
    'x',
    'System',
    encodeId('mbr', one.membershipId),
    encodeId('org', one.organizationId),
  ];
  for (const actorId of [...ids, `${encodeId('key', one.apiKeyId)}0`]) {
    for (const [query, id] of lists) {
      const answer = await world.ask(query, { id: id(), filter: { actorId } });
      expectInvalid(answer, ['filter', 'actorId'], actorId);
    }
  }
});
