/** People who sign in for the first time with an account: which user they are. */
import type { AuthMethod } from '../db/generated/prisma/enums.ts';
import { readEnvironment } from './environment.ts';
import { InputError } from './errors.ts';
import { type ProfileField, profileOwner } from './identity-model.ts';
import { isRefused, single } from './outcome.ts';
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
  /** The organization (uuid) whose own single sign-on it is. */
  organizationId: string | null;
  profile: { [Field in ProfileField]: string | null };
};

/** Why an account does not get in; for the log only. */
export type SignInRefusal =
  | 'the issuer vouches for no address'
  | 'the organization of the issuer does not exist'
  | 'the issuer may not speak for addresses of this domain'
  | 'the address was never verified, and somebody else signs in with it'
  | 'the user has too many accounts';

const MAX_IDENTITIES = 50;

/**
 * Makes the account that of a user: of whoever has the address, where the issuer speaks for its domain and nobody else
 * could be behind it, or else of a new user. An account that is linked already stays as it is. Returns null, or why it
 * does not get in, and then has changed nothing.
 *
 * An address that this side has not verified may have been taken by somebody who does not own it: whoever signs in with
 * it first may be the wrong one, so nobody joins them (pre-hijacking; NIST SP 800-63C on account linking). For the same
 * reason an organization's own single sign-on makes no users for domains that it does not speak for.
 */
export async function signIn(tx: Transaction, account: Account): Promise<SignInRefusal | null> {
  const { issuer, subject, email, organizationId } = account;
  if (await tx.db.identity.findUnique({ where: { issuer_subject: { issuer, subject } } })) {
    return null;
  }
  if (email === null) {
    return 'the issuer vouches for no address';
  }
  if (organizationId !== null && (await isMissing(tx, organizationId))) {
    return 'the organization of the issuer does not exist';
  }
  const [user] = await tx.db.$queryRaw<Candidate[]>`
    SELECT id, email_verified AS "emailVerified", invited_only AS "invitedOnly",
      (SELECT count(*)::int FROM identity WHERE user_id = "user".id) AS identities
    FROM "user" WHERE email = ${email} FOR UPDATE`;
  if ((user !== undefined || organizationId !== null) && !account.speaksForEmail) {
    return 'the issuer may not speak for addresses of this domain';
  }
  if (user && !user.emailVerified && user.identities > 0) {
    return 'the address was never verified, and somebody else signs in with it';
  }
  if (user && user.identities >= MAX_IDENTITIES) {
    return 'the user has too many accounts';
  }
  const id = !user || user.invitedOnly ? await createUser(tx, email, account) : user.id;
  await link(tx, id, account);
  if (user && !user.invitedOnly && !user.emailVerified) {
    const changes = [{ field: 'emailVerified', before: false, after: true }];
    tx.append({ type: 'USER_UPDATED', cause: 'UPDATED', userId: id, detail: { changes } });
  }
  return null;
}

type Candidate = {
  id: string;
  emailVerified: boolean;
  invitedOnly: boolean;
  identities: number;
};

async function isMissing(tx: Transaction, organizationId: string): Promise<boolean> {
  return (await tx.db.organization.count({ where: { id: organizationId } })) === 0;
}

/** The user starts with the profile that the issuer tells, where users have one; what is not valid in it is left out. */
async function createUser(tx: Transaction, email: string, account: Account): Promise<string> {
  const { identityModel } = await readEnvironment(tx);
  const profile = profileOwner(identityModel) === 'user' ? account.profile : {};
  const create = (given: Partial<Account['profile']>) =>
    addUsers(tx, [{ email, ...given }], { act: 'create' });
  const outcomes = await create(profile);
  const [outcome] = outcomes;
  if (outcome && isRefused(outcome) && outcome.error instanceof InputError) {
    const wrong = new Set(outcome.error.issues.map(({ path }) => path[0]));
    const valid = Object.entries(profile).filter(([field]) => !wrong.has(field));
    return single(await create(Object.fromEntries(valid))).id;
  }
  return single(outcomes).id;
}

/** A unique violation here means that the account was just linked; the transaction then starts over. */
async function link(tx: Transaction, userId: string, account: Account): Promise<void> {
  const { issuer, subject, email, authMethod, organizationId } = account;
  const now = tx.now.toISOString();
  await tx.db.$executeRaw`
    INSERT INTO identity (id, user_id, issuer, subject, email, auth_method, organization_id, created_at)
    VALUES (${tx.newId()}::uuid, ${userId}::uuid, ${issuer}, ${subject}, ${email}, ${authMethod}::auth_method,
      ${organizationId}::uuid, ${now}::timestamptz)`;
  await tx.db.$executeRaw`
    UPDATE "user" SET email_verified = true, version = version + 1, updated_at = ${now}::timestamptz
    WHERE id = ${userId}::uuid`;
  tx.append({ type: 'IDENTITY_LINKED', cause: 'LINKED', userId, detail: { issuer } });
}

/**
 * Notes in those memberships (of the organizations, uuids, which are locked) that nobody signed in for before, by which
 * provider it happened first.
 */
export async function enterMemberships(
  tx: Transaction,
  userId: string,
  provider: string,
  organizationIds: string[],
): Promise<void> {
  const entered = await tx.db.$queryRaw<{ id: string; organizationId: string }[]>`
    UPDATE membership SET primary_identity_provider = ${provider}, version = version + 1,
      updated_at = ${tx.now.toISOString()}::timestamptz
    WHERE user_id = ${userId}::uuid AND organization_id = ANY(${organizationIds}::uuid[])
      AND status = 'ACTIVE' AND primary_identity_provider IS NULL
    RETURNING id, organization_id AS "organizationId"`;
  for (const { id, organizationId } of entered) {
    tx.append({
      type: 'MEMBERSHIP_UPDATED',
      cause: 'UPDATED',
      organizationId,
      membershipId: id,
      userId,
      detail: {
        changes: [{ field: 'primaryIdentityProvider', before: null, after: provider }],
      },
    });
  }
}
