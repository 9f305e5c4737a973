import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiKeyInput, createApiKey } from '../../src/domain/api-key.ts';
import { ensureFirstKey } from '../../src/domain/first-key.ts';
import { ALL_PERMISSIONS } from '../../src/domain/permission.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { inTransaction, type Transaction } from '../../src/domain/transaction.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { act, found } from './world.ts';

const chosen = `ghk_${'c'.repeat(32)}`;
const other = `ghk_${'o'.repeat(32)}`;

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

beforeEach(() => db.query('TRUNCATE api_key CASCADE'));

afterAll(() => db.close());

function start<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
  const scope = { principal: SYSTEM, environment: 'exclusive' } as const;
  return inTransaction(db.runner, scope, work);
}

function make(input: Partial<ApiKeyInput> = {}): Promise<{ secret: string }> {
  const organizations = input.organizationId ? [input.organizationId] : [];
  return act(db, organizations, (tx) =>
    createApiKey(tx, { name: 'A key', permissions: [ALL_PERMISSIONS], ...input }),
  );
}

async function working(): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    'SELECT name FROM api_key WHERE revoked_at IS NULL ORDER BY created_at, id',
  );
  return rows.map(({ name }) => name);
}

it('is made once, however many ask at the same time', async () => {
  const secrets = await Promise.all(
    Array.from({ length: 8 }, () => start((tx) => ensureFirstKey(tx, undefined))),
  );
  expect(secrets.filter((secret) => secret !== undefined)).toHaveLength(1);
  expect(await working()).toEqual(['First key']);
});

it('is not made again when it was revoked', async () => {
  await start((tx) => ensureFirstKey(tx, undefined));
  await db.query('UPDATE api_key SET revoked_at = now()');
  expect(await start((tx) => ensureFirstKey(tx, undefined))).toBeUndefined();
  expect(await working()).toEqual([]);
});

it('is made although there are keys of organizations', async () => {
  const organizationId = await found(db);
  await make({ organizationId });
  expect(await start((tx) => ensureFirstKey(tx, undefined))).toMatch(/^ghk_/);
});

describe('that was chosen', () => {
  it('is the only chosen one, and leaves all others alone', async () => {
    await make();
    for (const secret of [chosen, chosen, other, other]) {
      expect(await start((tx) => ensureFirstKey(tx, secret))).toBeUndefined();
    }
    expect(await working()).toEqual(['A key', 'GATEHOUSE_API_KEY']);
    expect(await start((tx) => ensureFirstKey(tx, undefined))).toBeUndefined();
    expect(await working()).toEqual(['A key', 'GATEHOUSE_API_KEY']);
  });

  it('may be a key that is there already', async () => {
    const { secret } = await make();
    await start((tx) => ensureFirstKey(tx, secret));
    expect(await working()).toEqual(['A key']);
  });

  it.each<[string, () => Promise<{ secret: string }>]>([
    ['a key that has not been revoked', async () => revoked(await make())],
    ['a key that has not expired', async () => expired(await make())],
    [
      'a key of the environment with all permissions',
      async () => make({ organizationId: await found(db) }),
    ],
    ['a key of the environment with all permissions', () => make({ permissions: ['user:read'] })],
  ])('must be %s', async (what, prepare) => {
    await start((tx) => ensureFirstKey(tx, other));
    const { secret } = await prepare();
    const before = await db.query('SELECT * FROM api_key ORDER BY id');
    const refused = start((tx) => ensureFirstKey(tx, secret));
    await expect(refused).rejects.toMatchObject({
      name: 'InputError',
      message: `The input is not valid: GATEHOUSE_API_KEY must be ${what}.`,
    });
    await expect(refused).rejects.not.toThrow(secret);
    expect(await db.query('SELECT * FROM api_key ORDER BY id')).toEqual(before);
  });
});

async function revoked<Key>(key: Key): Promise<Key> {
  await db.query(`UPDATE api_key SET revoked_at = now() WHERE name = 'A key'`);
  return key;
}

async function expired<Key>(key: Key): Promise<Key> {
  await db.query(
    `UPDATE api_key SET created_at = now() - interval '1 hour', expires_at = now() WHERE name = 'A key'`,
  );
  return key;
}
