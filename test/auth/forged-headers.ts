/** Tokens that are something else. */
import { deflateRawSync } from 'node:zlib';
import { type Case, NOW } from './forged-world.ts';
import { onPart, writeToken } from './forgery.ts';

const json = /unambiguous JSON/;
const type = /typ/;

/** Forgeries by what a header asks for. */
export const forgedHeaders: Case[] = [
  ['crit with nothing known', { header: { crit: ['exp'] } }, /extensions/],
  ['crit with b64', { header: { crit: ['b64'], b64: false } }, /extensions/],
  ['b64 alone', { header: { b64: false } }, /extensions/],
  ['an empty crit', { header: { crit: [] } }, /extensions/],
  ['zip', { header: { zip: 'DEF' } }, /compressed/],
  [
    'a compressed payload',
    {
      whole: onPart(1, (part) =>
        deflateRawSync(Buffer.from(part, 'base64url')).toString('base64url'),
      ),
    },
    json,
  ],
  ['an encrypted one in three parts', { header: { enc: 'A256GCM' } }, /encrypted/],
  ['an encrypted one (JWE)', { whole: (token) => `${token}.AAAA.AAAA` }, /three parts/],
  ['a nested token', { header: { cty: 'JWT' } }, /other than claims/],
  ['a token as the payload', ({ issuer }) => ({ claimsText: () => writeToken(issuer, NOW) }), json],
  ...[
    'logout+jwt',
    'dpop+jwt',
    'secevent+jwt',
    'token-introspection+jwt',
    'oauth-authz-req+jwt',
    'entity-statement+jwt',
    'application/logout+jwt',
    'kb+jwt',
    'JWT ',
    'text/JWT',
    '',
    1,
    null,
    ['JWT'],
  ].map(
    (typ): Case => [
      `typ ${JSON.stringify(typ)}`,
      { header: { typ } },
      type,
      { header: { typ: 'application/at+jwt' } },
    ],
  ),
];
