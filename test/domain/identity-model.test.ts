import { afterAll, beforeAll, expect, test } from 'vitest';
import { effectiveName, misplacedField } from '../../src/domain/identity-model.ts';
import { addUsers } from '../../src/domain/user.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { act, found, fresh, join } from './world.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

afterAll(() => db.close());

test('whose name counts', () => {
  const [user, membership, nobody] = [{ name: 'Ada' }, { name: 'Miss Ada' }, { name: null }];
  expect(effectiveName('SHARED', user, membership)).toBe('Ada');
  expect(effectiveName('SHARED', nobody, membership)).toBe('Miss Ada');
  expect(effectiveName('ISOLATED', user, membership)).toBe('Miss Ada');
  expect(effectiveName('ISOLATED', user, nobody)).toBeNull();
});

test('what may be set where', () => {
  expect(misplacedField('SHARED', 'user', { name: 'Ada', emailVerified: true })).toBeNull();
  expect(misplacedField('SHARED', 'membership', { name: 'Ada' })).toBeNull();
  expect(misplacedField('SHARED', 'membership', { name: 'Ada', locale: 'en' })).toBe('locale');
  expect(misplacedField('SHARED', 'membership', { emailVerified: true })).toBe('emailVerified');
  expect(misplacedField('ISOLATED', 'membership', { name: 'Ada', locale: 'en' })).toBeNull();
  expect(misplacedField('ISOLATED', 'user', { name: null })).toBeNull();
  expect(misplacedField('ISOLATED', 'user', { pictureUrl: 'x' })).toBe('pictureUrl');
});

test('lists sort and search by the name that counts', async () => {
  const email = `${fresh('ada')}@example.com`;
  await act(db, [], (tx) => addUsers(tx, [{ email, name: 'Ada' }], { act: 'create' }));
  const keysIn = async (model: string) => {
    await db.query('UPDATE environment SET identity_model = $1::identity_model', [model]);
    const { id } = await join(db, await found(db), { email, name: 'Miss Ada' });
    return db.query('SELECT name_key, email_key, search_text FROM membership WHERE id = $1', [id]);
  };
  expect(await keysIn('SHARED')).toEqual([
    { name_key: 'ada', email_key: email, search_text: `ada\n${email}` },
  ]);
  expect(await keysIn('ISOLATED')).toEqual([
    { name_key: 'miss ada', email_key: email, search_text: `miss ada\n${email}` },
  ]);
});
