import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { addMembers } from '../../src/domain/membership.ts';
import { act, found, fresh, join, said } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { eventsOf, say, sayUser } from './user-asks.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterEach(async () => expect(await brokenInvariants(world.url)).toEqual([]));

afterAll(() => world.close());

const address = () => `${fresh('ada')}@example.com`;

/** How the memberships of a user are listed, in the order of their organizations. */
function listed(userId: string) {
  return world.query<{ email_key: string; name_key: string; search_text: string }>(
    `SELECT email_key, name_key, search_text, version FROM membership WHERE user_id = $1
     ORDER BY organization_id`,
    [userId],
  );
}

it('takes a new address to every organization at once, without a word to them', async () => {
  const organizations = await Promise.all([found(world), found(world), found(world)]);
  const [first = ''] = organizations;
  const { userId, email } = await join(world, first);
  await Promise.all(organizations.slice(1).map((id) => join(world, id, { email, name: 'Ada' })));
  await world.query('UPDATE "user" SET email_verified = true WHERE id = $1', [userId]);
  const before = await world.query('SELECT id, sequence FROM organization ORDER BY id');

  const next = address();
  const user = await sayUser(world, 'userUpdate', { user: { email }, email: next.toUpperCase() });
  expect(user).toMatchObject({ email: next, emailVerified: false, version: 2 });
  const named = { email_key: next, name_key: 'ada', search_text: `ada\n${next}`, version: 1 };
  const nameless = { email_key: next, name_key: '', search_text: next, version: 1 };
  const expected = organizations.toSorted().map((id) => (id === first ? nameless : named));
  expect(await listed(userId)).toEqual(expected);
  expect(await world.query('SELECT id, sequence FROM organization ORDER BY id')).toEqual(before);
  expect((await eventsOf(world, userId)).at(-1)).toEqual({
    type: 'USER_UPDATED',
    cause: 'EMAIL_CHANGED',
    organization_id: null,
    actor_kind: 'API_KEY',
    detail: {
      changes: [
        { field: 'email', before: email, after: next },
        { field: 'emailVerified', before: true, after: false },
      ],
    },
  });

  const { data } = await world.ask<Record<string, { memberships: { totalCount: number } }>>(
    `query ($id: ID!) { old: organization(by: { id: $id }) { memberships(filter: { search: "${email}" }) { totalCount } }
       new: organization(by: { id: $id }) { memberships(filter: { search: "${next}" }) { totalCount } } }`,
    { id: encodeId('org', first) },
  );
  expect(data).toEqual({
    old: { memberships: { totalCount: 0 } },
    new: { memberships: { totalCount: 1 } },
  });
});

it('keeps a new address verified when the same update says so', async () => {
  const email = address();
  const { id } = await sayUser(world, 'userCreate', { email, emailVerified: true });
  const next = address();
  const change = (input: object) => sayUser(world, 'userUpdate', { user: { id }, ...input });
  expect(await change({ email: next, emailVerified: true })).toMatchObject({ emailVerified: true });
  expect(await change({ email: next.toUpperCase() })).toMatchObject({
    emailVerified: true,
    version: 2,
  });
  expect(await change({ emailVerified: false })).toMatchObject({
    email: next,
    emailVerified: false,
    version: 3,
  });
});

it('lists members by the name of the user, or else by what the organization calls them', async () => {
  const organizationId = await found(world);
  const { userId, email } = await join(world, organizationId, { name: 'Theirs' });
  const rename = (name: string | null) =>
    sayUser(world, 'userUpdate', { user: { email }, profile: { name } });
  await rename('Éloïse');
  expect(await listed(userId)).toMatchObject([
    { name_key: 'eloise', search_text: `eloise\n${email}` },
  ]);
  await rename(null);
  expect(await listed(userId)).toMatchObject([
    { name_key: 'theirs', search_text: `theirs\n${email}` },
  ]);
});

it('gives an address to one of those who ask for it at once', async () => {
  const emails = Array.from({ length: 8 }, address);
  for (const email of emails) {
    await sayUser(world, 'userCreate', { email });
  }
  const next = address();
  const answers = await Promise.all(
    emails.map((email) => say(world, 'userUpdate', { user: { email }, email: next })),
  );
  const codes = answers.map(({ __typename, code }) => code ?? __typename).sort();
  expect(codes).toEqual([...Array(7).fill('DUPLICATE_EMAIL'), 'UserUpdatePayload']);
});

it('lists a membership under the address of its user, however it was added meanwhile', async () => {
  for (let round = 0; round < 20; round += 1) {
    const organizations = await Promise.all([found(world), found(world), found(world)]);
    const { id } = await sayUser(world, 'userCreate', { email: address() });
    const userId = decodeId('usr', id);
    const [update, ...added] = await Promise.all([
      say(world, 'userUpdate', { user: { id }, email: address(), profile: { name: 'Ada' } }),
      ...organizations.map(async (organizationId) =>
        said(
          await act(world, [organizationId], (tx) =>
            addMembers(tx, [{ organizationId, userId }], { act: 'add' }),
          ),
        ),
      ),
    ]);
    expect(update.__typename).toBe('UserUpdatePayload');
    expect(added).toEqual([['created'], ['created'], ['created']]);
    const astray = await world.query(
      `SELECT email, email_key FROM membership JOIN "user" ON "user".id = user_id
       WHERE user_id = $1 AND (email_key, membership.name_key) <> (email, "user".name_key)`,
      [userId],
    );
    expect(astray).toEqual([]);
  }
});
