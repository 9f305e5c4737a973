import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { type AddUsersOptions, addUsers, type UserInput } from '../../src/domain/user.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { act, expectConsistent, found, fresh, join, said } from './world.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

afterEach(() => expectConsistent(db));

afterAll(() => db.close());

const importing: AddUsersOptions = { act: 'import', existing: 'unchanged' };

function add(rows: UserInput[], options: AddUsersOptions = { act: 'create' }) {
  return act(db, [], (tx) => addUsers(tx, rows, options));
}

function stored(email: string) {
  return db.database.prisma.user.findUniqueOrThrow({
    where: { email },
    include: { identities: true, memberships: true },
  });
}

test('a user keeps what they were created with', async () => {
  const name = fresh('ada');
  await add([
    {
      email: ` ${name}@EXAMPLE.com`,
      emailVerified: true,
      externalId: name,
      name: 'Ada Lovelace',
      givenName: 'Ada',
      locale: 'en_gb',
      pictureUrl: 'https://example.com/ada.png',
      metadata: { a: 1 },
      untrustedMetadata: { b: 2 },
      issuer: 'https://issuer.example.com',
      subject: name,
    },
  ]);
  const user = await stored(`${name}@example.com`);
  expect(user).toMatchObject({
    emailVerified: true,
    externalId: name,
    name: 'Ada Lovelace',
    locale: 'en-GB',
    metadata: { a: 1 },
    untrustedMetadata: { b: 2 },
    invitedOnly: false,
    nameKey: 'ada lovelace',
    searchText: `ada lovelace\n${name}@example.com`,
    identities: [{ issuer: 'https://issuer.example.com', subject: name }],
  });
  const events = await db.database.prisma.event.findMany({
    where: { userId: user.id },
    orderBy: { position: 'asc' },
  });
  expect(events.map(({ type }) => type)).toEqual(['USER_CREATED', 'IDENTITY_LINKED']);
});

test('whose address, external id or account it is already', async () => {
  const name = fresh('taken');
  const email = `${name}@example.com`;
  const account = { issuer: 'https://issuer.example.com', subject: name };
  await add([{ email, externalId: name, ...account }]);
  const { id } = await stored(email);
  const rows = [
    { email: email.toUpperCase() },
    { email, externalId: name },
    { email, externalId: fresh('other') },
    { email: `${fresh('new')}@example.com`, externalId: name },
    { email: `${fresh('new')}@example.com`, ...account },
  ];
  const created = await add(rows);
  expect(said(created)).toEqual([
    'DUPLICATE_EMAIL',
    'DUPLICATE_EMAIL',
    'DUPLICATE_EMAIL',
    'DUPLICATE_EXTERNAL_ID',
    'DUPLICATE_KEY',
  ]);
  for (const row of created) {
    expect(row).toMatchObject({ error: { existingId: encodeId('usr', id) } });
  }
  expect(said(await add(rows, importing))).toEqual([
    'unchanged',
    'unchanged',
    'DUPLICATE_EMAIL',
    'DUPLICATE_EXTERNAL_ID',
    'DUPLICATE_KEY',
  ]);
});

test('rows of one batch: the first wins', async () => {
  const name = fresh('batch');
  const email = `${name}@example.com`;
  const account = { issuer: 'https://issuer.example.com', subject: name };
  const outcomes = await add(
    [
      { email, externalId: name, ...account },
      { email },
      { email, externalId: 'another' },
      { email: `x${email}`, externalId: name },
      { email: `y${email}`, ...account },
    ],
    importing,
  );
  expect(said(outcomes)).toEqual([
    'created',
    'unchanged',
    'DUPLICATE_EMAIL',
    'DUPLICATE_EXTERNAL_ID',
    'DUPLICATE_KEY',
  ]);
});

test('an account of somebody who is there is not linked, and the import says so', async () => {
  const email = `${fresh('there')}@example.com`;
  await add([{ email }]);
  const [outcome] = await add(
    [{ email, issuer: 'https://issuer.example.com', subject: email }],
    importing,
  );
  expect(outcome).toMatchObject({
    outcome: 'unchanged',
    notes: [expect.stringMatching(/not linked/)],
  });
  expect((await stored(email)).identities).toEqual([]);
});

test('who only was invited becomes a user like any other, under the name that lists show', async () => {
  const organizationId = await found(db);
  const { email, userId } = await join(db, organizationId, {
    status: 'PENDING_INVITE',
    name: 'Guest',
  });
  expect(await stored(email)).toMatchObject({ invitedOnly: true, name: null });
  const rows = [{ email, name: 'Real Name', externalId: fresh('adopted') }];
  expect(await add(rows)).toEqual([{ outcome: 'created', id: userId }]);
  expect(await stored(email)).toMatchObject({
    invitedOnly: false,
    name: 'Real Name',
    memberships: [
      { name: 'Guest', nameKey: 'real name', searchText: `real name\n${email}`, version: 1 },
    ],
  });
});

test('who is added elsewhere meanwhile gets the name that they are given here', async () => {
  const [here, there] = [await found(db), await found(db)];
  const { email } = await join(db, here, { status: 'PENDING_INVITE' });
  let added: Promise<unknown> | undefined;
  await act(db, [], async (tx) => {
    await addUsers(tx, [{ email, name: 'Real Name' }], { act: 'create' });
    let isAdded = false;
    added = join(db, there, { email }).finally(() => {
      isAdded = true;
    });
    const waiting = () =>
      db.query(`SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND datname = current_database()`);
    while (!isAdded && (await waiting()).length === 0) {
      await new Promise(setImmediate);
    }
  });
  await added;
  const { memberships } = await stored(email);
  expect(memberships.map(({ nameKey }) => nameKey)).toEqual(['real name', 'real name']);
});

test('what the database would not keep is refused before', async () => {
  const email = 'fine@example.com';
  const outcomes = await add([
    { email: 'nobody' },
    { email, name: '' },
    { email, givenName: 'x'.repeat(201) },
    { email, familyName: 'a\0' },
    { email, externalId: '\uDC00' },
    { email, pictureUrl: 'ftp://example.com' },
    { email, locale: 'not a locale' },
    { email, locale: 'x' },
    { email, metadata: { a: 'x\0' } },
    { email, untrustedMetadata: JSON.parse('[1]') },
    { email, issuer: 'https://issuer.example.com' },
    { email, subject: 'only' },
  ]);
  expect(new Set(said(outcomes))).toEqual(new Set(['INVALID_INPUT']));
});

test('many at once create the same people once', async () => {
  const names = Array.from({ length: 20 }, () => fresh('parallel'));
  const rows = names.map((name) => ({ email: `${name}@example.com`, externalId: name }));
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, index) => add(index % 2 ? rows : rows.toReversed(), importing)),
  );
  const all = outcomes.flat();
  expect(said(all).filter((row) => row === 'created')).toHaveLength(20);
  expect(said(all).filter((row) => row === 'unchanged')).toHaveLength(140);
});

test('in the ISOLATED model a profile hangs on memberships, not on users', async () => {
  await db.query("UPDATE environment SET identity_model = 'ISOLATED'");
  try {
    const email = `${fresh('isolated')}@example.com`;
    const outcomes = await add([{ email, name: 'Ada' }, { email, emailVerified: true }, { email }]);
    expect(said(outcomes)).toEqual(['WRONG_IDENTITY_MODEL', 'WRONG_IDENTITY_MODEL', 'created']);
    expect(outcomes[0]).toMatchObject({ error: { identityModel: 'ISOLATED' } });
  } finally {
    await db.query("UPDATE environment SET identity_model = 'SHARED'");
  }
});
