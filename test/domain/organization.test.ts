import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import {
  type AddOrganizationsOptions,
  addOrganizations,
  type OrganizationInput,
} from '../../src/domain/organization.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { act, expectConsistent, found, fresh, history, said } from './world.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

afterEach(() => expectConsistent(db));

afterAll(() => db.close());

function add(rows: OrganizationInput[], options: AddOrganizationsOptions = { act: 'create' }) {
  return act(db, [], (tx) => addOrganizations(tx, rows, options));
}

function stored(id: string) {
  return db.database.prisma.organization.findUniqueOrThrow({
    where: { id },
    include: { slugs: true },
  });
}

test('an organization keeps what it was created with, and says so in its first event', async () => {
  const id = await found(db, {
    displayName: ' Ærø & Co. ',
    externalId: 'crm-1',
    metadata: { plan: 'pro', nothing: null },
    logoUrl: 'https://example.com/logo.png',
    seatLimit: 5,
    settings: {
      emailInvites: 'RESTRICTED',
      allowedDomains: ['Example.com', 'example.com'],
      authMethods: 'RESTRICTED',
      allowedAuthMethods: ['SSO', 'SSO'],
    },
  });
  expect(await stored(id)).toMatchObject({
    displayName: 'Ærø & Co.',
    slug: 'aero-co',
    slugs: [{ slug: 'aero-co' }],
    externalId: 'crm-1',
    metadata: { plan: 'pro' },
    logoUrl: 'https://example.com/logo.png',
    seatLimit: 5,
    emailInvites: 'RESTRICTED',
    allowedDomains: ['example.com'],
    allowedAuthMethods: ['SSO'],
    emailJitProvisioning: 'NOT_ALLOWED',
    nameKey: 'aero & co.',
    searchText: 'aero & co.\naero-co',
    sequence: 1,
  });
  expect(await history(db, id)).toEqual(['CREATED']);
});

test('a derived slug is never an error', async () => {
  const displayName = fresh('Same Name ');
  const outcomes = await add([
    ...Array.from({ length: 40 }, () => ({ displayName })),
    { displayName: 'API' },
    { displayName: '株式会社' },
    { displayName: '有限会社' },
  ]);
  expect(new Set(said(outcomes))).toEqual(new Set(['created']));
  const slugs = await Promise.all(
    outcomes.map(async (row) => (row.outcome === 'refused' ? '' : (await stored(row.id)).slug)),
  );
  const base = displayName.toLowerCase().replaceAll(' ', '-');
  expect(slugs.slice(0, 3)).toEqual([base, `${base}-2`, `${base}-3`]);
  expect(slugs.slice(40)).toEqual(['api-2', 'organization', 'organization-2']);
  expect(new Set(slugs).size).toBe(slugs.length);
});

test('a given slug that is taken, or was, is refused with its holder', async () => {
  const [slug, former] = [fresh('slug'), fresh('former')];
  const id = await found(db, { slug });
  await db.query('INSERT INTO organization_slug (slug, organization_id) VALUES ($1, $2)', [
    former,
    id,
  ]);
  const displayName = 'Another';
  const outcomes = await add([
    { displayName, slug },
    { displayName, slug: former },
    { displayName, slug: 'www' },
    { displayName, slug: 'No Label' },
    { displayName, slug: 'xn--bcher-kva' },
  ]);
  expect(said(outcomes)).toEqual([
    'DUPLICATE_SLUG',
    'DUPLICATE_SLUG',
    'INVALID_INPUT',
    'INVALID_INPUT',
    'INVALID_INPUT',
  ]);
  expect(outcomes[1]).toMatchObject({ error: { existingId: encodeId('org', id), field: 'slug' } });
});

test('an import converts slugs, says so, and finds its organizations again', async () => {
  const [externalId, slug] = [fresh('ext'), fresh('known')];
  const id = await found(db, { externalId, slug });
  const options = { act: 'import', existing: 'unchanged', convertSlug: true } as const;
  const rows = [
    { displayName: 'Other name', externalId, slug: 'other-slug' },
    { displayName: 'By slug', slug },
    { displayName: 'Taken', slug, externalId: fresh('ext') },
    { displayName: 'Converted', slug: `${slug.toUpperCase()}`, externalId: fresh('ext') },
    { displayName: 'First', externalId: 'new-one' },
    { displayName: 'Second', externalId: 'new-one' },
  ];
  const outcomes = await add(rows, options);
  expect(outcomes.slice(0, 2)).toEqual([
    { outcome: 'unchanged', id },
    { outcome: 'unchanged', id },
  ]);
  expect(said(outcomes.slice(2))).toEqual(['DUPLICATE_SLUG', 'created', 'created', 'unchanged']);
  expect(outcomes[3]).toMatchObject({ notes: [`The slug was made "${slug}-2".`] });
  expect(said(await add(rows, options)).filter((row) => row === 'created')).toEqual([]);
  expect(said(await add(rows.slice(4, 5)))).toEqual(['DUPLICATE_EXTERNAL_ID']);
});

test('what the database would not keep is refused before', async () => {
  const displayName = 'Fine';
  const outcomes = await add([
    { displayName: '' },
    { displayName: 'x'.repeat(201) },
    { displayName: 'a\0' },
    { displayName: '\uD800' },
    { displayName: 'two\nlines' },
    { displayName, externalId: 'x'.repeat(256) },
    { displayName, logoUrl: 'javascript:alert(1)' },
    { displayName, logoUrl: `https://example.com/${'x'.repeat(2048)}` },
    { displayName, seatLimit: -1 },
    { displayName, seatLimit: 1.5 },
    { displayName, seatLimit: 2 ** 31 },
    { displayName, metadata: { digits: Array(20).fill(1e300) } },
    { displayName, settings: { authMethods: 'RESTRICTED' } },
    { displayName, settings: { allowedDomains: ['not a domain'] } },
    { displayName: '🏢'.repeat(200) },
  ]);
  expect(said(outcomes)).toEqual([...Array(14).fill('INVALID_INPUT'), 'created']);
});

test('many at once with the same name and the same external id: no error but the refusal', async () => {
  const displayName = fresh('Parallel ');
  const externalId = fresh('parallel');
  const outcomes = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      add([{ displayName, externalId: index < 5 ? externalId : null }]),
    ),
  );
  expect(said(outcomes.flat()).sort()).toEqual([
    ...Array(4).fill('DUPLICATE_EXTERNAL_ID'),
    ...Array(6).fill('created'),
  ]);
});
