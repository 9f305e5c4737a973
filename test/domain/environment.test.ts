import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApiKey, ensureApiKey, hashSecret, revokeApiKey } from '../../src/domain/api-key.ts';
import { BUILT_IN_ROLE_IDS, ensureEnvironment } from '../../src/domain/environment.ts';
import { ALL_PERMISSIONS, BUILT_IN_ROLES } from '../../src/domain/permission.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { inTransaction } from '../../src/domain/transaction.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { act, found, history } from './world.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

afterAll(() => db.close());

const ensure = () =>
  inTransaction(db.runner, { principal: SYSTEM, environment: 'exclusive' }, ensureEnvironment);

const snapshot = () =>
  Promise.all(
    ['environment', 'role', 'permission'].map((table) =>
      db.query(`SELECT xmin::text, * FROM ${table} ORDER BY 1, 2`),
    ),
  );

test('the environment is made once, and every further start changes nothing', async () => {
  const before = await snapshot();
  await Promise.all([ensure(), ensure(), ensure()]);
  expect(await snapshot()).toEqual(before);
  const roles = await db.database.prisma.role.findMany({ orderBy: { id: 'asc' } });
  expect(roles.map(({ id, key }) => [key, id])).toEqual(Object.entries(BUILT_IN_ROLE_IDS));
  expect(roles.every(({ isBuiltIn }) => isBuiltIn)).toBe(true);
});

test('built-in roles and permissions are brought to what this version says; settings stay', async () => {
  await db.query("UPDATE role SET permissions = '{}' WHERE key = 'member'");
  await db.query("DELETE FROM permission WHERE name = 'membership:read'");
  await db.query('UPDATE environment SET invitation_lifetime = 600');
  await ensure();
  const member = await db.database.prisma.role.findFirst({ where: { key: 'member' } });
  expect(member).toMatchObject({ permissions: [...BUILT_IN_ROLES.member], version: 2 });
  expect(await db.database.prisma.permission.count({ where: { name: 'membership:read' } })).toBe(1);
  expect(await db.database.prisma.environment.findFirst()).toMatchObject({
    invitationLifetime: 600,
  });
});

test('of a key only the hash is kept', async () => {
  const organizationId = await found(db);
  const input = { name: 'Backend', organizationId, permissions: ['membership:*', 'membership:*'] };
  const { id, secret } = await act(db, [organizationId], (tx) => createApiKey(tx, input));
  expect(secret).toMatch(/^ghk_[A-Za-z0-9_-]{43}$/);
  const key = await db.database.prisma.apiKey.findUniqueOrThrow({ where: { id } });
  expect(Buffer.from(key.secretHash)).toEqual(createHash('sha256').update(secret).digest());
  expect(key).toMatchObject({
    organizationId,
    scopeId: organizationId,
    permissions: ['membership:*'],
  });
  const everything = await db.query<{ row: string }>(
    'SELECT row_to_json(event)::text AS row FROM event UNION ALL SELECT row_to_json(event_detail)::text FROM event_detail',
  );
  expect(everything.filter(({ row }) => row.includes(secret.slice(4)))).toEqual([]);
  const revoke = () => act(db, [organizationId], (tx) => revokeApiKey(tx, id));
  await revoke();
  await revoke();
  expect(await history(db, organizationId)).toEqual(['CREATED', 'CREATED', 'REVOKED']);
});

test('a secret that the operator chose makes one key', async () => {
  const secret = `ghk_${'s'.repeat(40)}`;
  const input = { name: 'Operator', permissions: [ALL_PERMISSIONS] };
  const ids = await Promise.all(
    [1, 2, 3].map(() => act(db, [], (tx) => ensureApiKey(tx, input, secret))),
  );
  expect(new Set(ids).size).toBe(1);
  const keys = await db.database.prisma.apiKey.findMany({
    where: { secretHash: hashSecret(secret) },
  });
  expect(keys).toMatchObject([{ organizationId: null }]);
});

test.each([
  { name: '', permissions: [] },
  { name: 'x', permissions: ['everything'] },
  { name: 'x', permissions: [], expiresAt: new Date(0) },
])('%j is no key', async (input) => {
  await expect(act(db, [], (tx) => createApiKey(tx, input))).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  });
});
