/** Users on their way into the database, and who is there already. */
import type { IdentityModel } from '../db/generated/prisma/enums.ts';
import { profileOwner } from './identity-model.ts';
import type { JsonObject } from './metadata.ts';
import { foldText, searchText } from './text.ts';
import type { Transaction } from './transaction.ts';

type Account = { issuer: string; subject: string };

/** A row that is valid in itself. */
export type UserDraft = {
  /** Normalized. */
  email: string;
  emailVerified: boolean;
  externalId: string | null;
  name: string | null;
  givenName: string | null;
  familyName: string | null;
  pictureUrl: string | null;
  locale: string | null;
  metadata: JsonObject;
  untrustedMetadata: JsonObject;
  identity: Account | null;
};

/** A draft with the uuid of its user, who may be there already as somebody who only was invited. */
export type UserToSave = UserDraft & { id: string; isNew: boolean };

/** A user by what is unique about them. */
export type Present = { id: string; externalId: string | null; invitedOnly: boolean };

/** The users who have something that the rows want. All ids are uuids. */
export type Register = {
  byEmail: Map<string, Present>;
  byExternalId: Map<string, string>;
  /** Whose account it is. */
  linked(account: Account): string | undefined;
  link(account: Account, userId: string): void;
};

/** Finds and locks the users who have an address, external id or account of the drafts. */
export async function loadRegister(tx: Transaction, drafts: UserDraft[]): Promise<Register> {
  const users = await tx.db.$queryRaw<(Present & { email: string })[]>`
    SELECT id, email, external_id AS "externalId", invited_only AS "invitedOnly" FROM "user"
    WHERE email = ANY(${drafts.map(({ email }) => email)}::text[])
      OR external_id = ANY(${drafts.flatMap(({ externalId }) => externalId ?? [])}::text[])
    ORDER BY id FOR NO KEY UPDATE`;
  const accounts = new Map<string, string>();
  const accountKey = ({ issuer, subject }: Account) => JSON.stringify([issuer, subject]);
  const wanted = drafts.map(({ identity }) => identity).filter((identity) => identity !== null);
  if (wanted.length > 0) {
    const rows = await tx.db.$queryRaw<(Account & { userId: string })[]>`
      SELECT issuer, subject, user_id AS "userId"
      FROM unnest(${wanted.map(({ issuer }) => issuer)}::text[], ${wanted.map(({ subject }) => subject)}::text[])
        AS wanted(issuer, subject)
      JOIN identity USING (issuer, subject)`;
    for (const { userId, ...account } of rows) {
      accounts.set(accountKey(account), userId);
    }
  }
  return {
    byEmail: new Map(users.map(({ email, ...user }) => [email, user])),
    byExternalId: new Map(
      users.flatMap(({ id, externalId }) => (externalId === null ? [] : [[externalId, id]])),
    ),
    linked: (account) => accounts.get(accountKey(account)),
    link: (account, userId) => {
      accounts.set(accountKey(account), userId);
    },
  };
}

/** Notes that a draft became the user with this id, so that later rows see it. */
export function enroll(register: Register, draft: UserDraft, id: string): void {
  const { email, externalId, identity } = draft;
  register.byEmail.set(email, { id, externalId, invitedOnly: false });
  if (externalId !== null) {
    register.byExternalId.set(externalId, id);
  }
  if (identity !== null) {
    register.link(identity, id);
  }
}

/**
 * Writes users, in the order of their addresses, so that two transactions that create the same ones do not wait for
 * each other. Who only was invited before gets what the draft says.
 */
export async function saveDrafts(
  tx: Transaction,
  drafts: UserToSave[],
  identityModel: IdentityModel,
): Promise<void> {
  const now = tx.now.toISOString();
  const rows = drafts
    .toSorted((a, b) => (a.email < b.email ? -1 : 1))
    .map((draft, place) => ({
      ...draft,
      place,
      nameKey: foldText(draft.name ?? ''),
      searchText: searchText(draft.name, draft.email),
    }));
  await tx.db.$executeRaw`
    INSERT INTO "user" (id, email, email_verified, external_id, name, given_name, family_name, picture_url, locale,
      metadata, untrusted_metadata, name_key, search_text, created_at, updated_at)
    SELECT id, email, "emailVerified", "externalId", name, "givenName", "familyName", "pictureUrl", locale, metadata,
      "untrustedMetadata", "nameKey", "searchText", ${now}::timestamptz, ${now}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS input(
      id uuid, place int, email text, "emailVerified" boolean, "externalId" text, name text, "givenName" text,
      "familyName" text, "pictureUrl" text, locale text, metadata jsonb, "untrustedMetadata" jsonb, "nameKey" text,
      "searchText" text)
    ORDER BY place
    ON CONFLICT (id) DO UPDATE SET email_verified = excluded.email_verified, external_id = excluded.external_id,
      name = excluded.name, given_name = excluded.given_name, family_name = excluded.family_name,
      picture_url = excluded.picture_url, locale = excluded.locale, metadata = excluded.metadata,
      untrusted_metadata = excluded.untrusted_metadata, name_key = excluded.name_key,
      search_text = excluded.search_text, invited_only = false, version = "user".version + 1,
      updated_at = excluded.updated_at`;
  await linkAccounts(tx, drafts);
  await passNames(tx, rows, identityModel);
}

async function linkAccounts(tx: Transaction, drafts: UserToSave[]): Promise<void> {
  const rows = drafts.flatMap(({ id, identity }) =>
    identity === null ? [] : [{ ...identity, id: tx.newId(), userId: id }],
  );
  if (rows.length > 0) {
    await tx.db.$executeRaw`
      INSERT INTO identity (id, user_id, issuer, subject, created_at)
      SELECT id, "userId", issuer, subject, ${tx.now.toISOString()}::timestamptz
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS input(id uuid, "userId" uuid, issuer text, subject text)`;
  }
}

/**
 * The memberships of those who were invited before are now listed and found by the name of their user. The user is
 * locked, and nobody writes these columns without that lock.
 */
async function passNames(
  tx: Transaction,
  rows: (UserToSave & { nameKey: string; searchText: string })[],
  identityModel: IdentityModel,
): Promise<void> {
  const named = rows.filter(({ isNew, name }) => !isNew && name !== null);
  if (named.length > 0 && profileOwner(identityModel) === 'user') {
    await tx.db.$executeRaw`
      UPDATE membership SET name_key = input."nameKey", search_text = input."searchText"
      FROM jsonb_to_recordset(${JSON.stringify(named)}::jsonb) AS input(id uuid, "nameKey" text, "searchText" text)
      WHERE user_id = input.id`;
  }
}
