import { afterEach, beforeEach, expect, it } from 'vitest';
import { fresh } from '../domain/world.ts';
import { soon } from '../feed/feed-world.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { createIssuer, type TestIssuer } from '../support/issuer.ts';

let database: TestDatabase;
let issuer: TestIssuer;
let world: TestGateway;

beforeEach(async () => {
  database = await createDatabase();
  issuer = await createIssuer({ settings: { linkingDomains: '*', authMethod: 'GOOGLE' } });
  world = await createGateway({ GATEHOUSE_TRUSTED_ISSUERS: issuer.settings }, database);
});

afterEach(async () => {
  await world.close();
  await issuer.close();
});

/** Tokens of people whose accounts were used for the last time an hour ago. */
async function peopleOfAnHourAgo(count: number): Promise<string[]> {
  const tokens = await Promise.all(
    Array.from({ length: count }, () => {
      const email = `${fresh('person')}@example.com`;
      return issuer.token({ sub: email, email, email_verified: true });
    }),
  );
  await Promise.all(tokens.map(come));
  await database.query("UPDATE identity SET last_used_at = now() - interval '1 hour'");
  return tokens;
}

async function come(token: string): Promise<void> {
  expect(await world.ask('{ viewer { kind } }', {}, token)).toEqual({
    data: { viewer: { kind: 'USER' } },
  });
}

/** How many accounts were used within the last minute, and how many transactions have noted that. */
async function uses(): Promise<{ noted: number; writes: number }> {
  const [row] = await database.query<{ noted: number; writes: number }>(
    `SELECT count(*)::int AS noted, count(DISTINCT xmin::text)::int AS writes FROM identity
     WHERE last_used_at > now() - interval '1 minute'`,
  );
  return row ?? { noted: 0, writes: 0 };
}

it('the uses of many accounts are written down together', async () => {
  const tokens = await peopleOfAnHourAgo(30);
  await Promise.all(tokens.map(come));
  await soon(async () => expect(await uses()).toMatchObject({ noted: 30 }));
  // Of one second each; on a slow machine it takes more than one.
  expect((await uses()).writes).toBeLessThan(10);
});

it('an account that somebody holds keeps nobody waiting, and is noted at its next use', async () => {
  const tokens = await peopleOfAnHourAgo(3);
  await world.database.prisma.$transaction(
    async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM identity LIMIT 1 FOR UPDATE`;
      await Promise.all(tokens.map(come));
      await soon(async () => expect(await uses()).toMatchObject({ noted: 2 }));
    },
    { timeout: 50_000 },
  );
  await Promise.all(tokens.map(come));
  await soon(async () => expect(await uses()).toMatchObject({ noted: 3 }));
});

it('a gateway that stops writes down what it has gathered', async () => {
  const tokens = await peopleOfAnHourAgo(5);
  await Promise.all(tokens.map(come));
  await world.gateway.stop();
  expect(await uses()).toMatchObject({ noted: 5 });
});

it.each([
  ['as before', 'auth_method'],
  ['in another way than before', 'NULL'],
])('nobody is refused because it cannot be noted that they were there, %s', async (_, method) => {
  const tokens = await peopleOfAnHourAgo(5);
  await database.query(
    `UPDATE identity SET auth_method = ${method};
     CREATE SEQUENCE refused;
     CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN PERFORM nextval('refused'); RAISE 'No.'; END $$;
     CREATE TRIGGER refuse BEFORE UPDATE ON identity FOR EACH ROW EXECUTE FUNCTION refuse()`,
  );
  await Promise.all(tokens.map(come));
  await soon(async () =>
    expect(await database.query('SELECT is_called FROM refused')).toEqual([{ is_called: true }]),
  );
  expect(await uses()).toMatchObject({ noted: 0 });
  await database.query('DROP TRIGGER refuse ON identity');
  await Promise.all(tokens.map(come));
  await soon(async () => expect(await uses()).toMatchObject({ noted: 5 }));
});
