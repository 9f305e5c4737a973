import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { contains, finds, plain, sorted, statusNow } from './list-oracle.ts';
import {
  BAGS,
  expectList,
  expectPages,
  fetchList,
  ordersOf,
  PAGE,
  PAGE_ARGUMENTS,
  PAGE_VARIABLES,
  SEARCHES,
} from './list-reader.ts';
import { createListWorld, type ListWorld } from './list-world.ts';

let world: ListWorld;
let one: string;

beforeAll(async () => {
  world = await createListWorld();
  ({ one } = world);
});

afterAll(() => world.close());

const USERS = `query Users(${PAGE_VARIABLES}, $filter: UserFilter, $orderBy: UserOrder) {
  list: users(${PAGE_ARGUMENTS}, filter: $filter, orderBy: $orderBy) { ${PAGE} }
}`;

const ORGANIZATIONS = `query Organizations(${PAGE_VARIABLES}, $filter: OrganizationFilter, $orderBy: OrganizationOrder) {
  list: organizations(${PAGE_ARGUMENTS}, filter: $filter, orderBy: $orderBy) { ${PAGE} }
}`;

const INVITATIONS = `query Invitations($id: ID!, ${PAGE_VARIABLES}, $filter: InvitationFilter) {
  node(id: $id) { ... on Organization { list: invitations(${PAGE_ARGUMENTS}, filter: $filter) { ${PAGE} } } }
}`;

it('lists users by every filter and order', async () => {
  const rows = await world.query(
    `SELECT *, (SELECT count(*)::int FROM membership m WHERE m.user_id = u.id AND m.status <> 'REMOVED') AS size
     FROM "user" u WHERE NOT invited_only`,
  );
  const users = rows.map((row) => ({ ...row, id: encodeId('usr', row.id), email: row.email }));
  const keys: Record<string, (user: (typeof rows)[number]) => string | number> = {
    CREATED_AT: (user) => user.created_at.getTime(),
    EMAIL: (user) => user.email,
    NAME: (user) => plain(user.name ?? ''),
  };
  for (const orderBy of ordersOf(keys)) {
    const expectedBy = (keep: (user: (typeof rows)[number]) => boolean) =>
      sorted(users.filter(keep), keys[orderBy.field] ?? (() => 0), orderBy.direction).map(
        ({ id }) => id,
      );
    for (const search of SEARCHES) {
      const keep = expectedBy(({ name, email }) => finds(search, name ?? '', email));
      await expectList(world, USERS, { filter: { search }, orderBy }, keep);
    }
    for (const emailDomain of ['beta.example', 'BETA.example', 'eta.example']) {
      const keep = expectedBy(({ email }) => email.endsWith(`@${emailDomain.toLowerCase()}`));
      await expectList(world, USERS, { filter: { emailDomain }, orderBy }, keep);
      const both = { filter: { emailDomain, withoutMemberships: true }, orderBy };
      const alone = expectedBy(
        ({ email, size }) => size === 0 && email.endsWith(`@${emailDomain.toLowerCase()}`),
      );
      await expectList(world, USERS, both, alone);
    }
    for (const withoutMemberships of [true, false]) {
      const keep = expectedBy(({ size }) => (size === 0) === withoutMemberships);
      await expectList(world, USERS, { filter: { withoutMemberships }, orderBy }, keep);
    }
    await expectPages(
      world,
      USERS,
      { orderBy },
      expectedBy(() => true),
    );
  }
});

it('leaves out of the users who only was invited', async () => {
  const [row] = await world.query(
    `SELECT count(*)::int AS hidden, (SELECT count(*)::int FROM "user") AS all FROM "user" WHERE invited_only`,
  );
  expect(row?.hidden).toBeGreaterThan(0);
  const { totalCount } = await fetchList(world, USERS, { first: 0 });
  expect(totalCount).toBe(row?.all - row?.hidden);
});

it('lists organizations by every filter and order', async () => {
  const rows = await world.query('SELECT * FROM organization');
  const organizations = rows.map((row) => ({ ...row, id: encodeId('org', row.id) }));
  const keys: Record<string, (organization: (typeof rows)[number]) => string | number> = {
    CREATED_AT: (organization) => organization.created_at.getTime(),
    DISPLAY_NAME: (organization) => plain(organization.display_name),
  };
  for (const orderBy of ordersOf(keys)) {
    const expectedBy = (keep: (organization: (typeof rows)[number]) => boolean) =>
      sorted(organizations.filter(keep), keys[orderBy.field] ?? (() => 0), orderBy.direction).map(
        ({ id }) => id,
      );
    for (const search of ['etoile', 'É', 'beta 100', '100%', '%', '&', 'toile-co', 'nothing', '']) {
      const keep = expectedBy((row) => finds(search, row.display_name, row.slug));
      await expectList(world, ORGANIZATIONS, { filter: { search }, orderBy }, keep);
    }
    for (const metadata of BAGS) {
      const keep = expectedBy((row) => contains(row.metadata, metadata));
      await expectList(world, ORGANIZATIONS, { filter: { metadata }, orderBy }, keep);
    }
    for (const externalIds of [[], ['crm-1'], ['crm-2', 'crm-1', 'crm-2'], ['CRM-1']]) {
      const keep = expectedBy((row) => externalIds.includes(row.external_id));
      await expectList(world, ORGANIZATIONS, { filter: { externalIds }, orderBy }, keep);
    }
  }
});

it('lists invitations by status as of now, and by search', async () => {
  const rows = await world.query(
    `SELECT id, status, expires_at, email, search_text, created_at FROM invitation WHERE organization_id = $1`,
    [one],
  );
  const invitations = sorted(
    rows.map((row) => ({
      id: encodeId('inv', row.id),
      createdAt: row.created_at.getTime(),
      searchText: row.search_text,
      status: row.status === 'PENDING' ? statusNow(row.status, row.expires_at) : row.status,
    })),
    ({ createdAt }) => createdAt,
    'ASC',
  );
  const id = encodeId('org', one);
  const every = ['PENDING', 'ACCEPTED', 'DECLINED', 'REVOKED', 'EXPIRED'];
  expect(new Set(invitations.map(({ status }) => status))).toEqual(new Set(['PENDING', 'EXPIRED']));
  for (const status of [
    undefined,
    ...every.map((only) => [only]),
    every,
    ['EXPIRED', 'EXPIRED'],
    [],
  ]) {
    for (const search of [undefined, 'p1', 'example', 'ada', '%', 'p']) {
      const expected = invitations.filter(
        (row) =>
          (status === undefined || status.includes(row.status)) &&
          (search === undefined || row.searchText.includes(search)),
      );
      await expectList(
        world,
        INVITATIONS,
        { id, filter: { status, search } },
        expected.map((row) => row.id),
      );
    }
  }
  await expectPages(
    world,
    INVITATIONS,
    { id, filter: { status: ['EXPIRED', 'PENDING'] } },
    invitations.map((row) => row.id),
  );
});
