/** A gateway that trusts issuers of every kind, and what is known of those whom it lets in or not. */
import { encodeId } from '../../src/domain/id.ts';
import { found } from '../domain/world.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { type Claims, createIssuer, type TestIssuer } from '../support/issuer.ts';

/** By what they may link: every address, those of example.com, none; and the single sign-on of an organization. */
const KINDS = {
  home: { linkingDomains: '*', provider: 'Home', authMethod: 'GOOGLE' },
  second: { linkingDomains: '*', provider: 'Second', authMethod: 'MICROSOFT' },
  limited: { linkingDomains: ['example.com'], provider: 'Limited' },
  mute: { provider: 'Mute' },
  sso: { linkingDomains: ['customer.example'], provider: 'Customer', authMethod: 'SSO' },
} as const;

export type IssuerName = keyof typeof KINDS;

export type Issuers = {
  /** The value of GATEHOUSE_TRUSTED_ISSUERS. */
  settings: string;
  /** The organization whose single sign-on `sso` is: its uuid. */
  customerId: string;
  issuers: Record<IssuerName, TestIssuer>;
  /** A token of one of the issuers with a verified address, which is the subject, too; more claims on top. */
  tokenOf(issuer: IssuerName, email: string, claims?: Claims): Promise<string>;
  closeIssuers(): Promise<void>;
};

export type IssuersGateway = TestGateway & Issuers;

/** Starts the issuers, and founds the organization of one of them. */
export async function startIssuers(database: TestDatabase): Promise<Issuers> {
  const customerId = await found(database);
  const names = Object.keys(KINDS) as IssuerName[];
  const started = await Promise.all(
    names.map(async (name) => {
      const organizationId = name === 'sso' ? encodeId('org', customerId) : null;
      return [name, await createIssuer({ settings: { ...KINDS[name], organizationId } })] as const;
    }),
  );
  const issuers = Object.fromEntries(started) as Record<IssuerName, TestIssuer>;
  return {
    settings: JSON.stringify(names.map((name) => issuers[name].entry)),
    customerId,
    issuers,
    tokenOf: (issuer, email, claims) =>
      issuers[issuer].token({ sub: email, email, email_verified: true, ...claims }),
    async closeIssuers() {
      await Promise.all(names.map((name) => issuers[name].close()));
    },
  };
}

/** A gateway over a database of its own that trusts all of them. */
export async function createIssuersGateway(): Promise<IssuersGateway> {
  const database = await createDatabase();
  const issuers = await startIssuers(database);
  const world = await createGateway({ GATEHOUSE_TRUSTED_ISSUERS: issuers.settings }, database);
  return {
    ...world,
    ...issuers,
    async close() {
      await world.close();
      await issuers.closeIssuers();
    },
  };
}

/** What is in every table of a database, in one hash for each. */
export async function digestOf(database: TestDatabase): Promise<Record<string, string>> {
  const tables = await database.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`,
  );
  const hashes: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await database.query<{ hash: string }>(
      `SELECT md5(coalesce(string_agg(t::text, ' ' ORDER BY t::text), '')) AS hash FROM ${name} t`,
    );
    hashes[name] = row?.hash ?? '';
  }
  return hashes;
}

/** Whose accounts there are: the address of each user with the issuers and subjects that sign in as them. */
export function accountsOf(database: TestDatabase, email: string) {
  return database.query<{ issuer: string; subject: string }>(
    `SELECT issuer, subject FROM identity JOIN "user" ON "user".id = user_id WHERE "user".email = $1
     ORDER BY identity.created_at, identity.id`,
    [email],
  );
}
