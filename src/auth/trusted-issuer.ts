/** Whose tokens are believed, and what for. */
import type { JSONWebKeySet } from 'jose';
import type { AuthMethod } from '../db/generated/prisma/enums.ts';

/** What is read of a person, by the names that an issuer gives to these claims. */
export type ClaimNames = {
  email: string;
  emailVerified: string;
  name: string;
  givenName: string;
  familyName: string;
  pictureUrl: string;
  locale: string;
};

export type TrustedIssuer = {
  /** Exactly as in the claim `iss`. */
  issuer: string;
  /** A token has to name one of them. */
  audiences: string[];
  keys: { jwksUrl: URL } | { jwks: JSONWebKeySet };
  /** Asymmetric ones only. */
  algorithms: string[];
  /** The values of the header `typ`, lower case and without `application/`; null for tokens that have none. */
  types: (string | null)[];
  claims: ClaimNames;
  /**
   * The mail domains (normalized) that it speaks for; `*`: all. Of these alone it verifies addresses, and links accounts
   * to users who are there.
   */
  linkingDomains: '*' | string[];
  /** What a sign-in counts as where an organization restricts its methods. */
  authMethod: AuthMethod | null;
  /** The claim, and its values, that prove a second factor. */
  mfa: { claim: string; values: string[] } | null;
  /** What people call it. */
  provider: string;
  /** uuid of the organization whose own sign-in this is. */
  organizationId: string | null;
};

/** The claims of OpenID Connect Core, section 5.1. */
export const STANDARD_CLAIMS: ClaimNames = {
  email: 'email',
  emailVerified: 'email_verified',
  name: 'name',
  givenName: 'given_name',
  familyName: 'family_name',
  pictureUrl: 'picture',
  locale: 'locale',
};

/** Access tokens by RFC 9068, and what is commonly written in ID tokens and other access tokens. */
export const USUAL_TYPES: readonly (string | null)[] = [null, 'jwt', 'at+jwt'];
