import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { addMembers, removeMembers } from '../../src/domain/membership.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { inTransaction } from '../../src/domain/transaction.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { runnerOn } from '../support/runner.ts';
import { expectConsistent, found, fresh, join, said, untilDone } from './world.ts';

let db: TestDatabase;
/** Two pools, as two processes have them. */
let pools: Database[];

beforeAll(async () => {
  db = await createDatabase();
  pools = [db.database, openDatabase({ url: db.url })];
});

afterEach(() => expectConsistent(db));

afterAll(async () => {
  await pools[1]?.close();
  await db.close();
});

/** Adds one person each, all at once, over both pools. */
async function addAtOnce(people: { organizationId: string; email: string }[]): Promise<string[]> {
  const outcomes = await Promise.all(
    people.map((row, index) =>
      untilDone(() =>
        inTransaction(
          runnerOn(pools[index % pools.length] ?? db.database),
          { principal: SYSTEM, organizations: [row.organizationId] },
          (tx) => addMembers(tx, [row], { act: 'add' }),
        ),
      ),
    ),
  );
  return said(outcomes.flat());
}

const count = (outcomes: string[], outcome: string) =>
  outcomes.filter((each) => each === outcome).length;

test('one new person, added to one organization many times at once, is one membership', async () => {
  for (let round = 0; round < 3; round += 1) {
    const organizationId = await found(db);
    const email = `${fresh('race')}@example.com`;
    const outcomes = await addAtOnce(Array.from({ length: 20 }, () => ({ organizationId, email })));
    expect(count(outcomes, 'created')).toBe(1);
    expect(count(outcomes, 'ALREADY_MEMBER')).toBe(19);
  }
});

test('one new person, added to many organizations at once, is one user', async () => {
  for (let round = 0; round < 3; round += 1) {
    const organizations = await Promise.all(Array.from({ length: 15 }, () => found(db)));
    const email = `${fresh('race')}@example.com`;
    const outcomes = await addAtOnce(
      organizations.map((organizationId) => ({ organizationId, email })),
    );
    expect(count(outcomes, 'created')).toBe(15);
    const users = await db.database.prisma.user.findMany({ where: { email } });
    expect(users).toMatchObject([{ membershipCount: 15 }]);
    const created = await db.database.prisma.event.count({
      where: { type: 'USER_CREATED', userId: users[0]?.id ?? '' },
    });
    expect(created).toBe(1);
  }
});

test('the last seat is taken once', async () => {
  for (let round = 0; round < 3; round += 1) {
    const organizationId = await found(db, { seatLimit: 3 });
    const outcomes = await addAtOnce(
      Array.from({ length: 20 }, () => ({
        organizationId,
        email: `${fresh('seat')}@example.com`,
      })),
    );
    expect(count(outcomes, 'created')).toBe(3);
    expect(count(outcomes, 'SEAT_LIMIT')).toBe(17);
  }
});

test('two owners who remove each other: one remains', async () => {
  for (let round = 0; round < 10; round += 1) {
    const organizationId = await found(db);
    const owners = await Promise.all(
      [1, 2].map(() => join(db, organizationId, { roleKeys: ['owner'] })),
    );
    const outcomes = await Promise.all(
      owners.map(({ membershipId }, index) =>
        inTransaction(
          runnerOn(pools[index] ?? db.database),
          { principal: SYSTEM, organizations: [organizationId] },
          (tx) => removeMembers(tx, [{ membershipId }]),
        ),
      ),
    );
    expect(said(outcomes.flat()).sort()).toEqual(['LAST_OWNER', 'changed']);
  }
});

test('where a user may have one membership, two organizations cannot both get them', async () => {
  await db.query("UPDATE environment SET memberships_per_user = 'ONE'");
  try {
    for (let round = 0; round < 3; round += 1) {
      const organizations = await Promise.all(Array.from({ length: 8 }, () => found(db)));
      const email = `${fresh('single')}@example.com`;
      const outcomes = await addAtOnce(
        organizations.map((organizationId) => ({ organizationId, email })),
      );
      expect(count(outcomes, 'created')).toBe(1);
      expect(count(outcomes, 'SINGLE_MEMBERSHIP')).toBe(7);
    }
    const [first = '', second = ''] = await Promise.all([found(db), found(db)]);
    const person = await join(db, first);
    const row = { organizationId: second, email: person.email };
    await expect(join(db, second, { email: person.email })).rejects.toMatchObject({
      code: 'SINGLE_MEMBERSHIP',
    });
    await join(db, second, { email: person.email, status: 'PENDING_INVITE' });
    await inTransaction(db.runner, { principal: SYSTEM, organizations: [first] }, (tx) =>
      removeMembers(tx, [{ membershipId: person.membershipId }]),
    );
    expect(await addAtOnce([row])).toEqual(['changed']);
    const twice = await found(db);
    const email = `${fresh('single')}@example.com`;
    const batch = await inTransaction(
      db.runner,
      { principal: SYSTEM, organizations: [first, twice] },
      (tx) =>
        addMembers(
          tx,
          [first, twice].map((organizationId) => ({ organizationId, email })),
          { act: 'add' },
        ),
    );
    expect(said(batch)).toEqual(['created', 'SINGLE_MEMBERSHIP']);
  } finally {
    await db.query("UPDATE environment SET memberships_per_user = 'MANY'");
  }
});

test('batches that overlap in organizations and new people get through', async () => {
  const organizations = await Promise.all(Array.from({ length: 5 }, () => found(db)));
  const people = Array.from({ length: 20 }, () => `${fresh('batch')}@example.com`);
  const rows = organizations.flatMap((organizationId) =>
    people.map((email) => ({ organizationId, email })),
  );
  const outcomes = await Promise.all(
    Array.from({ length: 6 }, (_, index) => {
      const part = rows.filter((_row, place) => place % 6 !== index);
      return untilDone(() =>
        inTransaction(
          runnerOn(pools[index % 2] ?? db.database),
          { principal: SYSTEM, organizations },
          (tx) => addMembers(tx, index % 2 ? part : part.toReversed(), { act: 'import' }),
        ),
      );
    }),
  );
  expect(count(said(outcomes.flat()), 'created')).toBe(100);
  expect(count(said(outcomes.flat()), 'refused')).toBe(0);
});
