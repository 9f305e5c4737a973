import { readFile } from 'node:fs/promises';
import { CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importCommand } from '../../src/cli/import/command.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { csv, type Files, runImport, withFiles } from './import-files.ts';
import { runCommand } from './run-command.ts';

let store: TestDatabase;

beforeAll(async () => {
  store = await createDatabase();
});

afterAll(async () => {
  await store.close();
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
      ['B-11', 'bad-11', 'Public', '', '', '{"allowed_domains": ["company.example", "gmail.com"]}'],
      ['B-12', 'bad-12', 'Closed', '', '', '{"email_invites": "restricted"}'],
      ['B-13', 'bad-13', 'Closed', '', '', '{"auth_methods": "restricted"}'],
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
    ['12', 'INVALID_INPUT', expect.stringContaining('"settings.allowedDomains.1" must not be')],
    ['13', 'INVALID_INPUT', expect.stringContaining('"settings.allowedDomains" must name')],
    ['14', 'INVALID_INPUT', expect.stringContaining('"settings.allowedAuthMethods" must name')],
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
  expect(stdout).toMatch(/and 4 more: all are in /);
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
