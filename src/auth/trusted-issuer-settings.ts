/** GATEHOUSE_TRUSTED_ISSUERS: its JSON, checked and with its defaults. */
import { createPublicKey } from 'node:crypto';
import type { JWK } from 'jose';
import { z } from 'zod';
import { AuthMethod } from '../db/generated/prisma/enums.ts';
import { normalizeDomain } from '../domain/email.ts';
import { decodeId } from '../domain/id.ts';
import { ALGORITHMS, isPublicJwk, keyTypesOf } from './public-jwk.ts';
import { isObject } from './strict-json.ts';
import { normalizeType } from './token-parts.ts';
import { STANDARD_CLAIMS, type TrustedIssuer, USUAL_TYPES } from './trusted-issuer.ts';

/** What is wrong: where in the JSON, such as `[0].audience`, and in words that follow it. */
export type SettingProblem = { path: string; message: string };

const MAX_ISSUERS = 1000;

/** Printable, without spaces: nothing that looks like something else in a log. */
const issuerName = z.string().regex(/^[\x21-\x7e]{1,255}$/);

const domain = z
  .string()
  .transform(normalizeDomain)
  .refine((name) => name !== null);

const organization = z
  .string()
  .transform((id) => decodeId('org', id))
  .refine((uuid) => uuid !== null);

const claimName = text(255, 'must be the name of a claim');

const entry = z.strictObject(
  {
    issuer: must('must be the issuer exactly as in its tokens: 1 to 255 characters', issuerName),
    audience: must(
      'must be the audience of the tokens, or an array of several',
      z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
    ),
    jwksUrl: must(
      'must be an https URL, or one with http on this machine, without credentials and fragment',
      z.string().refine(isKeysUrl),
    ).optional(),
    jwks: must(
      'must be a JWK Set of public keys: RSA of 2048 bits or more, EC or OKP',
      z.strictObject({ keys: z.array(z.custom<JWK>(isUsableKey)).min(1) }),
    ).optional(),
    algorithms: must(
      `must be an array of some of ${ALGORITHMS.join(', ')}`,
      z.array(z.string().refine((name) => ALGORITHMS.includes(name))).min(1),
    ).default(['RS256']),
    types: must(
      'must be an array of values of the header typ, and null for tokens without one',
      z.array(z.string().min(1).transform(normalizeType).nullable()).min(1),
    ).default([...USUAL_TYPES]),
    claims: z
      .strictObject(
        {
          email: claimName.default(STANDARD_CLAIMS.email),
          emailVerified: claimName.default(STANDARD_CLAIMS.emailVerified),
          name: claimName.default(STANDARD_CLAIMS.name),
          givenName: claimName.default(STANDARD_CLAIMS.givenName),
          familyName: claimName.default(STANDARD_CLAIMS.familyName),
          pictureUrl: claimName.default(STANDARD_CLAIMS.pictureUrl),
          locale: claimName.default(STANDARD_CLAIMS.locale),
        },
        { error: 'must be an object of names of claims' },
      )
      .prefault({}),
    linkingDomains: must(
      'must be "*" or an array of mail domains',
      z.union([
        z.literal('*'),
        z.tuple([z.literal('*')]).transform(([all]) => all),
        z.array(domain),
      ]),
    ).default([]),
    authMethod: must(
      `must be one of ${Object.keys(AuthMethod).join(', ')}`,
      z.enum(AuthMethod).nullable(),
    ).default(null),
    mfa: z
      .strictObject(
        {
          claim: claimName,
          values: must('must be an array of texts', z.array(z.string().min(1)).min(1)),
        },
        { error: 'must be an object with claim and values' },
      )
      .nullable()
      .default(null),
    provider: text(100, 'must be a text of 1 to 100 characters').optional(),
    organizationId: must(
      'must be the id of an organization, org_…',
      organization.nullable(),
    ).default(null),
  },
  { error: 'must be an object' },
);

