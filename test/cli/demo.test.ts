import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { digest } from './import-files.ts';
import { type Finished, runCommand } from './run-command.ts';

let store: Awaited<ReturnType<typeof createDatabase>>;
let first: Finished;

beforeAll(async () => {
  store = await createDatabase();
  first = await runCommand(store.url, ['demo']);
});

afterAll(async () => {
  await store.close();
});

test('it fills a world with every status and every built-in role', async () => {
  expect(first).toMatchObject({ code: 0, stderr: '' });
  const { prisma } = store.database;
  const statuses = await prisma.$queryRaw<{ status: string }[]>`
    SELECT DISTINCT membership_status_at(status, status_deadline, now())::text AS status FROM membership ORDER BY 1`;
  expect(statuses.map(({ status }) => status)).toEqual([
    'ACTIVE',
    'INVITE_EXPIRED',
    'PENDING_INVITE',
    'REMOVED',
    'SUSPENDED',
  ]);
  const roles = await prisma.role.findMany({ where: { assignments: { some: {} } } });
  expect(roles.map(({ key }) => key).sort()).toEqual(['admin', 'member', 'owner']);
  const unowned = await prisma.organization.findMany({
    where: {
      memberships: {
        none: { status: 'ACTIVE', roleAssignments: { some: { role: { key: 'owner' } } } },
      },
    },
  });
  expect(unowned).toEqual([]);
});

test('the objects of the two documents are in it', async () => {
  const { prisma } = store.database;
  expect(
    await prisma.organization.findUnique({ where: { externalId: 'CUST-12345-MGSFT' } }),
  ).toMatchObject({
    displayName: 'Megasoft Inc',
    metadata: { invoice_email: 'invoices@megasoft.com', plan_type: 'enterprise' },
  });
  expect(
    await prisma.organization.findMany({
      where: { slug: { startsWith: 'team-' } },
      orderBy: { slug: 'asc' },
    }),
  ).toMatchObject([
    {
      displayName: 'Team A',
      metadata: { billing_tier: 'free', privacy_setting: 'public' },
      emailInvites: 'ALL_ALLOWED',
      emailJitProvisioning: 'NOT_ALLOWED',
    },
    {
      displayName: 'Team B',
      metadata: { billing_tier: 'premium', privacy_setting: 'private' },
      emailInvites: 'RESTRICTED',
      emailJitProvisioning: 'RESTRICTED',
      allowedDomains: ['stytch.com'],
    },
    {
      displayName: 'Team C',
      metadata: { billing_tier: 'enterprise', privacy_setting: 'private' },
      authMethods: 'RESTRICTED',
      allowedAuthMethods: ['SSO'],
    },
  ]);
  expect(
    await prisma.membership.findMany({
      where: { user: { email: 'adalovelace@stytch.com', emailVerified: true, name: null } },
      orderBy: { organization: { slug: 'asc' } },
    }),
  ).toMatchObject([
    {
      name: 'Ada Lovelace',
      status: 'ACTIVE',
      untrustedMetadata: { job_title: 'Engineer', preferred_locales: ['en', 'es'] },
    },
    { name: 'Miss Ada', status: 'ACTIVE', untrustedMetadata: { timezone: 'EST' } },
    { name: 'Ada', status: 'ACTIVE', untrustedMetadata: { display_theme: 'dark' } },
  ]);
  expect(
    await prisma.membership.findMany({
      where: { user: { name: 'Jane Smith' } },
      orderBy: { joinedAt: 'asc' },
    }),
  ).toMatchObject([
    {
      joinedAt: new Date('2025-06-27T10:57:43.720Z'),
      metadata: { department: 'engineering', location: 'nyc-office' },
      primaryIdentityProvider: 'OKTA',
    },
    {
      joinedAt: new Date('2025-07-15T14:30:22.451Z'),
      metadata: { department: 'product', location: 'sf-office' },
      primaryIdentityProvider: 'GOOGLE',
    },
  ]);
  const claude = await prisma.membership.count({
    where: { user: { email: 'claude.shannon@stytch.com' } },
  });
  expect(claude).toBe(3);
});

test('it happened by the transitions of the domain, at its own time', async () => {
  const history = async (email: string) =>
    (
      await store.database.prisma.event.findMany({
        where: {
          status: { not: null },
          membershipId: { in: await membershipIds(email) },
        },
        orderBy: { sequence: 'asc' },
      })
    ).map(({ cause, previousStatus, status, occurredAt }) => [
      cause,
      previousStatus,
      status,
      Math.round((Date.now() - occurredAt.getTime()) / 86_400_000),
    ]);
  expect(await history('sam.reyes@example.com')).toEqual([
    ['ADDED', null, 'ACTIVE', 50],
    ['SUSPENDED', 'ACTIVE', 'SUSPENDED', 3],
  ]);
  expect(await history('pat.quinn@example.com')).toEqual([
    ['ADDED', null, 'ACTIVE', 45],
    ['REMOVED', 'ACTIVE', 'REMOVED', 5],
  ]);
  expect((await history('late.reply@example.com'))[0]).toEqual([
    ...['INVITED', null, 'PENDING_INVITE', 8],
  ]);
});

test('it says what there is and what to try', () => {
  expect(first.stdout).toMatch(/^The demo is ready\.\n/);
  expect(first.stdout).toMatch(/Megasoft Inc {2}\(megasoft, org_[0-9a-z]{26}\)/);
  expect(first.stdout).toMatch(/INVITE_EXPIRED +late\.reply@example\.com +mbr_[0-9a-z]{26}/);
  expect(first.stdout).toContain('organization(by: { slug: "megasoft" })');
});

test('run again, it leaves everything as it is', async () => {
  const before = await digest(store.database);
  const second = await runCommand(store.url, ['demo']);
  expect(second.code).toBe(0);
  expect(second.stdout).toMatch(/^The demo was here already\.\n/);
  expect(await digest(store.database)).toEqual(before);
});

test('what somebody did in it since is kept', async () => {
  const [id = ''] = await membershipIds('claude.shannon@stytch.com');
  await store.database.prisma.membership.update({ where: { id }, data: { name: 'Renamed' } });
  const before = await digest(store.database);
  await runCommand(store.url, ['demo']);
  expect(await digest(store.database)).toEqual(before);
});

async function membershipIds(email: string): Promise<string[]> {
  const rows = await store.database.prisma.membership.findMany({
    where: { user: { email } },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}
