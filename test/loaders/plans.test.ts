import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MembershipStatus } from '../../src/db/generated/prisma/enums.ts';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { Loaders } from '../../src/loaders/loaders.ts';
import type { MembershipListFilter } from '../../src/loaders/membership-list.ts';
import type { Needs } from '../../src/loaders/needs.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { idOf, LARGE_WORLD, loadLargeWorld } from '../support/large-world.ts';
import { noting, openExplainer } from '../support/plans.ts';
import { discoveryQuestions } from './discovery-questions.ts';
import { eventFilterQuestions, eventQuestions } from './event-questions.ts';
import { invitationQuestions } from './invitation-questions.ts';
import { lookupQuestions } from './lookup-questions.ts';
import { membershipQuestions, overdueIn, questionsOfPerson } from './membership-questions.ts';
import {
  count,
  MOST_PAGES,
  MOST_READS,
  middleOf,
  nameOf,
  pages,
  type Question,
  size,
} from './plan-questions.ts';
import { frequentQuestions, rareQuestions } from './search-questions.ts';
import { userQuestions, userSearchQuestions } from './user-questions.ts';

const { big, left, small, busyUser } = LARGE_WORLD;

/** Never read from one end to the other. The environment has one row, and permissions are few. */
const SMALL_TABLES = ['environment', 'permission'];

const EVERY_STATUS: MembershipStatus[] = [
  'PENDING_INVITE',
  'INVITE_EXPIRED',
  'ACTIVE',
  'SUSPENDED',
  'REMOVED',
];

let world: TestDatabase;
let explainer: Awaited<ReturnType<typeof openExplainer>>;

beforeAll(async () => {
  world = await createDatabase();
  await loadLargeWorld(world.url);
  explainer = await openExplainer(world.url);
});

afterAll(async () => {
  await explainer.close();
  await world.close();
});

/** As most documents ask: few columns, and what memberships lead to beside them. */
const LISTS: Needs = {
  narrow: new Set(['organization', 'user', 'membership', 'role']),
  rare: true,
  places: true,
  withMemberships: new Set(['organization', 'user', 'role']),
};

/** What is wrong with the plans of what was asked, both for its very values and for any. */
async function flaws(question: Question): Promise<string[]> {
  return [...(await flawsFor(question, undefined, 0)), ...(await flawsFor(question, LISTS, 16))];
}

/** `more`: how many rows are read beside each that is returned. */
async function flawsFor(
  { name, ask, most, mostPages = MOST_PAGES }: Question,
  needs: Needs | undefined,
  more: number,
): Promise<string[]> {
  const { read, sent } = noting(world.database.read);
  const returned = await ask(new Loaders(read, SYSTEM, needs));
  const bound = (most?.(returned) ?? MOST_READS * Math.max(1, returned)) + more * (returned + 1);
  const found: string[] = sent.length > 0 ? [] : [`${name}: sent nothing`];
  for (const statement of sent) {
    for (const kind of ['custom', 'generic'] as const) {
      const { rows, scanned, pages } = await explainer[kind](statement);
      const total = Object.values(rows).reduce((sum, read) => sum + read, 0);
      const full = scanned.filter((table) => !SMALL_TABLES.includes(table));
      if (total > bound || full.length > 0 || pages > mostPages) {
        found.push(
          `${name}, ${kind} plan: read ${JSON.stringify(rows)} and ${pages} pages for ${returned} rows${full.length > 0 ? `, scanned ${full}` : ''}`,
        );
      }
    }
  }
  return found;
}

async function expectNoFlaws(questions: Question[]): Promise<void> {
  const found: string[] = [];
  for (const question of questions) {
    found.push(...(await flaws(question)));
  }
  expect(found).toEqual([]);
}

