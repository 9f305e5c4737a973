/** The users that an act on members is about: found and locked, or to be created. */
import { searchText } from './text.ts';
import type { Transaction } from './transaction.ts';

/** How an act names a user. Ids are uuids, addresses are normalized. */
export type UserNames = {
  email: string | null;
  userId: string | null;
  userExternalId: string | null;
};

export type UserRecord = {
  /** uuid */
  id: string;
  email: string;
  name: string | null;
  /** Known only from invitations. */
  invitedOnly: boolean;
  /** Not there yet; it is written when an act needed it. */
  isNew: boolean;
  isNeeded: boolean;
  /** Became visible in the list of users by this act. */
  isListedNow: boolean;
};

export type UserDirectory = {
  /** An address that nobody has gives a user that is not there yet. Any other name gives undefined. */
  find(names: UserNames): UserRecord | undefined;
  /** Those that were there. */
  known: UserRecord[];
  all(): Iterable<UserRecord>;
};

type Row = {
  id: string;
  email: string;
  externalId: string | null;
  name: string | null;
  invitedOnly: boolean;
};

/** Finds the named users and locks them, in the order of their ids, until the transaction ends. */
export async function lockUsers(tx: Transaction, names: UserNames[]): Promise<UserDirectory> {
  const given = (field: keyof UserNames) => [
    ...new Set(names.map((name) => name[field]).filter((value) => value !== null)),
  ];
  const rows = await tx.db.$queryRaw<Row[]>`
    SELECT id, email, external_id AS "externalId", name, invited_only AS "invitedOnly" FROM "user"
    WHERE email = ANY(${given('email')}::text[]) OR id = ANY(${given('userId')}::uuid[])
      OR external_id = ANY(${given('userExternalId')}::text[])
    ORDER BY id FOR NO KEY UPDATE`;
  const byId = new Map<string, UserRecord>();
  const byEmail = new Map<string, UserRecord>();
  const byExternalId = new Map<string, UserRecord>();
  for (const { externalId, ...row } of rows) {
    const user = { ...row, isNew: false, isNeeded: true, isListedNow: false };
    byId.set(user.id, user);
    byEmail.set(user.email, user);
    if (externalId !== null) {
      byExternalId.set(externalId, user);
    }
  }
  return {
    known: [...byId.values()],
    all: () => byEmail.values(),
    find({ email, userId, userExternalId }) {
      if (email === null) {
        return userId === null ? byExternalId.get(userExternalId ?? '') : byId.get(userId);
      }
      const user = byEmail.get(email) ?? newUser(tx.newId(), email);
      byEmail.set(email, user);
      return user;
    },
  };
}

/** Locks users (uuids), in the order of their ids, until the transaction ends. */
export async function lockUserIds(tx: Transaction, ids: string[]): Promise<void> {
  await tx.db.$queryRaw`
    SELECT id FROM "user" WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR NO KEY UPDATE`;
}

/** Makes a user of the environment out of somebody who is new, or only was invited so far. */
export function enlist(tx: Transaction, user: UserRecord, cause: 'CREATED' | 'IMPORTED'): void {
  user.isNeeded = true;
  if (user.invitedOnly) {
    user.invitedOnly = false;
    user.isListedNow = true;
    tx.append({ type: 'USER_CREATED', cause, userId: user.id });
  }
}

/**
 * Writes the users that the act needed and that were not there, and lists those that only were invited before, in
 * statements that are sent at once. A unique violation here means that somebody else just created one of them; the
 * transaction then starts over.
 */
export async function saveUsers(tx: Transaction, directory: UserDirectory): Promise<void> {
  const needed = [...directory.all()].filter((user) => user.isNeeded);
  const created = needed.filter((user) => user.isNew);
  const listed = needed.filter((user) => user.isListedNow && !user.isNew);
  await Promise.all([
    created.length > 0 && insertUsers(tx, created),
    listed.length > 0 && listUsers(tx, listed),
  ]);
}

async function insertUsers(tx: Transaction, users: UserRecord[]): Promise<void> {
  const now = tx.now.toISOString();
  // In the order of the addresses, so that two transactions that create the same ones do not wait for each other.
  const rows = users
    .toSorted((a, b) => (a.email < b.email ? -1 : 1))
    .map(({ id, email, invitedOnly }, place) => ({
      id,
      email,
      invitedOnly,
      place,
      searchText: searchText(null, email),
    }));
  await tx.db.$executeRaw`
    INSERT INTO "user" (id, email, invited_only, name_key, search_text, created_at, updated_at)
    SELECT id, email, "invitedOnly", '', "searchText", ${now}::timestamptz, ${now}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS input(
      id uuid, email text, "invitedOnly" boolean, place int, "searchText" text)
    ORDER BY place`;
}

async function listUsers(tx: Transaction, users: UserRecord[]): Promise<void> {
  await tx.db.$executeRaw`
    UPDATE "user" SET invited_only = false, version = version + 1, updated_at = ${tx.now.toISOString()}::timestamptz
    WHERE id = ANY(${users.map(({ id }) => id)}::uuid[])`;
}

function newUser(id: string, email: string): UserRecord {
  return {
    id,
    email,
    name: null,
    invitedOnly: true,
    isNew: true,
    isNeeded: false,
    isListedNow: false,
  };
}
