import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeId } from '../../src/domain/id.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { csv, digest, type Files, runImport } from './import-files.ts';

let store: TestDatabase;

beforeAll(async () => {
  store = await createDatabase();
});

afterAll(async () => {
  await store.close();
});

describe('a first import and a second', () => {
  const files: Files = {
    organizations: csv(
      ['external_id', 'slug', 'display_name', 'metadata', 'settings', 'seat_limit', 'logo_url'],
      [
        'C-1',
        'acme',
        'Acme, "the" Company',
        '{"plan": "free"}',
        '{"email_invites": "restricted", "email_allowed_domains": ["example.com"]}',
        '10',
        'https://example.com/logo.png',
      ],
      ['C-2', '', 'Zürich Versicherung', '', '', '', ''],
    ),
    users: csv(
      [
        'external_id',
        'email',
        'name',
        'given_name',
        'email_verified',
        'locale',
        'metadata',
        'untrusted_metadata',
        'issuer',
        'subject',
      ],
      [
        'U-1',
        'Ann@Example.com',
        'Ann Ødegård',
        'Ann',
        'true',
        'nb-NO',
        '{"a": 1}',
        '{"b": [2]}',
        'https://id.example.com',
        'sub-1',
      ],
      ['U-2', 'bob@example.com', '李小龙', '', '', '', '', '', '', ''],
    ).replaceAll('\n', '\r\n'),
    memberships: csv(
      [
        'organization_external_id',
        'email',
        'user_external_id',
        'roles',
        'status',
        'joined_at',
        'metadata',
        'name',
        'external_id',
        'primary_identity_provider',
      ],
      [
        'C-1',
        'ANN@example.com',
        '',
        'owner|admin',
        '',
        '2025-06-27T12:57:43.720+02:00',
        '{"department":\r\n"engineering"}',
        '',
        'M-1',
        'OKTA',
      ],
      ['C-1', '', 'U-2', 'member', 'SUSPENDED', '2025-07-15', '', '', '', ''],
      ['C-1', 'carol@example.com', '', '', 'PENDING_INVITE', '', '', 'Carol', '', ''],
      ['C-2', 'bob@example.com', '', 'admin;member', 'removed', '', '', '', '', ''],
    ),
  };
  for (const kind of ['organizations', 'users', 'memberships'] as const) {
    files[kind] = `\ufeff${files[kind]}`;
  }
  let first: Awaited<ReturnType<typeof runImport>>;

  beforeAll(async () => {
    first = await runImport(store.url, files);
  });

  test('say how many rows of each file were created', () => {
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(/organizations +2 +0 +0 +0\n/);
    expect(first.stdout).toMatch(/users +2 +0 +0 +0\n/);
    expect(first.stdout).toMatch(/memberships +4 +0 +0 +0\n/);
    expect(first.stderr).toMatch(/memberships: 4 rows/);
  });

  test('write what stands in the cells', async () => {
    const { prisma } = store.database;
    expect(await prisma.organization.findMany({ orderBy: { externalId: 'asc' } })).toMatchObject([
      {
        displayName: 'Acme, "the" Company',
        slug: 'acme',
        metadata: { plan: 'free' },
        emailInvites: 'RESTRICTED',
        allowedDomains: ['example.com'],
        seatLimit: 10,
        logoUrl: 'https://example.com/logo.png',
        activeCount: 1,
        suspendedCount: 1,
        pendingCount: 1,
      },
      { slug: 'zurich-versicherung', metadata: {}, seatLimit: null, removedCount: 1 },
    ]);
    expect(
      await prisma.user.findMany({ include: { identities: true }, orderBy: { email: 'asc' } }),
    ).toMatchObject([
      {
        email: 'ann@example.com',
        emailVerified: true,
        externalId: 'U-1',
        name: 'Ann Ødegård',
        givenName: 'Ann',
        locale: 'nb-NO',
        metadata: { a: 1 },
        untrustedMetadata: { b: [2] },
        identities: [{ issuer: 'https://id.example.com', subject: 'sub-1' }],
      },
      { email: 'bob@example.com', externalId: 'U-2', name: '李小龙' },
      { email: 'carol@example.com' },
    ]);
    const memberships = await prisma.membership.findMany({
      include: { user: true, roleAssignments: { include: { role: true } } },
      orderBy: [{ organization: { externalId: 'asc' } }, { user: { email: 'asc' } }],
    });
    expect(
      memberships.map(({ user, status, roleAssignments }) => [
        user.email,
        status,
        roleAssignments.map(({ role }) => role.key).sort(),
      ]),
    ).toEqual([
      ['ann@example.com', 'ACTIVE', ['admin', 'owner']],
      ['bob@example.com', 'SUSPENDED', ['member']],
      ['carol@example.com', 'PENDING_INVITE', []],
      ['bob@example.com', 'REMOVED', expect.anything()],
    ]);
    expect(memberships[0]).toMatchObject({
      externalId: 'M-1',
      metadata: { department: 'engineering' },
      joinedAt: new Date('2025-06-27T10:57:43.720Z'),
      primaryIdentityProvider: 'OKTA',
      provisioningMethod: 'IMPORT',
    });
    expect(memberships[1]?.joinedAt).toEqual(new Date('2025-07-15T00:00:00Z'));
  });

  test('report which row is which node', async () => {
    const { prisma } = store.database;
    expect(first.report.map(({ file, line, outcome }) => `${file} ${line} ${outcome}`)).toEqual([
      'organizations 2 created',
      'organizations 3 created',
      'users 2 created',
      'users 3 created',
      'memberships 2 created',
      // The first row has a line break in a cell.
      'memberships 4 created',
      'memberships 5 created',
      'memberships 6 created',
    ]);
    const member = first.report.find(({ source_id }) => source_id === 'C-1/ANN@example.com');
    const found = await prisma.membership.findUnique({
      where: { id: decodeId('mbr', member?.membership_id ?? '') ?? '' },
    });
    expect(found).toMatchObject({
      externalId: 'M-1',
      organizationId: decodeId('org', member?.organization_id ?? ''),
      userId: decodeId('usr', member?.user_id ?? ''),
    });
    const organization = first.report.find(({ source_id }) => source_id === 'C-1');
    expect(organization?.organization_id).toBe(member?.organization_id);
    const user = first.report.find(({ source_id }) => source_id === 'U-1');
    expect(user?.user_id).toBe(member?.user_id);
  });

  test('differ: the second changes nothing and finds the same nodes', async () => {
    const before = await digest(store.database);
    const second = await runImport(store.url, files);
    expect(second.code).toBe(0);
    expect(second.report.map(({ outcome }) => outcome)).toEqual(Array(8).fill('unchanged'));
    expect(second.report).toEqual(first.report.map((row) => ({ ...row, outcome: 'unchanged' })));
    expect(await digest(store.database)).toEqual(before);
  });
});

