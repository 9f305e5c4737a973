/** Tokens that are written otherwise than tokens are. */

import { type Case, NOW, type World } from './forged-world.ts';
import { type Fault, onPart, withSpareBits, writeToken } from './forgery.ts';

const base64url = /base64url/;
const json = /unambiguous JSON/;

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** Spaces in the payload, so many that the token just stays within a length, or `beyond` it. */
function padded(length: number, beyond: number): (world: World) => Fault {
  return ({ issuer }) => {
    const withSpaces = (count: number): Fault => ({
      claimsText: (text) => text.replace('{', `{${' '.repeat(count)}`),
    });
    let count = Math.floor(((length - writeToken(issuer, NOW).length) * 3) / 4) - 4;
    while (writeToken(issuer, NOW, withSpaces(count + 1)).length <= length) {
      count += 1;
    }
    return withSpaces(count + beyond);
  };
}

/** Forgeries by encoding. */
export const forgedShapes: Case[] = [
  ['a space before', { whole: (token) => ` ${token}` }, base64url],
  ['a line break after', { whole: (token) => `${token}\n` }, base64url],
  [
    'a line break within',
    { whole: onPart(1, (part) => `${part.slice(0, 8)}\n${part.slice(8)}`) },
    base64url,
  ],
  ['padding', { whole: (token) => `${token}==` }, base64url],
  ['the alphabet of base64', { whole: onPart(2, (part) => `+/${part.slice(2)}`) }, base64url],
  ['a signature in another spelling', { whole: onPart(2, withSpareBits) }, base64url],
  ['a trailing dot', { whole: (token) => `${token}.` }, /three parts/],
  ['a leading dot', { whole: (token) => `.${token}` }, /three parts/],
  ['two parts', { whole: (token) => token.split('.', 2).join('.') }, /three parts/],
  ['an empty header', { whole: onPart(0, () => '') }, base64url],
  ['nothing', { whole: () => '' }, /three parts/],
  [
    'JSON serialization',
    { whole: (token) => JSON.stringify({ payload: token.split('.')[1] }) },
    /three parts/,
  ],
  ['a claim twice', { claimsText: (text) => text.replace('{', '{"sub":"admin",') }, json],
  [
    'a claim twice, once escaped',
    { claimsText: (text) => text.replace('{', '{"s\\u0075b":"admin",') },
    json,
  ],
  [
    'a claim twice, within',
    { claims: { deep: [{ a: 1 }] }, claimsText: (text) => text.replace('"a":1', '"a":1,"a":2') },
    json,
    { claims: { deep: [{ a: 1 }, { a: 2 }] } },
  ],
  ['alg twice', { headerText: (text) => text.replace('{', '{"alg":"none",') }, json],
  ['a byte order mark', { claimsText: (text) => `\ufeff${text}` }, json],
  [
    'bytes that are not UTF-8',
    {
      whole: onPart(1, (part) =>
        Buffer.from(
          Buffer.from(part, 'base64url').toString('latin1').replace('user', 'us\xff'),
          'latin1',
        ).toString('base64url'),
      ),
    },
    json,
  ],
  ['a payload that is an array', { claimsText: () => '[]' }, json],
  ['a payload that is null', { claimsText: () => 'null' }, json],
  ['a comment in the payload', { claimsText: (text) => `${text}//` }, json],
  [
    '17 levels',
    { claims: { deep: 0 }, claimsText: (text) => text.replace('"deep":0', `"deep":${nested(16)}`) },
    json,
    { claims: { deep: 0 }, claimsText: (text) => text.replace('"deep":0', `"deep":${nested(15)}`) },
  ],
  [
    '2,500 levels',
    {
      claims: { deep: 0 },
      claimsText: (text) => text.replace('"deep":0', `"deep":${nested(2500)}`),
    },
    json,
  ],
  ['a little over 8 KB', padded(8192, 1), /longer than/, padded(8192, 0)],
  ['100 KB', { claims: { deep: 'x'.repeat(75_000) } }, /longer than/],
];
