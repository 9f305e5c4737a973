import { readFile } from 'node:fs/promises';
import { CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importCommand } from '../../src/cli/import/command.ts';
import { decodeId } from '../../src/domain/id.ts';
import { createDatabase } from '../support/database.ts';
import { digest, type Files, runImport, withFiles } from './import-files.ts';
import { runCommand } from './run-command.ts';

type Store = Awaited<ReturnType<typeof createDatabase>>;

let store: Store;

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

test('a bad row is refused with its reason and the others get in', async () => {
  const { code, report, stdout } = await runImport(store.url, {
    organizations: csv(
      ['external_id', 'slug', 'display_name', 'metadata', 'seat_limit', 'settings'],
      ['B-1', 'bad-1', 'Good', '', '', ''],
      ['B-2', 'bad-2', 'JSON', '{"a": ', '', ''],
      ['B-3', 'bad-3', 'No object', '[1]', '', ''],
      ['B-4', 'bad-4', 'Seats', '', 'many', ''],
      ['B-5', 'bad-5', 'Settings', '', '', '{"emailInvite": "RESTRICTED"}'],
      ['B-6', 'bad-6', 'Value', '', '', '{"emailInvites": "SOMETIMES"}'],
      ['', 'bad-7', 'No id', '', '', ''],
      ['B-8', 'bad-8'],
      ['B-9', 'bad-9', '', '', '', ''],
      ['B-10', 'bad-10', 'Good', '', '0', ''],
    ),
    users: csv(
      ['email', 'email_verified', 'locale'],
      ['good@bad.example', 'no', 'en'],
      ['not an address', '', ''],
      ['maybe@bad.example', 'maybe', ''],
      ['cafe\ufffd@bad.example', '', ''],
      ['', '', ''],
      ['locale@bad.example', '', 'x'.repeat(100)],
    )
      .replace('good@bad', '"good@bad')
      .replace('.example,no', '.example",no'),
    memberships: csv(
      ['organization_external_id', 'email', 'user_external_id', 'role', 'status', 'joined_at'],
      ['B-1', 'good@bad.example', '', 'owner', '', ''],
      ['nowhere', 'good@bad.example', '', '', '', ''],
      ['B-1', '', 'nobody', '', '', ''],
      ['B-1', 'one@bad.example', '', 'emperor', '', ''],
      ['B-1', 'two@bad.example', '', '', 'EXPIRED', ''],
      ['B-1', 'three@bad.example', '', '', '', '2025-02-30'],
      ['B-1', 'four@bad.example', '', '', '', '27.06.2025'],
      ['B-1', '', '', '', '', ''],
      ['B-10', 'no-seat@bad.example', '', '', '', ''],
      ['B-1', 'good-too@bad.example', '', '', '', ''],
    ),
  });
  expect(code).toBe(1);
  const of = (file: string) =>
    report
      .filter((row) => row.file === file)
      .map(({ line, outcome, code: why, notes }) => [line, why || outcome, notes]);
  expect(of('organizations')).toEqual([
    ['2', 'created', ''],
    ['3', 'INVALID_INPUT', '"metadata" is not JSON.'],
    ['4', 'INVALID_INPUT', '"metadata" is not a JSON object.'],
    ['5', 'INVALID_INPUT', '"seat_limit" is not a whole number.'],
    ['6', 'INVALID_INPUT', expect.stringContaining('emailInvite')],
    ['7', 'INVALID_INPUT', expect.stringContaining('emailInvites')],
    ['8', 'INVALID_INPUT', '"external_id" is empty.'],
    ['9', 'INVALID_INPUT', 'The row has 2 cells, the header 6.'],
    ['10', 'INVALID_INPUT', '"display_name" is empty.'],
    ['11', 'created', ''],
  ]);
  expect(of('users')).toEqual([
    ['2', 'created', ''],
    ['3', 'INVALID_INPUT', expect.stringContaining('email')],
    ['4', 'INVALID_INPUT', '"email_verified" is neither true nor false.'],
    ['5', 'INVALID_INPUT', 'The cell "email" is not UTF-8 text.'],
    ['6', 'INVALID_INPUT', '"email" is empty.'],
    ['7', 'INVALID_INPUT', expect.stringContaining('"locale" must be')],
  ]);
  expect(of('memberships')).toEqual([
    ['2', 'created', ''],
    ['3', 'NOT_FOUND', 'There is no organization with the external id "nowhere".'],
    ['4', 'NOT_FOUND', expect.any(String)],
    ['5', expect.stringMatching(/NOT_FOUND|INVALID_INPUT/), expect.any(String)],
    ['6', 'INVALID_INPUT', '"status" is none of ACTIVE, SUSPENDED, PENDING_INVITE, REMOVED.'],
    ['7', 'INVALID_INPUT', expect.stringContaining('"joined_at"')],
    ['8', 'INVALID_INPUT', expect.stringContaining('"joined_at"')],
    ['9', 'INVALID_INPUT', '"email" or "user_external_id" must be filled.'],
    ['10', 'SEAT_LIMIT', expect.any(String)],
    ['11', 'created', ''],
  ]);
  expect(stdout).toMatch(/organizations, line 3: INVALID_INPUT "metadata" is not JSON\./);
  expect(stdout).toMatch(/and 1 more: all are in /);
});

