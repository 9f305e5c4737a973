import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { DomainError } from '../../src/domain/errors.ts';
import { encodeId } from '../../src/domain/id.ts';
import { addMembers } from '../../src/domain/membership.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { inTransaction } from '../../src/domain/transaction.ts';
import { found, fresh, join, said } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { runnerOn } from '../support/runner.ts';
import { say } from './user-asks.ts';

let world: TestGateway;
/** As another process has it. */
let other: Database;

beforeAll(async () => {
  world = await createGateway();
  other = openDatabase({ url: world.url });
});

afterEach(async () => expect(await brokenInvariants(world.url)).toEqual([]));

afterAll(async () => {
  await other.close();
  await world.close();
});

const ROUNDS = 20;

/** Adds somebody, after some round trips to the database so that not all rounds are alike; says what came of it. */
async function add(
  organizationId: string,
  person: { userId: string } | { email: string },
  trips = 0,
): Promise<string[]> {
  for (let trip = 0; trip < trips; trip += 1) {
    await world.query('SELECT');
  }
  const runner = runnerOn(other);
  try {
    const rows = [{ organizationId, ...person }];
    const scope = { principal: SYSTEM, organizations: [organizationId] };
    return said(await inTransaction(runner, scope, (tx) => addMembers(tx, rows, { act: 'add' })));
  } catch (error) {
    if (error instanceof DomainError) {
      return [error.code];
    }
    throw error;
  }
}

it('deletes who is being added with every membership, or they are gone before', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const organizations = await Promise.all([1, 2, 3].map(() => found(world)));
    const { userId, email } = await join(world, organizations[0] ?? '');
    const [deletion, ...added] = await Promise.all([
      say(world, 'userDelete', { userId: encodeId('usr', userId), confirmEmail: email }),
      ...organizations.slice(1).map((id, index) => add(id, { userId }, (round % 4) * (index + 1))),
    ]);
    expect(deletion.__typename).toBe('UserDeletePayload');
    for (const outcome of added.flat()) {
      expect(['created', 'NOT_FOUND']).toContain(outcome);
    }
    const left = await world.query('SELECT FROM membership WHERE user_id = $1', [userId]);
    expect(left).toEqual([]);
  }
});

it('finds or creates somebody by an address that is being deleted', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const [home = '', ...organizations] = await Promise.all([1, 2, 3].map(() => found(world)));
    const { userId, email } = await join(world, home);
    const [deletion, ...added] = await Promise.all([
      say(world, 'userDelete', { userId: encodeId('usr', userId), confirmEmail: email }),
      ...organizations.map((id, index) => add(id, { email }, (round % 4) * (index + 1))),
    ]);
    expect(deletion.__typename).toBe('UserDeletePayload');
    expect(added).toEqual([['created'], ['created']]);
    expect(await world.query('SELECT FROM membership WHERE user_id = $1', [userId])).toEqual([]);
    const users = await world.query<{ id: string }>('SELECT id FROM "user" WHERE email = $1', [
      email,
    ]);
    expect(users.length).toBeLessThanOrEqual(1);
    expect(users).not.toContainEqual({ id: userId });
  }
});

it('leaves an organization one of two owners who are deleted at once', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const organizationId = await found(world);
    const owners = await Promise.all(
      [1, 2].map(() =>
        join(world, organizationId, {
          email: `${fresh('owner')}@example.com`,
          roleKeys: ['owner'],
        }),
      ),
    );
    const answers = await Promise.all(
      owners.map(({ userId, email }) =>
        say(world, 'userDelete', { userId: encodeId('usr', userId), confirmEmail: email }),
      ),
    );
    const codes = answers.map(({ __typename, code }) => code ?? __typename).sort();
    expect(codes).toEqual(['LAST_OWNER', 'UserDeletePayload']);
  }
});

it('deletes a user once, however often it is asked to at once', async () => {
  const { userId, email } = await join(world, await found(world));
  const input = { userId: encodeId('usr', userId), confirmEmail: email };
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => say(world, 'userDelete', input)),
  );
  const codes = answers.map(({ __typename, code }) => code ?? __typename).sort();
  expect(codes).toEqual([...Array(5).fill('NOT_FOUND'), 'UserDeletePayload']);
});
