/** People, by tokens of trusted issuers. */
import { sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Read } from '../db/database.ts';
import type { IdentityModel } from '../db/generated/prisma/enums.ts';
import { emailDomain, normalizeEmail } from '../domain/email.ts';
import { type RightsRow, readRights, type SignIn } from '../domain/membership-rights.ts';
import { SYSTEM, type UserPrincipal } from '../domain/principal.ts';
import { SignInError, signIn } from '../domain/sign-in.ts';
import { inTransaction, type TransactionRunner } from '../domain/transaction.ts';
import { UnreadRights } from '../domain/unread-rights.ts';
import { param, run } from '../loaders/statement.ts';
import type { Caller, KnownMembership, Recognize } from './caller.ts';
import { createEntrance } from './entrance.ts';
import { MOST_IN_ROWS, readRightsInGroups } from './rights-in-groups.ts';
import type { TokenVerifier, VerifiedToken } from './token.ts';
import { TokenError } from './token-error.ts';
import type { UseNotes } from './use-notes.ts';

export type PersonOptions = {
  read: Read;
  runner: TransactionRunner;
  verifier: TokenVerifier;
  notes: UseNotes;
  log: Logger;
};

type Known = {
  caller: Caller & { principal: UserPrincipal };
  /** Memberships (by the organizations' uuids) that nobody signed in for before. */
  unentered: string[];
  formerUse: FormerUse;
};

/** How the account was used the last time, and by which address; empty: it never was. Null: it was within the last minute. */
type FormerUse = [authMethod?: string | null, email?: string | null] | null;

type Finding = PersonOptions & {
  /**
   * Sign-ins of people with very many memberships that had nothing to note in these, by when that was last looked at
   * (`performance.now()`). Their rights are left unread for a while: most of what they ask needs none.
   */
  settled: LRUCache<string, number>;
};

/** How many sign-ins are known to be settled. */
const MOST_SETTLED = 10_000;

/** After how long their rights are read anew. */
const SETTLED_MS = 60_000;

/** How many memberships are entered by one sign-in: each takes its organization's lock. */
const MOST_ENTERED = 20;

/**
 * Recognizes people: by their account, or, when it is seen for the first time, by the address that its issuer vouches
 * for. Whoever is refused has left no trace but a line in the log.
 */
export function recognizePeople(given: PersonOptions): Recognize {
  const options: Finding = { ...given, settled: new LRUCache({ max: MOST_SETTLED }) };
  const { verifier, log } = options;
  const enter = createEntrance(options);
  return async (text, requestId) => {
    try {
      const token = await verifier.verify(text);
      const known = (await find(options, token)) ?? (await welcome(options, token, requestId));
      await noteUse(options, known, token);
      const hasEntered = await enter(known.caller.principal, known.unentered);
      return hasEntered ? (await findAgain(options, token)).caller : known.caller;
    } catch (error) {
      if (error instanceof TokenError || error instanceof SignInError) {
        log.info({ reason: error.reason, requestId }, 'A token was refused');
        return null;
      }
      throw error;
    }
  };
}

async function welcome(options: Finding, token: VerifiedToken, requestId: string): Promise<Known> {
  const { subject, profile, issuedAt } = token;
  const { issuer, linkingDomains, authMethod, organizationId } = token.issuer;
  const email = vouchedAddress(token);
  const speaksForEmail =
    email !== null && (linkingDomains === '*' || linkingDomains.includes(emailDomain(email)));
  await inTransaction(options.runner, { principal: SYSTEM, requestId }, (tx) =>
    signIn(tx, {
      issuer,
      subject,
      email,
      speaksForEmail,
      authMethod,
      issuedAt,
      organizationId,
      profile,
    }),
  );
  return await findAgain(options, token);
}

/**
 * The address, normalized, that the issuer has verified; null: there is none. What is folded before the @ may be
 * somebody else's mailbox to the issuer than it is to us, and then it has verified that one.
 */
function vouchedAddress({ email, isEmailVerified }: VerifiedToken): string | null {
  return isEmailVerified && email !== null && /^[ -~]+@/.test(email) ? normalizeEmail(email) : null;
}

async function findAgain(options: Finding, token: VerifiedToken): Promise<Known> {
  const known = await find(options, token);
  if (known === null) {
    throw new TokenError('its account was just taken from the user');
  }
  return known;
}

type MembershipPart = KnownMembership & Omit<RightsRow, MembershipKey>;

/** What stands among the rights, and is read as a row of its own. */
type MembershipKey = 'organizationId' | 'membershipId' | 'status';

type Row = (MembershipPart | { membership: null }) & {
  identityModel: IdentityModel;
  isRetired: boolean;
  identityId: string | null;
  userId: string | null;
  formerUse: FormerUse;
  /** Whether the memberships were left out, since there are very many. */
  holdsMany: boolean;
  user: { id: string } | null;
};

/**
 * Null when nobody has the account, or somebody else has just been given it.
 *
 * @throws TokenError when the token was issued before its account was taken from a user.
 */