test('a slug that is no DNS label is converted, and that is said', async () => {
  const organizations = csv(
    ['external_id', 'slug', 'display_name'],
    ['S-1', 'Ünder Score_GmbH', 'One'],
    ['S-2', 'under-score-gmbh', 'Two'],
  );
  const { code, report, stdout } = await runImport(store.url, { organizations });
  const slugs = await store.database.prisma.organization.findMany({
    where: { externalId: { startsWith: 'S-' } },
    orderBy: { externalId: 'asc' },
    select: { slug: true },
  });
  expect(slugs[0]).toEqual({ slug: 'under-score-gmbh' });
  expect(report[0]?.notes).toContain('under-score-gmbh');
  expect(stdout).toMatch(/Notes:\n {2}organizations, line 2: .*under-score-gmbh/);
  expect([report[1]?.code, code]).toEqual(['DUPLICATE_SLUG', 1]);
  const again = await runImport(store.url, { organizations });
  expect(again.report.map(({ outcome }) => outcome)).toEqual(['unchanged', 'refused']);
});

test('people who were removed stay removed, unless they are to come back', async () => {
  const memberships = (status: string) =>
    csv(['organization_external_id', 'email', 'status'], ['R-1', 'back@example.com', status]);
  const organizations = csv(['external_id', 'display_name'], ['R-1', 'Return']);
  await runImport(store.url, { organizations, memberships: memberships('REMOVED') });
  const status = async () =>
    (
      await store.database.prisma.membership.findFirst({
        where: { user: { email: 'back@example.com' } },
      })
    )?.status;
  const left = await runImport(store.url, { memberships: memberships('ACTIVE') });
  expect([left.report[0]?.outcome, await status()]).toEqual(['unchanged', 'REMOVED']);
  const back = await runImport(store.url, { memberships: memberships('ACTIVE') }, '--reactivate');
  expect([back.report[0]?.outcome, await status()]).toEqual(['changed', 'ACTIVE']);
});

test('a dry run tells what the real run will do, and does nothing', async () => {
  const files: Files = {
    organizations: csv(
      ['external_id', 'slug', 'display_name', 'seat_limit'],
      ['T-1', 'dry', 'Dry', '2'],
      ['C-1', 'acme', 'Acme', ''],
      ['T-2', 'dry', 'Dry too', ''],
    ),
    users: csv(
      ['external_id', 'email'],
      ['TU-1', 'dry-1@example.com'],
      ['TU-2', 'dry-2@example.com'],
    ),
    memberships: csv(
      ['organization_external_id', 'email', 'user_external_id'],
      ['T-1', '', 'TU-1'],
      ['T-1', 'dry-2@example.com', ''],
      ['T-1', 'dry-3@example.com', ''],
      ['T-1', 'dry-2@example.com', ''],
      ['C-1', 'ann@example.com', ''],
    ),
  };
  const before = await digest(store.database);
  const dry = await runImport(store.url, files, '--dry-run');
  expect(await digest(store.database)).toEqual(before);
  const real = await runImport(store.url, files);
  expect(dry.stdout.startsWith('Dry run: nothing was written.\n')).toBe(true);
  expect(dry.code).toBe(1);
  const outcomes = ({ report }: typeof dry) =>
    report.map(({ file, line, outcome, code }) => [file, line, outcome, code]);
  expect(outcomes(dry)).toEqual(outcomes(real));
  expect(outcomes(dry).map(([, , outcome, code]) => code || outcome)).toEqual([
    'created',
    'unchanged',
    'DUPLICATE_SLUG',
    'created',
    'created',
    'created',
    'created',
    'SEAT_LIMIT',
    'DUPLICATE_EMAIL',
    'unchanged',
  ]);
  // An id that is gone when the command ends would be a lie; one that was there before is not.
  const ids = dry.report.map((row) => row.organization_id + row.user_id + row.membership_id);
  expect(ids.map((id) => id !== '')).toEqual([
    ...[false, true, false, false, false],
    ...[false, false, false, false, true],
  ]);
});
