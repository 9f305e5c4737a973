/** People who sign in for the first time with an account: which user they are. */
import type { AuthMethod } from '../db/generated/prisma/enums.ts';
import { verifyAddress } from './email-verification.ts';
import { readEnvironment } from './environment.ts';
import { InputError } from './errors.ts';
import { MAX_IDENTITIES } from './identity.ts';
import { type ProfileField, profileOwner } from './identity-model.ts';
import { isRefused, single } from './outcome.ts';
import { isRetired } from './retired-identity.ts';
import type { Transaction } from './transaction.ts';
import { addUsers } from './user.ts';

/** An account at a trusted issuer, as its token tells. */
export type Account = {
  issuer: string;
  subject: string;
  /** Normalized, and verified by the issuer; null: it vouches for none. */
  email: string | null;
  /** Whether the operator lets the issuer speak for addresses of this domain. */
  speaksForEmail: boolean;
  authMethod: AuthMethod | null;
  /** When the token was issued; null: it does not say. */
  issuedAt: Date | null;
  /** The organization (uuid) whose own single sign-on it is. */
  organizationId: string | null;
  profile: { [Field in ProfileField]: string | null };
};

/** Thrown for an account that does not get in. `reason` is for the log alone. */
export class SignInError extends Error {
  override readonly name = 'SignInError';
  readonly reason: string;

  constructor(reason: string) {
    super(`The account does not get in: ${reason}.`);
    this.reason = reason;
  }
}

/**
 * Makes the account that of a user: of whoever has the address, where the issuer speaks for its domain and nobody else
 * could be behind it, or else of a new user. An account that is linked already stays as it is. A token from
 * before its account was taken from a user makes it nobody's.
 *
 * An address that this side has not verified may have been taken by somebody who does not own it: whoever signs in with
 * it first may be the wrong one, so nobody joins them (pre-hijacking; NIST SP 800-63C on account linking). For the same
 * reason only an issuer that speaks for an address verifies it, and an organization's own single sign-on makes no users
 * for domains that it does not speak for.
 *
 * @throws SignInError, after which the transaction must not commit.
 */
export async function signIn(tx: Transaction, account: Account): Promise<void> {
  const { issuer, subject, email } = account;
  if (await tx.db.identity.findUnique({ where: { issuer_subject: { issuer, subject } } })) {
    return;
  }
  if (email === null) {
    throw new SignInError('the issuer vouches for no address');
  }
  await demandOrganization(tx, account);
  const user = await lockCandidate(tx, email);
  demandMatch(user, account);
  const id = user === undefined || user.invitedOnly ? await create(tx, email, account) : user.id;
  if (id === null) {
    // Somebody else made the user at the same moment: now they are found.
    return signIn(tx, account);
  }
  await link(tx, id, account);
  if (user && !user.invitedOnly) {
    await touch(tx, user);
  }
  // Asked last: from here on whoever takes the account away waits for us, and whoever did is seen.
  if (await isRetired(tx, account)) {
    throw new SignInError('its token may be older than the end of the account');
  }
}

type Candidate = {
  /** uuid */
  id: string;
  emailVerified: boolean;
  invitedOnly: boolean;
  /** How many accounts sign in as this user. */
  identities: number;
};

/** The user who has the address, locked until the transaction ends. */
async function lockCandidate(tx: Transaction, email: string): Promise<Candidate | undefined> {
  const [user] = await tx.db.$queryRaw<Candidate[]>`
    SELECT id, email_verified AS "emailVerified", invited_only AS "invitedOnly" FROM "user" WHERE email = ${email}
    FOR UPDATE`;
  // Counted under the lock: in the same statement it would be the number before the lock was waited for.
  return (
    user && { ...user, identities: await tx.db.identity.count({ where: { userId: user.id } }) }
  );
}

/** @throws SignInError when the account of this address may neither join the user who has it nor be a new one. */
function demandMatch(user: Candidate | undefined, account: Account): void {
  const { organizationId, speaksForEmail } = account;
  if ((user !== undefined || organizationId !== null) && !speaksForEmail) {
    throw new SignInError('the issuer may not speak for addresses of this domain');
  }
  if (user && !user.emailVerified && user.identities > 0) {
    throw new SignInError('the address was never verified, and somebody else signs in with it');
  }
  if (user && user.identities >= MAX_IDENTITIES) {
    throw new SignInError('the user has too many accounts');
  }
}

/** @throws SignInError when the issuer is that of an organization which does not exist. */
async function demandOrganization(tx: Transaction, { organizationId }: Account): Promise<void> {
  if (organizationId === null) {
    return;
  }
  // Locked, so that it is still there when the account refers to it.
  const rows = await tx.db.$queryRaw<unknown[]>`
    SELECT FROM organization WHERE id = ${organizationId}::uuid FOR KEY SHARE`;
  if (rows.length === 0) {
    throw new SignInError('the organization of the issuer does not exist');
  }
}

/**
 * The user starts with the profile that the issuer tells, where users have one; what is not valid in it is left out.
 * Returns the uuid, or null when somebody else has just made a user with this address.
 */
async function create(tx: Transaction, email: string, account: Account): Promise<string | null> {
  const { identityModel } = await readEnvironment(tx);
  const profile = profileOwner(identityModel) === 'user' ? account.profile : {};
  const add = (given: Partial<Account['profile']>) =>
    addUsers(tx, [{ email, ...given }], { act: 'create', existing: 'unchanged' });
  let outcomes = await add(profile);
  const [outcome] = outcomes;
  if (outcome && isRefused(outcome) && outcome.error instanceof InputError) {
    const wrong = new Set(outcome.error.issues.map(({ path }) => path[0]));
    const valid = Object.entries(profile).filter(([field]) => !wrong.has(field));
    outcomes = await add(Object.fromEntries(valid));
  }
  const made = single(outcomes);
  if (made.outcome !== 'created') {
    return null;
  }
  if (account.speaksForEmail) {
    // In both identity models: it is what tells whether another account may join this user.
    await tx.db.$executeRaw`UPDATE "user" SET email_verified = true WHERE id = ${made.id}::uuid`;
  }
  return made.id;
}

/** A unique violation here means that the account was just linked; the transaction then starts over. */
async function link(tx: Transaction, userId: string, account: Account): Promise<void> {
  const { issuer, subject, email, authMethod, organizationId } = account;
  await tx.db.$executeRaw`
    INSERT INTO identity (id, user_id, issuer, subject, email, auth_method, organization_id, created_at)
    VALUES (${tx.newId()}::uuid, ${userId}::uuid, ${issuer}, ${subject}, ${email}, ${authMethod}::auth_method,
      ${organizationId}::uuid, ${tx.now.toISOString()}::timestamptz)`;
  tx.append({ type: 'IDENTITY_LINKED', cause: 'LINKED', userId, detail: { issuer } });
}

/** The accounts belong to what a user is; and whoever joined a user has shown that the address is theirs. */
async function touch(tx: Transaction, { id, emailVerified }: Candidate): Promise<void> {
  if (!emailVerified) {
    await verifyAddress(tx, id);
    return;
  }
  await tx.db.$executeRaw`
    UPDATE "user" SET version = version + 1, updated_at = ${tx.now.toISOString()}::timestamptz
    WHERE id = ${id}::uuid`;
}
