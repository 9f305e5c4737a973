import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Files, runImport, withFiles } from './import-files.ts';
import { startCommand } from './run-command.ts';

const organizations = 20;
const members = 3000;

const files: Files = {
  organizations: `external_id,display_name\n${lines(organizations, (n) => `o${n},Organization ${n}`)}`,
  users: `external_id,email,name\n${lines(members / 2, (n) => `u${n},person-${n}@example.com,Person ${n}`)}`,
  memberships: `organization_external_id,email,role\n${lines(
    members,
    (n) =>
      `o${(n * 7 + Math.floor((n * 2) / members)) % organizations},person-${n % (members / 2)}@example.com,admin`,
  )}`,
};

let store: TestDatabase;
let listener: pg.Client;

beforeEach(async () => {
  store = await createDatabase();
  await store.query(`
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_notify('committed', ''); RETURN NULL; END $$`);
  await store.query(`
    CREATE TRIGGER tell AFTER INSERT ON membership FOR EACH STATEMENT EXECUTE FUNCTION tell()`);
  listener = new pg.Client({ connectionString: store.url });
  await listener.connect();
  await listener.query('LISTEN committed');
});

afterEach(async () => {
  await listener.end();
  await store.close();
});

test('killed half-way, it leaves no half row, and a second run does the rest', async () => {
  await withFiles(files, async (args) => {
    const child = startCommand(store.url, ['import', ...args]);
    const exited = once(child, 'exit');
    await once(listener, 'notification');
    child.kill('SIGKILL');
    expect(await exited).toEqual([null, 'SIGKILL']);
    // What was under way when it died is still being rolled back, or just committing.
    while ((await writers()).length > 0) {}
  });
  const done = await count('membership');
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(members);
  await expectWholeRows();

  const { code, report } = await runImport(store.url, files);
  expect(code).toBe(0);
  const outcomes = report
    .filter(({ file }) => file === 'memberships')
    .map(({ outcome }) => outcome);
  expect(outcomes.filter((outcome) => outcome === 'unchanged').length).toBe(done);
  expect(outcomes.filter((outcome) => outcome === 'created').length).toBe(members - done);
  expect(await count('membership')).toBe(members);
  await expectWholeRows();
});

test('a lost connection is made again and no row is lost', async () => {
  await withFiles(files, async (args) => {
    const child = startCommand(store.url, ['import', ...args]);
    const exited = once(child, 'exit');
    for (const _ of ['once', 'and again']) {
      await once(listener, 'notification');
      await store.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [
        await writers(),
      ]);
    }
    expect(await exited).toEqual([0, null]);
  });
  expect(await count('membership')).toBe(members);
  await expectWholeRows();
});

test('a dry run of many batches finds every row in order, and takes all of it back', async () => {
  const { code, report } = await runImport(store.url, files, '--dry-run');
  expect(code).toBe(0);
  expect(report.length).toBe(organizations + members / 2 + members);
  expect(new Set(report.map(({ outcome }) => outcome))).toEqual(new Set(['created']));
  for (const table of ['organization', 'user', 'membership', 'event']) {
    expect(await count(table)).toBe(0);
  }
});

test('two imports of the same files at once do it once', async () => {
  await withFiles(files, async (args) => {
    const children = [1, 2].map(() => startCommand(store.url, ['import', ...args]));
    const ends = await Promise.all(
      children.map(async (child) => ({
        stdout: await text(child.stdout),
        code: child.exitCode ?? (await once(child, 'exit'))[0],
      })),
    );
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    const created = ends.map(({ stdout }) =>
      Number(/memberships +([\d,]+)/.exec(stdout)?.[1]?.replace(',', '')),
    );
    expect((created[0] ?? 0) + (created[1] ?? 0)).toBe(members);
  });
  expect(await count('membership')).toBe(members);
  expect(await count('user')).toBe(members / 2);
  await expectWholeRows();
});

test('a row that the database chokes on is refused alone', async () => {
  await store.query(`
    CREATE FUNCTION choke() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.email_key = 'person-77@example.com' THEN RAISE EXCEPTION 'Choked.'; END IF;
      RETURN NEW;
    END $$`);
  await store.query(`
    CREATE TRIGGER choke BEFORE INSERT ON membership FOR EACH ROW EXECUTE FUNCTION choke()`);
  const { code, report } = await runImport(store.url, files);
  expect(code).toBe(1);
  expect(report.filter(({ outcome }) => outcome === 'refused')).toMatchObject([
    { line: '79', code: 'FAILED', notes: expect.stringContaining('Choked.') },
    { line: String(members / 2 + 79), code: 'FAILED' },
  ]);
  expect(await count('membership')).toBe(members - 2);
  await expectWholeRows();
});

async function count(table: string): Promise<number> {
  const [row] = await store.query<{ count: string }>(`SELECT count(*) FROM "${table}"`);
  return Number(row?.count);
}

/** The connections on which an import writes. */
async function writers(): Promise<number[]> {
  const rows = await store.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'gatehouse-write'`,
  );
  return rows.map(({ pid }) => pid);
}

async function expectWholeRows(): Promise<void> {
  const [found] = await store.query(`
    SELECT
      (SELECT count(*) FROM membership WHERE 1 <> (
        SELECT count(*) FROM event WHERE event.membership_id = membership.id AND event.status = 'ACTIVE')) AS "without their event",
      (SELECT count(*) FROM membership WHERE 1 <> (
        SELECT count(*) FROM role_assignment WHERE role_assignment.membership_id = membership.id)) AS "without their role",
      (SELECT count(*) FROM organization WHERE active_count <> (
        SELECT count(*) FROM membership WHERE membership.organization_id = organization.id)) AS "miscounted organizations",
      (SELECT count(*) FROM "user" WHERE membership_count <> (
        SELECT count(*) FROM membership WHERE membership.user_id = "user".id)) AS "miscounted users",
      (SELECT count(*) FROM organization WHERE (sequence, sequence) IS DISTINCT FROM (
        SELECT (count(*)::int, max(event.sequence)) FROM event WHERE event.organization_id = organization.id)) AS "holes"`);
  expect(found).toEqual({
    'without their event': '0',
    'without their role': '0',
    'miscounted organizations': '0',
    'miscounted users': '0',
    holes: '0',
  });
}

function lines(n: number, line: (n: number) => string): string {
  return Array.from({ length: n }, (_, at) => `${line(at)}\n`).join('');
}