/**
 * Reads the trusted issuers out of JSON that has been parsed. An issuer stands there once: which of two entries decides
 * what its tokens may do must never be a question; several audiences go into one entry.
 */
export function readTrustedIssuers(
  json: unknown,
): { issuers: TrustedIssuer[] } | { problems: SettingProblem[] } {
  const result = z
    .array(entry, { error: 'must be an array' })
    .max(MAX_ISSUERS, { error: `must have at most ${MAX_ISSUERS} entries` })
    .safeParse(json);
  const problems = [
    ...(result.error?.issues ?? []).flatMap(problemsOf),
    ...(Array.isArray(json) ? problemsBetween(json) : []),
  ];
  return result.success && problems.length === 0
    ? { issuers: result.data.map(trustedIssuer) }
    : { problems };
}

function trustedIssuer(settings: z.output<typeof entry>): TrustedIssuer {
  const { issuer, audience, jwksUrl, jwks, provider, ...rest } = settings;
  return {
    ...rest,
    issuer,
    audiences: Array.isArray(audience) ? audience : [audience],
    keys: jwks ? { jwks } : { jwksUrl: new URL(jwksUrl ?? '') },
    provider: provider ?? (URL.parse(issuer)?.host || issuer),
  };
}

/** One message for a field, whatever is wrong in it. */
function must<Output>(message: string, schema: z.ZodType<Output>) {
  return z.unknown().transform((value, context): Output => {
    const result = schema.safeParse(value);
    if (result.success) {
      return result.data;
    }
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

function text(longest: number, message: string) {
  return must(message, z.string().min(1).max(longest));
}

function problemsOf({ path, message, ...issue }: z.core.$ZodIssue): SettingProblem[] {
  const place = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  if (issue.code !== 'unrecognized_keys') {
    return [{ path: place.join(''), message }];
  }
  // A name that does not look like one is perhaps a secret that got into the wrong place.
  return issue.keys.map((key) =>
    /^[A-Za-z_]{1,40}$/.test(key)
      ? { path: `${place.join('')}.${key}`, message: 'is not a known property' }
      : { path: place.join(''), message: 'has a property that is not known' },
  );
}

/** What no single field can tell; said also while fields are wrong. */
function problemsBetween(entries: unknown[]): SettingProblem[] {
  const seen = new Set<unknown>();
  return entries.flatMap((entry, index) => {
    if (!isObject(entry)) {
      return [];
    }
    const { issuer, jwksUrl, jwks } = entry;
    const isRepeated = typeof issuer === 'string' && seen.has(issuer);
    seen.add(issuer);
    return [
      ...((jwksUrl === undefined) === (jwks === undefined)
        ? [{ path: `[${index}]`, message: 'must have either jwksUrl or jwks' }]
        : []),
      ...(isRepeated
        ? [{ path: `[${index}].issuer`, message: 'must not be that of another entry' }]
        : []),
      ...(hasFittingKey(entry)
        ? []
        : [{ path: `[${index}].jwks`, message: 'must have a key for one of the algorithms' }]),
    ];
  });
}

/** True also where something else is wrong, which is said elsewhere. */
function hasFittingKey({ jwks, algorithms = ['RS256'] }: Record<string, unknown>): boolean {
  const keys = isObject(jwks) && Array.isArray(jwks.keys) ? jwks.keys : [];
  if (keys.length === 0 || !keys.every(isUsableKey) || !Array.isArray(algorithms)) {
    return true;
  }
  const types = keyTypesOf(algorithms);
  return keys.some((key) => types.includes(key.kty));
}

function isKeysUrl(address: string): boolean {
  const url = URL.parse(address);
  const isLocal = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url?.hostname ?? '');
  return (
    url !== null &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)) &&
    /^https?:\/\/[^@#\s\\]+$/.test(address)
  );
}

function isUsableKey(key: unknown): boolean {
  if (!isPublicJwk(key)) {
    return false;
  }
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key, format: 'jwk' });
    return (asymmetricKeyDetails?.modulusLength ?? 2048) >= 2048;
  } catch {
    return false;
  }
}