async function find({ read, settled }: Finding, token: VerifiedToken): Promise<Known | null> {
  const { issuer, subject, issuedAt, isMultiFactor, accountHash } = token;
  const rows = await run<Row>(read, 'authenticate person', personByAccount, {
    issuer: issuer.issuer,
    subject,
    accountHash,
    issuedAt: issuedAt?.toISOString() ?? null,
  });
  const [first] = rows;
  if (first === undefined) {
    throw new Error('The database has no environment: the gateway makes one when it starts.');
  }
  if (first.isRetired) {
    throw new TokenError('it was issued before its account was taken from the user');
  }
  const { identityId, userId, identityModel, formerUse, holdsMany } = first;
  if (identityId === null || userId === null) {
    return null;
  }
  const { provider, authMethod, organizationId } = issuer;
  const how: SignIn = { identityId, provider, authMethod, isMultiFactor, organizationId };
  const memberships = rows.filter((row) => row.membership !== null);
  const user =
    organizationId === null && first.user !== null
      ? Object.assign(first.user, { isShared: true, isSharedInDetail: true } as const)
      : undefined;
  const { expiresAt } = token;
  const signInKey = `${identityId} ${isMultiFactor}`;
  const settledAt = holdsMany && user !== undefined ? settled.get(signInKey) : undefined;
  const now = performance.now();
  if (settledAt !== undefined && now - settledAt >= SETTLED_MS) {
    // One request looks again, and those that come meanwhile do not wait for it.
    settled.set(signInKey, now);
  } else if (settledAt !== undefined) {
    const rights = new UnreadRights();
    const principal = { kind: 'user' as const, id: userId, signIn: how, rights };
    const known = { user, memberships: undefined };
    return { caller: { principal, identityModel, expiresAt, known }, unentered: [], formerUse };
  }
  const [rights] = holdsMany
    ? await readRightsInGroups(read, [{ id: userId, signIn: how }])
    : [readRights(memberships.map(rightsIn), how)];
  if (rights == null) {
    return null;
  }
  const unentered = [...rights.values()].filter(
    ({ status, refusal, identityProvider }) =>
      status === 'ACTIVE' && refusal === null && identityProvider === null,
  );
  if (unentered.length > 0) {
    settled.delete(signInKey);
  } else if (holdsMany) {
    settled.set(signInKey, now);
  }
  return {
    caller: {
      principal: { kind: 'user', id: userId, signIn: how, rights },
      identityModel,
      expiresAt,
      known: { user, memberships: holdsMany ? undefined : memberships },
    },
    unentered: unentered.slice(0, MOST_ENTERED).map((membership) => membership.organizationId),
    formerUse,
  };
}

function rightsIn({ membership, ...row }: MembershipPart): RightsRow {
  return {
    organizationId: membership.organizationId,
    membershipId: membership.id,
    status: membership.status,
    isOwner: row.isOwner,
    isBreakglass: row.isBreakglass,
    identityProvider: row.identityProvider,
    permissions: row.permissions,
    allowedAuthMethods: row.allowedAuthMethods,
    needsMultiFactor: row.needsMultiFactor,
  };
}

function personByAccount() {
  return sql`SELECT e.identity_model AS "identityModel", count.is_large AS "holdsMany", i.id AS "identityId", i.user_id AS "userId=membership.userId=user.id",
CASE WHEN i.last_used_at > now() - interval '1 minute' THEN NULL WHEN i.last_used_at IS NULL THEN '{}' ELSE ARRAY[i.auth_method::text, i.email] END AS "formerUse",
EXISTS (SELECT FROM retired_identity x WHERE x.account_hash = ${param('accountHash')}
AND x.retired_at >= coalesce(${param('issuedAt')}::timestamptz, '-infinity')) AS "isRetired",
r."isOwner", r."isBreakglass", r."identityProvider", r.permissions AS "permissions", r."allowedAuthMethods", r."needsMultiFactor",
r."membershipId" AS "membership.id", r."organizationId" AS "membership.organizationId=organization.id", r.status AS "membership.status",
r."displayName" AS "organization.displayName", r.slug AS "organization.slug",
r."roleId" AS "role.id", r."roleKey" AS "role.key", r."roleName" AS "role.displayName",
u.email AS "user.email", u.name AS "user.name"
FROM environment e LEFT JOIN identity i ON i.issuer = ${param('issuer')} AND i.subject = ${param('subject')}
LEFT JOIN "user" u ON u.id = i.user_id
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM membership m
WHERE m.user_id = i.user_id OFFSET ${sql.lit(MOST_IN_ROWS)}) AS is_large OFFSET 0) count
LEFT JOIN LATERAL membership_rights(CASE WHEN NOT count.is_large THEN i.user_id END, now(), NULL) r ON true
ORDER BY r."createdAt", r."membershipId", r."roleCreatedAt", r."roleId"`;
}

/** Notes to the minute when the account was used: with others, or at once when more about it is new. */
async function noteUse(
  { notes }: PersonOptions,
  { caller, formerUse }: Known,
  token: VerifiedToken,
): Promise<void> {
  if (formerUse === null) {
    return;
  }
  const { identityId, authMethod } = caller.principal.signIn;
  const email = vouchedAddress(token);
  const [formerMethod, formerEmail] = formerUse;
  if (authMethod === formerMethod && (email ?? formerEmail) === formerEmail) {
    notes.add(identityId);
  } else {
    await notes.write({ identityId, authMethod, email });
  }
}