it.each(
  ['membership_rights($1, now(), NULL)', 'membership_rights_in_groups($1, now())'].flatMap(
    (rights) => ['custom', 'generic'].map((kind) => [rights, kind]),
  ),
)(
  'finds what somebody holds in a thousand organizations in proportion to these: %s, %s plan',
  async (rights, kind) => {
    type Plan = { 'Actual Rows': number; 'Actual Loops': number; Plans?: Plan[] } & {
      'Rows Removed by Join Filter'?: number;
      'Rows Removed by Filter'?: number;
    };
    const client = new pg.Client({ connectionString: world.url });
    await client.connect();
    await client.query(`SET plan_cache_mode = force_${kind}_plan`);
    await client.query(`PREPARE rights (uuid) AS SELECT * FROM ${rights}`);
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE rights ('${busyUser}')`,
    );
    await client.end();
    const passed = ({ Plans = [], ...plan }: Plan): number => {
      const removed =
        (plan['Rows Removed by Join Filter'] ?? 0) + (plan['Rows Removed by Filter'] ?? 0);
      const own = (plan['Actual Rows'] + removed) * plan['Actual Loops'];
      return Plans.reduce((sum, part) => sum + passed(part), own);
    };
    const found = rows[0]?.['QUERY PLAN'][0].Plan;
    const held = await count(world, 'membership WHERE user_id = $1', [busyUser]);
    expect(held).toBeGreaterThan(900);
    expect(found && passed(found)).toBeLessThan(40 * held);
  },
);

it.each([
  ['the big', big],
  ['the left', left],
  ['a small', small],
])('lists members of %s organization in proportion to the page', async (_, organization) => {
  await expectNoFlaws(await membershipQuestions(world, organization, [{}]));
});

it.each([
  ['the big', big],
  ['the left', left],
])('lists members of %s organization by status', async (_, organization) => {
  // What is overdue is found apart from what is stored, at once; a sweeper keeps it to a handful.
  const overdue = await overdueIn(world, organization);
  const filters = [...EVERY_STATUS.map((status) => [status]), EVERY_STATUS, EVERY_STATUS.slice(1)];
  await expectNoFlaws(
    await membershipQuestions(
      world,
      organization,
      filters.map((status) => ({ status })),
      { most: (returned) => MOST_READS * returned + overdue },
    ),
  );
});

it.each([
  ['the big', big],
  ['the left', left],
])('lists members of %s organization by role', async (_, organization) => {
  const byId = [...Object.values(BUILT_IN_ROLE_IDS), LARGE_WORLD.bigSupport];
  const byKey = ['owner', 'admin', 'member', 'support', 'unknown'];
  const filters = [
    ...byId.map((roleId) => ({ roleId })),
    ...(organization === big ? byKey : ['member', 'support']).map((roleKey) => ({ roleKey })),
  ];
  await expectNoFlaws(await membershipQuestions(world, organization, filters));
});

it('counts members by status without reading them', async () => {
  for (const organization of [big, left, small]) {
    const overdue = await overdueIn(world, organization);
    const filters = [{}, ...EVERY_STATUS.map((status) => ({ status: [status] }))];
    await expectNoFlaws(
      filters.map((filter) => ({
        name: `${organization} total of ${JSON.stringify(filter)}`,
        async ask(loaders) {
          const args = { size: 0, field: 'NAME', descending: false, backward: false } as const;
          await loaders.membershipsOf('organization', organization, filter, args).totalCount();
          return 1;
        },
        most: () => 2 + overdue,
      })),
    );
  }
});

it('counts once for a page, not once for each of its rows', async () => {
  const overdue = await overdueIn(world, big);
  const args = { size: 20, field: 'NAME', descending: false, backward: false } as const;
  await expectNoFlaws(
    [{}, { status: ['SUSPENDED' as const] }, { roleKey: 'owner' }].map((filter) => ({
      name: `${JSON.stringify(filter)} with its total`,
      async ask(loaders) {
        const list = loaders.membershipsOf('organization', big, filter, args);
        const [page] = await Promise.all([list.page(), list.totalCount()]);
        return page.rows.length;
      },
      most: (returned) => MOST_READS * returned + 2 + 2 * overdue,
    })),
  );
});

it.each([
  ['the big', big],
  ['the left', left],
])(
  'finds what many members of %s organization have in proportion to the page',
  async (_, organization) => {
    const search = '@large.example';
    const filters: MembershipListFilter[] = [
      {},
      { status: ['ACTIVE'] },
      { status: ['SUSPENDED', 'REMOVED'] },
      { roleKey: 'member' },
      { roleId: BUILT_IN_ROLE_IDS.member, provisioningMethod: ['IMPORT'] },
    ];
    for (const filter of filters) {
      await expectNoFlaws(await frequentQuestions(world, organization, { search, ...filter }, 3));
    }
    // Who has metadata has no name, so by name they stand together.
    const metadata = { tier: 'basic' };
    const questions = [
      ...(await frequentQuestions(world, organization, { metadata }, 5)),
      ...(await frequentQuestions(world, organization, { search, metadata }, 15)),
    ];
    await expectNoFlaws(questions.filter(({ name }) => !name.includes('by NAME')));
  },
);

it('searches members without reading others', async () => {
  const questions: Question[] = [];
  for (const organization of [big, left, small]) {
    for (const search of ['zebra', 'ada', 'person-1234', 'nowhere']) {
      const asked = await rareQuestions(
        world,
        organization,
        { search },
        {
          condition: 'search_text LIKE $2',
          value: `%${search}%`,
          isNear: search === 'zebra' || search === 'ada',
        },
      );
      const isAbsent = search === 'nowhere' && organization === big;
      questions.push(...asked.filter(({ name }) => isAbsent || name.includes('by NAME ASC')));
    }
  }
  await expectNoFlaws(questions);
});

it('finds members by metadata without reading others', async () => {
  const questions: Question[] = [];
  for (const organization of [big, left, small]) {
    for (const [column, filter] of [
      ['metadata', { metadata: { team: 75 } }],
      ['metadata', { metadata: { team: 75, tier: 'basic' } }],
      ['metadata', { metadata: { tier: 'gold' } }],
      ['untrusted_metadata', { untrustedMetadata: { desk: 775 } }],
    ] as const) {
      const asked = await rareQuestions(world, organization, filter, {
        condition: `${column} @> $2::jsonb`,
        value: JSON.stringify(Object.values(filter)[0]),
      });
      questions.push(...asked.filter(({ name }) => name.includes('by NAME')));
    }
  }
  await expectNoFlaws(questions);
});

it('lists the memberships of a person without reading those of others', async () => {
  for (const user of [busyUser, idOf('user', 8)]) {
    await expectNoFlaws(await questionsOfPerson(world, user));
  }
});

it('finds the organizations that a person may enter without reading others, nor their members', async () => {
  await expectNoFlaws(await discoveryQuestions(world));
});

it('lists users in proportion to the page', async () => {
  await expectNoFlaws(await userQuestions(world));
});

it('searches users without reading others', async () => {
  await expectNoFlaws(await userSearchQuestions(world));
});

it('lists organizations in proportion to the page', async () => {
  const questions: Question[] = [];
  for (const [field, key] of [
    ['CREATED_AT', 'created_at'],
    ['DISPLAY_NAME', 'name_key'],
  ] as const) {
    const deep = await middleOf(world, 'organization', key);
    const externalIds = Array.from({ length: 50 }, (_, n) => `external-${n * 17}`);
    for (const [filter, matches] of [
      [{}, undefined],
      [{ externalIds }, externalIds.length],
      [{ search: 'zebra' }, 5],
      [{ metadata: { plan: 'gold' } }, 10],
    ] as const) {
      for (const args of pages(field, deep)) {
        questions.push({
          name: nameOf(`organizations ${JSON.stringify(filter)}`, args),
          ask: (loaders) =>
            size(
              loaders.organizations.list(
                'externalIds' in filter ? { externalIds: [...filter.externalIds] } : filter,
                args,
              ),
            ),
          ...(matches && { most: () => matches }),
        });
      }
    }
  }
  await expectNoFlaws(questions);
});

it('lists invitations and keys in proportion to the page', async () => {
  await expectNoFlaws(await invitationQuestions(world));
});

it('lists events in proportion to the page', async () => {
  await expectNoFlaws(await eventQuestions(world));
});

it('finds the events of one person or membership without reading others', async () => {
  await expectNoFlaws(await eventFilterQuestions(world));
});

it('looks things up by every key without reading others', async () => {
  await expectNoFlaws(lookupQuestions());
});

it('counts seats by what decides them', async () => {
  const matches = await count(
    world,
    `membership WHERE organization_id = $1
     AND (status = 'SUSPENDED' AND status_deadline IS NOT NULL OR status = 'PENDING_INVITE' AND status_deadline <= now())`,
    [big],
  );
  await expectNoFlaws(
    [big, left, small].map((organization) => ({
      name: `seats of ${organization}`,
      async ask({ organizations }) {
        await organizations.seatsUsedBy(organization);
        return 1;
      },
      most: () => 1 + matches,
    })),
  );
});