test('a second row for the same thing is refused with the ids of the first', async () => {
  const { code, report } = await runImport(store.url, {
    organizations: csv(['external_id', 'display_name'], ['D-1', 'First'], ['D-1', 'Second']),
    users: csv(
      ['external_id', 'email'],
      ['DU-1', 'twice@dup.example'],
      ['DU-2', 'other@dup.example'],
      ['DU-3', 'TWICE@dup.example '],
      ['DU-2', 'third@dup.example'],
    ),
    memberships: csv(
      ['organization_external_id', 'email', 'role'],
      // Refused itself: so the next one is the first.
      ['D-1', 'twice@dup.example', 'emperor'],
      ['D-1', 'twice@dup.example', 'admin'],
      ['D-1', 'Twice@dup.example', 'member'],
    ),
  });
  expect(code).toBe(1);
  const [, organization, user, , sameAddress, sameId, , member, again] = report;
  const winner = report[0];
  expect(organization).toMatchObject({
    code: 'DUPLICATE_EXTERNAL_ID',
    organization_id: winner?.organization_id,
  });
  expect(sameAddress).toMatchObject({ code: 'DUPLICATE_EMAIL', user_id: user?.user_id });
  expect(sameId).toMatchObject({ code: 'DUPLICATE_EXTERNAL_ID', user_id: report[3]?.user_id });
  expect(member?.outcome).toBe('created');
  expect(again).toMatchObject({
    code: 'DUPLICATE_EMAIL',
    organization_id: winner?.organization_id,
    user_id: user?.user_id,
    membership_id: member?.membership_id,
  });
  for (const id of [user?.user_id, winner?.organization_id, member?.membership_id]) {
    expect(id).toMatch(/^(usr|org|mbr)_/);
  }
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

describe('called wrongly, it says what is wrong and writes nothing', () => {
  const organizations = 'external_id,display_name\nW-1,Never\n';

  test.each<[string, Files, string[], RegExp]>([
    ['no file', {}, [], /Name a file/],
    [
      'a file that is not there',
      { organizations },
      ['--users', 'nowhere.csv'],
      /--users nowhere\.csv: There is no such file/,
    ],
    ['a folder', { organizations }, ['--users', '.'], /--users \.: This is a folder/],
    ['an empty file', { organizations, users: '' }, [], /--users .*: The file is empty/],
    [
      'a missing column',
      { organizations, users: 'name\nAnn\n' },
      [],
      /--users .*"email" is missing/,
    ],
    [
      'a missing organization column',
      { organizations: 'external_id\nx\n' },
      [],
      /"display_name" is missing/,
    ],
    [
      'no person',
      { organizations, memberships: 'organization_external_id\nx\n' },
      [],
      /One of the columns "email", "user_external_id" is missing/,
    ],
    ['an unknown column', { organizations, users: 'email,emial\na,b\n' }, [], /Unknown: "emial"/],
    [
      'a column twice',
      { organizations, users: 'email,email\na,b\n' },
      [],
      /"email" is there twice/,
    ],
    [
      'role and roles',
      { organizations, memberships: 'organization_external_id,email,role,roles\n' },
      [],
      /Only one of the columns "role", "roles"/,
    ],
    [
      'an unknown option',
      { organizations },
      ['--membership', 'x'],
      /unknown option '--membership'/,
    ],
  ])('%s', async (_, files, args, message) => {
    await withFiles(files, async (fileArgs) => {
      expect(await refusalOf([...fileArgs, ...args])).toMatch(message);
    });
  });

  test('a report over one of the files', async () => {
    await withFiles({ organizations }, async (args) => {
      expect(await refusalOf([...args, '--report', args[1] ?? ''])).toMatch(/one of the files/);
      expect(await readFile(args[1] ?? '', 'utf8')).toBe(organizations);
    });
  });

  test('exits with 2', async () => {
    const { code, stdout, stderr } = await runCommand(store.url, ['import']);
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: 'error: Name a file: --organizations, --users or --memberships.\n',
    });
  });

  // Resolves to what is said. Whoever never connects writes nothing.
  async function refusalOf(args: string[]): Promise<string> {
    let said = '';
    const command = importCommand(() => Promise.reject(new Error('It has connected.')))
      .exitOverride()
      .configureOutput({
        writeErr: (text) => {
          said += text;
        },
      });
    await expect(command.parseAsync(args, { from: 'user' })).rejects.toThrow(CommanderError);
    return said;
  }
});

function csv(...rows: string[][]): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `${rows.map((row) => row.map(cell).join(',')).join('\n')}\n`;
}
