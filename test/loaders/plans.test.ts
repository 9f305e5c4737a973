import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MembershipStatus } from '../../src/db/generated/prisma/enums.ts';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { NIL_UUID } from '../../src/domain/id.ts';
import { createLoaders, type Loaders } from '../../src/loaders/loaders.ts';
import type { MembershipListFilter } from '../../src/loaders/membership-list.ts';
import type { List, PageArgs, Position } from '../../src/loaders/page.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { idOf, LARGE_WORLD, loadLargeWorld } from '../support/large-world.ts';
import { noting, openExplainer } from '../support/plans.ts';

/** Rows that may be read for each row that is returned. */
const MOST_READS = 5;

/** No page or lookup touches more pages of the database than this: far less than any table of many has. */
const MOST_PAGES = 900;

const SIZE = 20;

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

type Question = {
  name: string;
  /** Asks the loaders of a request, and returns how many rows came back. */
  ask(loaders: Loaders): Promise<number>;
  /** How many rows may be read, of all tables together. @default MOST_READS for each that came back */
  most?: (returned: number) => number;
  mostPages?: number;
};

/** What is wrong with the plans of what was asked, both for its very values and for any. */
async function flaws({ name, ask, most, mostPages = MOST_PAGES }: Question): Promise<string[]> {
  const { read, sent } = noting(world.database.read);
  const returned = await ask(createLoaders(read));
  const bound = most?.(returned) ?? MOST_READS * Math.max(1, returned);
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

/** The first and the last page, and one deep inside, each in both directions. */
function pages<Field extends string>(field: Field, deep: Position): PageArgs<Field>[] {
  return [false, true].flatMap((descending) =>
    [false, true].flatMap((backward) => {
      const args = { size: SIZE, field, descending, backward };
      return [args, { ...args, [backward ? 'before' : 'after']: deep }];
    }),
  );
}

function nameOf(list: string, { field, descending, backward, ...at }: PageArgs<string>): string {
  const deep = at.after || at.before ? 'deep inside' : 'at the end';
  return `${list} by ${field} ${descending ? 'DESC' : 'ASC'}, ${backward ? 'last' : 'first'} ${deep}`;
}

async function size(list: List<unknown>): Promise<number> {
  return (await list.page()).rows.length;
}

/** The place in the middle of what `from` selects, sorted by `key`. */
async function middleOf(from: string, key: string): Promise<Position> {
  const isTime = key.endsWith('_at') || key.startsWith('coalesce');
  const shown = isTime
    ? `CASE WHEN isfinite(${key}) THEN to_char(${key} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') ELSE 'infinity' END`
    : key;
  const [row] = await world.query<Position>(
    `SELECT ${shown} AS key, id FROM ${from} ORDER BY ${key}, id OFFSET (SELECT count(*) / 2 FROM ${from}) LIMIT 1`,
  );
  if (row === undefined) {
    throw new Error(`There is nothing in ${from}.`);
  }
  return row;
}

const membershipKeys = {
  CREATED_AT: 'created_at',
  JOINED_AT: `coalesce(joined_at, 'infinity')`,
  NAME: 'name_key',
  EMAIL: 'email_key',
};

const userKeys = { CREATED_AT: 'created_at', NAME: 'name_key', EMAIL: 'email' };

function entriesOf<Key extends string>(record: Record<Key, string>): [Key, string][] {
  return Object.entries(record) as [Key, string][];
}

async function membershipQuestions(
  organization: string,
  filters: MembershipListFilter[],
  more: Partial<Question> = {},
): Promise<Question[]> {
  const questions: Question[] = [];
  for (const [field, key] of entriesOf(membershipKeys)) {
    const listed = `membership WHERE organization_id = '${organization}' AND status <> 'REMOVED'`;
    const deep = await middleOf(listed, key);
    for (const filter of filters) {
      for (const args of pages(field, deep)) {
        questions.push({
          name: nameOf(`${organization} ${JSON.stringify(filter)}`, args),
          ask: (loaders) =>
            size(loaders.memberships.of('organization', organization, filter, args)),
          ...more,
        });
      }
    }
  }
  return questions;
}

/** Memberships of an organization whose deadline has passed, and which nothing has settled yet. */
async function overdueIn(organization: string): Promise<number> {
  const [row] = await world.query<{ count: number }>(
    `SELECT count(*)::int FROM membership WHERE organization_id = $1 AND status_deadline <= now()`,
    [organization],
  );
  return row?.count ?? 0;
}

it.each([
  ['the big', big],
  ['the left', left],
  ['a small', small],
])('lists members of %s organization in proportion to the page', async (_, organization) => {
  await expectNoFlaws(await membershipQuestions(organization, [{}]));
});

it.each([
  ['the big', big],
  ['the left', left],
])('lists members of %s organization by status', async (_, organization) => {
  // What is overdue is found apart from what is stored, at once; a sweeper keeps it to a handful.
  const overdue = await overdueIn(organization);
  const filters = [...EVERY_STATUS.map((status) => [status]), EVERY_STATUS, EVERY_STATUS.slice(1)];
  await expectNoFlaws(
    await membershipQuestions(
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
  const filters = [
    ...[...Object.values(BUILT_IN_ROLE_IDS), LARGE_WORLD.bigSupport].map((roleId) => ({ roleId })),
    ...['owner', 'admin', 'member', 'support', 'unknown'].map((roleKey) => ({ roleKey })),
  ];
  await expectNoFlaws(await membershipQuestions(organization, filters));
});

it('counts members by status without reading them', async () => {
  for (const organization of [big, left, small]) {
    const overdue = await overdueIn(organization);
    const filters = [{}, ...EVERY_STATUS.map((status) => ({ status: [status] }))];
    await expectNoFlaws(
      filters.map((filter) => ({
        name: `${organization} total of ${JSON.stringify(filter)}`,
        async ask(loaders) {
          const args = { size: 0, field: 'NAME', descending: false, backward: false } as const;
          await loaders.memberships.of('organization', organization, filter, args).totalCount();
          return 1;
        },
        most: () => 2 + overdue,
      })),
    );
  }
});

it('searches members without reading others', async () => {
  const questions: Question[] = [];
  for (const organization of [big, left, small]) {
    for (const search of ['zebra', 'member', 'ada', 'person-1234', '.example', 'nowhere']) {
      const [row] = await world.query<{ count: number }>(
        `SELECT count(*)::int FROM membership WHERE organization_id = $1 AND search_text LIKE $2`,
        [organization, `%${search}%`],
      );
      const matches = row?.count ?? 0;
      questions.push(
        ...(
          await membershipQuestions(organization, [{ search }], {
            most: () => matches,
            mostPages: MOST_PAGES + matches,
          })
        ).filter(({ name }) => name.includes('by NAME ASC')),
      );
    }
  }
  await expectNoFlaws(questions);
});

it('finds members by metadata without reading others', async () => {
  const questions: Question[] = [];
  for (const organization of [big, left, small]) {
    for (const [column, filter] of [
      ['metadata', { metadata: { team: 77 } }],
      ['metadata', { metadata: { team: 77, tier: 'basic' } }],
      ['metadata', { metadata: { tier: 'gold' } }],
      ['untrusted_metadata', { untrustedMetadata: { desk: 777 } }],
    ] as const) {
      const [row] = await world.query<{ count: number }>(
        `SELECT count(*)::int FROM membership WHERE organization_id = $1 AND ${column} @> $2::jsonb`,
        [organization, JSON.stringify(Object.values(filter)[0])],
      );
      const matches = row?.count ?? 0;
      const asked = await membershipQuestions(organization, [filter], { most: () => matches });
      questions.push(...asked.filter(({ name }) => name.includes('by NAME')));
    }
  }
  await expectNoFlaws(questions);
});

it('lists the memberships of a person without reading those of others', async () => {
  const questions: Question[] = [];
  for (const user of [busyUser, idOf('user', 8)]) {
    const [row] = await world.query<{ count: number }>(
      'SELECT count(*)::int FROM membership WHERE user_id = $1',
      [user],
    );
    const all = row?.count ?? 0;
    for (const [field, key] of entriesOf(membershipKeys)) {
      const deep = await middleOf(`membership WHERE user_id = '${user}'`, key);
      for (const filter of [
        {},
        { status: ['ACTIVE' as const] },
        { status: ['REMOVED' as const] },
        { roleKey: 'member' },
        { search: 'person' },
      ]) {
        for (const args of pages(field, deep)) {
          const inOrder = field === 'CREATED_AT' && Object.keys(filter).length === 0;
          questions.push({
            name: nameOf(`${user} ${JSON.stringify(filter)}`, args),
            ask: (loaders) => size(loaders.memberships.of('user', user, filter, args)),
            // A person is in few organizations: but for the usual order, theirs are all read and sorted.
            most: (returned) => (inOrder ? MOST_READS * returned : 4 * all),
            mostPages: inOrder ? MOST_PAGES : MOST_PAGES + 12 * all,
          });
        }
      }
    }
  }
  await expectNoFlaws(questions);
});

it('lists users in proportion to the page', async () => {
  const questions: Question[] = [];
  for (const [field, key] of entriesOf(userKeys)) {
    const deep = await middleOf('"user" WHERE NOT invited_only', key);
    for (const args of pages(field, deep)) {
      questions.push({
        name: nameOf('users', args),
        ask: (loaders) => size(loaders.users.list({}, args)),
      });
    }
    for (const filter of [
      { withoutMemberships: true },
      { emailDomain: 'large.example' },
      { emailDomain: 'nowhere.example' },
    ]) {
      const condition =
        'emailDomain' in filter
          ? `split_part(email, '@', 2) = '${filter.emailDomain}'`
          : 'membership_count = 0';
      const [row] = await world.query<{ count: number }>(
        `SELECT count(*)::int FROM "user" WHERE NOT invited_only AND ${condition}`,
      );
      const matches = row?.count ?? 0;
      for (const args of pages(field, deep)) {
        questions.push({
          name: nameOf(`users ${JSON.stringify(filter)}`, args),
          ask: (loaders) => size(loaders.users.list(filter, args)),
          most: (returned) => (field === 'CREATED_AT' ? MOST_READS * returned : matches),
          mostPages: field === 'CREATED_AT' ? MOST_PAGES : MOST_PAGES + matches,
        });
      }
    }
  }
  await expectNoFlaws(questions);
});

it('searches users without reading others', async () => {
  const questions: Question[] = [];
  for (const [search, metadata] of [
    ['zebra', null],
    ['guest-5', null],
    ['person-1234', null],
    ['person-1234', { team: 1 }],
    [null, { team: 77 }],
  ] as const) {
    const [row] = await world.query<{ count: number }>(
      `SELECT count(*)::int FROM "user" WHERE NOT invited_only AND search_text LIKE $1 AND metadata @> $2::jsonb`,
      [`%${search ?? ''}%`, JSON.stringify(metadata ?? {})],
    );
    const matches = row?.count ?? 0;
    for (const [field, key] of entriesOf(userKeys)) {
      const deep = await middleOf('"user" WHERE NOT invited_only', key);
      for (const args of pages(field, deep)) {
        questions.push({
          name: nameOf(`users ${search} ${JSON.stringify(metadata)}`, args),
          ask: (loaders) => size(loaders.users.list({ search, metadata }, args)),
          most: () => matches,
        });
      }
    }
  }
  await expectNoFlaws(questions);
});

it('lists organizations in proportion to the page', async () => {
  const questions: Question[] = [];
  for (const [field, key] of [
    ['CREATED_AT', 'created_at'],
    ['DISPLAY_NAME', 'name_key'],
  ] as const) {
    const deep = await middleOf('organization', key);
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
  const questions: Question[] = [];
  const ofBig = `organization_id = '${big}'`;
  const [overdue] = await world.query<{ count: number }>(
    `SELECT count(*)::int FROM invitation WHERE ${ofBig} AND status = 'PENDING' AND expires_at <= now()`,
  );
  const deep = await middleOf(`invitation WHERE ${ofBig}`, 'created_at');
  const deepKey = await middleOf(`api_key WHERE ${ofBig}`, 'created_at');
  const every = ['PENDING', 'ACCEPTED', 'DECLINED', 'REVOKED', 'EXPIRED'] as const;
  for (const args of pages('CREATED_AT', deep)) {
    questions.push({
      name: nameOf('invitations', args),
      ask: (loaders) => size(loaders.invitations.of(big, {}, args)),
    });
    for (const status of [...every.map((one) => [one]), [...every]]) {
      questions.push({
        name: nameOf(`invitations ${status}`, args),
        ask: (loaders) => size(loaders.invitations.of(big, { status }, args)),
        most: (returned) => MOST_READS * returned + 3 * (overdue?.count ?? 0),
      });
    }
    for (const search of ['zebra', 'person-1234']) {
      const [row] = await world.query<{ count: number }>(
        `SELECT count(*)::int FROM invitation WHERE ${ofBig} AND search_text LIKE '%${search}%'`,
      );
      questions.push({
        name: nameOf(`invitations ${search}`, args),
        ask: (loaders) => size(loaders.invitations.of(big, { search }, args)),
        most: () => row?.count ?? 0,
      });
    }
  }
  for (const args of pages('CREATED_AT', deepKey)) {
    for (const scope of [big, NIL_UUID]) {
      questions.push({
        name: nameOf(`keys of ${scope}`, args),
        ask: (loaders) => size(loaders.apiKeys.of(scope, args)),
      });
    }
  }
  await expectNoFlaws(questions);
});

it('looks things up by every key without reading others', async () => {
  const lookups: Record<string, (loaders: Loaders, n: number) => Promise<unknown>> = {
    'organization by id': ({ organizations }, n) => organizations.byId(idOf('organization', n)),
    'organization by slug': ({ organizations }, n) => organizations.bySlug(`company-${n}`),
    'organization by external id': ({ organizations }, n) =>
      organizations.byExternalId(`external-${n}`),
    'user by id': ({ users }, n) => users.byId(idOf('user', n * 400)),
    'user by address': ({ users }, n) => users.byEmail(`person-${n * 300}@large.example`),
    'user by external id': ({ users }, n) => users.byExternalId(`external-${n * 400}`),
    'identities of a user': ({ users }, n) => users.identitiesOf(idOf('user', n * 400)),
    'membership by id': ({ memberships }, n) => memberships.byId(memberId(n)),
    'membership by user': ({ memberships }, n) =>
      memberships.byOrganizationAndUser({ organization: big, user: idOf('user', n * 400) }),
    'membership by address': ({ memberships }, n) =>
      memberships.byOrganizationAndEmail({
        organization: big,
        email: `person-${n * 300}@large.example`,
      }),
    'membership by external id': ({ memberships }, n) =>
      memberships.byOrganizationAndExternalId({
        organization: big,
        external_id: `external-${n * 400}`,
      }),
    'assignments of a membership': ({ memberships }, n) => memberships.assignmentsOf(memberId(n)),
    'permissions of a membership': ({ memberships }, n) => memberships.permissionsOf(memberId(n)),
    'latest invitation': ({ invitations }, n) => invitations.latestOf(memberId(n)),
    'roles on offer': ({ invitations }, n) => invitations.rolesOf(idOf('invitation', n)),
    'invitation by id': ({ invitations }, n) => invitations.byId(idOf('invitation', n)),
    'role by id': ({ roles }, n) => roles.byId(n % 2 ? LARGE_WORLD.bigSupport : idOf('role', n)),
    'permissions of a role': ({ roles }, n) =>
      roles.effectivePermissionsOf(n % 2 ? LARGE_WORLD.bigSupport : idOf('role', n)),
    'roles of an organization': ({ roles }, n) => roles.assignableIn(idOf('organization', n)),
    'key by id': ({ apiKeys }, n) => apiKeys.byId(idOf('key', n)),
  };
  const questions = Object.entries(lookups).flatMap(([name, lookup]) =>
    [1, 10, 100].map(
      (keys): Question => ({
        name: `${name}, ${keys} at once`,
        async ask(loaders) {
          const ns = Array.from({ length: keys }, (_, at) => at + 1);
          await Promise.all(ns.map((n) => lookup(loaders, n)));
          return keys;
        },
        // Those with a level of their own behind them: a few roles for each.
        mostPages: 50 + 12 * keys,
        ...(/roles of|permissions of/.test(name) && { most: (returned) => 8 * returned }),
      }),
    ),
  );
  await expectNoFlaws(questions);
});

it('counts seats by what decides them', async () => {
  const [row] = await world.query<{ count: number }>(
    `SELECT count(*)::int FROM membership WHERE organization_id = $1
     AND (status = 'SUSPENDED' AND status_deadline IS NOT NULL OR status = 'PENDING_INVITE' AND status_deadline <= now())`,
    [big],
  );
  const matches = row?.count ?? 0;
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

function memberId(n: number): string {
  return idOf('membership', 65_536 + n * 400);
}
