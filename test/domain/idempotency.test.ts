import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caller, perform } from '../../src/domain/act.ts';
import { createApiKey } from '../../src/domain/api-key.ts';
import { InputError, NotFoundError } from '../../src/domain/errors.ts';
import { digestOf, forgetResults, once } from '../../src/domain/idempotency.ts';
import { ALL_PERMISSIONS } from '../../src/domain/permission.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { act, fresh } from './world.ts';

let db: TestDatabase;
let principal: Principal;

beforeAll(async () => {
  db = await createDatabase();
  const { id } = await newKey(fresh('Key '));
  principal = { kind: 'apiKey', id, organizationId: null, permissions: [ALL_PERMISSIONS] };
});

afterAll(async () => {
  expect(await brokenInvariants(db.url)).toEqual([]);
  await db.close();
});

function newKey(name: string) {
  return act(db, [], (tx) => createApiKey(tx, { name, permissions: [ALL_PERMISSIONS] }));
}

/** Somebody who asks with the idempotency key for what `asked` says. */
function caller(key: string, asked = key): Caller {
  const idempotency = { key, digest: digestOf(undefined, asked, undefined) };
  return { runner: db.runner, principal, requestId: 'test', idempotency };
}

/** Creates an API key as a mutation would. */
function create(by: Caller, name: string) {
  return once(by, () =>
    perform(by, {
      authorize: () => {},
      async work(tx) {
        const { id, secret } = await createApiKey(tx, { name, permissions: [] });
        return { apiKeyId: id, secret };
      },
    }),
  );
}

function keysNamed(name: string) {
  return db.query('SELECT id FROM api_key WHERE name = $1', [name]);
}

test('a secret is shown once, and kept nowhere', async () => {
  const name = fresh('Name ');
  const by = caller(fresh('key'));
  const first = await create(by, name);
  expect(first.secret).toMatch(/^ghk_/);
  expect(await create(by, name)).toEqual({ apiKeyId: first.apiKeyId, secret: null });
  expect(await keysNamed(name)).toEqual([{ id: first.apiKeyId }]);
  const rows = await db.query<{ text: string }>('SELECT r::text AS text FROM idempotency_record r');
  expect(rows.map(({ text }) => text).join()).toContain(first.apiKeyId);
  expect(rows.map(({ text }) => text).join()).not.toContain(first.secret);
});

test('without a key everything is done again', async () => {
  const name = fresh('Name ');
  const by = { ...caller(''), idempotency: undefined };
  await create(by, name);
  await create(by, name);
  expect(await keysNamed(name)).toHaveLength(2);
});

test('what shares no lock is done once, too', async () => {
  const name = fresh('Name ');
  const by = caller(fresh('key'));
  const results = await Promise.all(Array.from({ length: 20 }, () => create(by, name)));
  expect(new Set(results.map(({ apiKeyId }) => apiKeyId)).size).toBe(1);
  expect(results.filter(({ secret }) => secret !== null)).toHaveLength(1);
  expect(await keysNamed(name)).toHaveLength(1);
});

test('of two operations at the same moment with the same key, one is refused and did nothing', async () => {
  const name = fresh('Name ');
  const key = fresh('key');
  const results = await Promise.allSettled([
    create(caller(key, 'one'), name),
    create(caller(key, 'other'), name),
  ]);
  const refused = results.flatMap((result) => (result.status === 'rejected' ? result.reason : []));
  expect(refused).toEqual([expect.any(InputError)]);
  expect(refused[0].issues[0].path).toEqual(['Idempotency-Key']);
  expect(await keysNamed(name)).toHaveLength(1);
});

test('an act whose target it took away itself is answered like the first time', async () => {
  const { id } = await newKey(fresh('Key '));
  const by = caller(fresh('key'));
  const remove = (pause = () => Promise.resolve()) =>
    once(by, async () => {
      await pause();
      const [found] = await db.query('SELECT FROM api_key WHERE id = $1', [id]);
      if (found === undefined) {
        throw new NotFoundError('API key');
      }
      return perform(by, {
        authorize: () => {},
        async work(tx) {
          await tx.db.apiKey.delete({ where: { id } });
          return { apiKeyId: id };
        },
      });
    });
  const began = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const slow = remove(() => {
    began.resolve();
    return goOn.promise;
  });
  // It has looked for a result when there was none yet, and looks for the target when it is gone.
  await began.promise;
  expect(await remove()).toEqual({ apiKeyId: id });
  goOn.resolve();
  expect(await slow).toEqual({ apiKeyId: id });
  expect(await remove()).toEqual({ apiKeyId: id });
});

test('what was refused stays refused, and is not kept', async () => {
  const by = caller(fresh('key'));
  const refuse = () =>
    perform(by, {
      authorize: () => {},
      work: () => Promise.reject(new NotFoundError('thing')),
    });
  await expect(once(by, refuse)).rejects.toThrow(NotFoundError);
  const name = fresh('Name ');
  expect((await create(by, name)).secret).toMatch(/^ghk_/);
});

test('nobody has no keys', async () => {
  const by: Caller = { ...caller(fresh('key')), principal: { kind: 'anonymous' } };
  await expect(create(by, fresh('Name '))).rejects.toThrow('belongs to somebody');
});

test('the old ones are forgotten, a thousand at a time, and the others kept', async () => {
  const [young, old] = [fresh('key'), fresh('key')];
  await create(caller(young), fresh('Name '));
  await create(caller(old), fresh('Name '));
  await db.query(
    `UPDATE idempotency_record SET created_at = now() - interval '1 day' WHERE key = $1`,
    [old],
  );
  await db.query(
    `INSERT INTO idempotency_record SELECT principal_kind, principal_id, key || n, digest, result, created_at
     FROM idempotency_record, generate_series(1, 1000) AS n WHERE key = $1`,
    [old],
  );
  const { prisma } = db.database;
  expect([await forgetResults(prisma), await forgetResults(prisma)]).toEqual([true, false]);
  const kept = await db.query<{ key: string }>('SELECT key FROM idempotency_record');
  expect(kept.map(({ key }) => key)).toContain(young);
  expect(kept.map(({ key }) => key).filter((key) => key.startsWith(`${old}`))).toEqual([]);
});

test('digests tell names, documents and values apart, and nothing else', () => {
  const same = [
    digestOf('A', '{ a }', { x: { b: [1, 2], a: 'é' }, y: null }),
    digestOf('A', '{ a }', { y: null, x: { a: 'é', b: [1, 2] } }),
  ];
  expect(same[0]).toEqual(same[1]);
  expect(digestOf('A', '{ a }', undefined)).toEqual(digestOf('A', '{ a }', {}));
  const others = [
    digestOf('A', '{ a }', {}),
    digestOf(undefined, '{ a }', {}),
    digestOf('A', '{  a }', {}),
    digestOf('A', '{ a }', { x: 1 }),
    digestOf('A', '{ a }', { x: '1' }),
    digestOf('A', '{ a }', { x: [2, 1] }),
    digestOf('A', '{ a }', { x: [1, 2] }),
  ];
  expect(new Set(others.map((digest) => Buffer.from(digest).toString('hex'))).size).toBe(7);
});
