/** What the claims of a token must be, and what they say about a person. */
import { type JsonObject, ownValue } from './strict-json.ts';
import { TokenError } from './token-error.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

export type Profile = {
  name: string | null;
  givenName: string | null;
  familyName: string | null;
  pictureUrl: string | null;
  locale: string | null;
};

/** What an issuer says of a person, before it is compared with what we know. */
export type PersonClaims = {
  subject: string;
  /** As the issuer wrote it. */
  email: string | null;
  /** Only the boolean true counts. */
  isEmailVerified: boolean;
  profile: Profile;
  isMultiFactor: boolean;
  issuedAt: Date | null;
  expiresAt: Date;
};

/** How far the clocks of an issuer and ours may be apart. */
const TOLERANCE_S = 15;

/** The end of the year 9999: what comes later are milliseconds, or nonsense. */
const LATEST_S = 253_402_300_799;

const MAX_SUBJECT = 255;

/**
 * Reads the claims for an issuer, whenever that is. Access tokens (RFC 9068) and ID tokens are both taken, for
 * which reason `azp` and `client_id` are not looked at: in an access token they name the frontend, and the audience
 * alone says for whom a token is (OpenID Connect Core 3.1.3.7, errata 2, leaves `azp` to whoever uses it).
 *
 * @throws TokenError when the token is not for us, or not for calling anything.
 */
export function readClaims(claims: JsonObject, issuer: TrustedIssuer): PersonClaims {
  checkPurpose(claims);
  checkAudience(ownValue(claims, 'aud'), issuer.audiences);
  const iat = numericDate(claims, 'iat');
  const text = (name: string) => plainText(ownValue(claims, name));
  const names = issuer.claims;
  return {
    subject: readSubject(claims),
    email: text(names.email),
    isEmailVerified: ownValue(claims, names.emailVerified) === true,
    profile: {
      name: text(names.name),
      givenName: text(names.givenName),
      familyName: text(names.familyName),
      pictureUrl: text(names.pictureUrl),
      locale: text(names.locale),
    },
    isMultiFactor: isMultiFactor(claims, issuer.mfa),
    issuedAt: iat === null ? null : new Date(iat * 1000),
    expiresAt: new Date(expiryOf(claims) * 1000),
  };
}

/** Issuers sign more than what opens a door, not always under a `typ` of its own. */
function checkPurpose(claims: JsonObject): void {
  if (Object.hasOwn(claims, 'events')) {
    throw new TokenError('it tells of an event (RFC 8417), such as a logout');
  }
  if (Object.hasOwn(claims, 'cnf')) {
    throw new TokenError('it is bound to a key (RFC 7800) and may not be used by its bearer alone');
  }
}

function checkAudience(aud: unknown, ours: string[]): void {
  const theirs = Array.isArray(aud) ? aud : [aud];
  if (!theirs.every((one) => typeof one === 'string')) {
    throw new TokenError('its aud is neither a string nor an array of strings');
  }
  if (!theirs.some((one) => ours.includes(one))) {
    throw new TokenError('it is for another audience');
  }
}

/**
 * Checks that a token is good at a time (milliseconds).
 *
 * @throws TokenError
 */
export function checkTimes(claims: JsonObject, nowMs: number): void {
  const now = nowMs / 1000;
  const nbf = numericDate(claims, 'nbf');
  const iat = numericDate(claims, 'iat');
  if (expiryOf(claims) <= now - TOLERANCE_S) {
    throw new TokenError('it has expired');
  }
  if (nbf !== null && nbf > now + TOLERANCE_S) {
    throw new TokenError('it is not valid yet');
  }
  if (iat !== null && iat > now + TOLERANCE_S) {
    throw new TokenError('it was issued in the future');
  }
}

function expiryOf(claims: JsonObject): number {
  const exp = numericDate(claims, 'exp');
  if (exp === null) {
    throw new TokenError('it has no exp');
  }
  return exp;
}

function numericDate(claims: JsonObject, name: 'exp' | 'nbf' | 'iat'): number | null {
  const value = ownValue(claims, name);
  if (value === undefined) {
    return null;
  }
  if (typeof value !== 'number' || !(value >= 0 && value <= LATEST_S)) {
    throw new TokenError(`its ${name} is not a time in seconds`);
  }
  return value;
}

function readSubject(claims: JsonObject): string {
  const subject = plainText(ownValue(claims, 'sub'));
  if (subject === null || subject.length > MAX_SUBJECT) {
    throw new TokenError(`its sub is not a string of 1 to ${MAX_SUBJECT} characters`);
  }
  return subject;
}

function isMultiFactor(claims: JsonObject, rule: TrustedIssuer['mfa']): boolean {
  const value = rule === null ? undefined : ownValue(claims, rule.claim);
  const said = Array.isArray(value) ? value : [value];
  return said.some((one) => typeof one === 'string' && rule?.values.includes(one));
}

/** Null for anything but a text that can be stored and shown. */
function plainText(value: unknown): string | null {
  const isPlain =
    typeof value === 'string' &&
    value.trim() !== '' &&
    value.isWellFormed() &&
    !/\p{Cc}/u.test(value);
  return isPlain ? value : null;
}
