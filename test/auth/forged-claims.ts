/** Tokens that are not for us, not now, or for nobody. */
import { type Case, NOW } from './forged-world.ts';

const issuerReason = /issuer is not trusted/;
const audience = /audience|aud/;

/** Forgeries by claims. */
export const forgedClaims: Case[] = [
  [
    'a logout token that calls itself JWT',
    { claims: { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } } },
    /event/,
  ],
  ['one that is bound to a key', { claims: { cnf: { jkt: 'x' } } }, /bound to a key/],
  ['expired by 16 s', { claims: { exp: NOW - 16 } }, /expired/, { claims: { exp: NOW - 14 } }],
  ['no exp', { claims: { exp: undefined } }, /no exp/],
  ...[String(NOW + 600), null, 1e15, -1, true, [NOW + 600], {}, NOW * 1000].map(
    (exp): Case => [
      `exp ${JSON.stringify(exp)}`,
      { claims: { exp } },
      /exp is not a time/,
      { claims: { exp: NOW + 600 } },
    ],
  ),
  [
    'exp 1e999',
    { claimsText: (text) => text.replace(`${NOW + 600}`, '1e999') },
    /exp is not a time/,
  ],
  ['exp 0', { claims: { exp: 0 } }, /expired/],
  ['nbf in 16 s', { claims: { nbf: NOW + 16 } }, /not valid yet/, { claims: { nbf: NOW + 14 } }],
  ['nbf as a string', { claims: { nbf: String(NOW) } }, /nbf/, { claims: { nbf: NOW } }],
  [
    'iat in 16 s',
    { claims: { iat: NOW + 16 } },
    /issued in the future/,
    { claims: { iat: NOW + 14 } },
  ],
  ['iat as null', { claims: { iat: null } }, /iat/, { claims: { iat: undefined } }],
  ...[
    undefined,
    null,
    '',
    'gatehous',
    'gatehouse2',
    'Gatehouse',
    'gatehouse ',
    [],
    ['other'],
    { 0: 'gatehouse' },
    ['other', null],
    ['gatehouse', 1],
  ].map(
    (aud): Case => [
      `aud ${JSON.stringify(aud)}`,
      { claims: { aud } },
      audience,
      { claims: { aud: ['other', 'gatehouse'] } },
    ],
  ),
  [
    'iss with a slash at the end',
    { claimsText: (text) => text.replace(/"iss":"[^"]*/, '$&/') },
    issuerReason,
  ],
  ['iss in capitals', { claimsText: (text) => text.replace('http:', 'HTTP:') }, issuerReason],
  [
    'iss with another letter that looks alike',
    { claimsText: (text) => text.replace('http', 'һttp') },
    issuerReason,
  ],
  ['iss with a space', { claimsText: (text) => text.replace('http', ' http') }, issuerReason],
  [
    'iss as an array',
    { claimsText: (text) => text.replace(/"iss":("[^"]*")/, '"iss":[$1]') },
    issuerReason,
  ],
  ['iss of the prototype', { claims: { iss: '__proto__' } }, issuerReason],
  ['no iss', { claims: { iss: undefined } }, issuerReason],
  ...[1, '', ' ', null, ['user-1'], { id: 'x' }, 'x'.repeat(256), 'a\0b', '\ud800', undefined].map(
    (sub): Case => [
      `sub ${JSON.stringify(sub)?.slice(0, 20)}`,
      { claims: { sub } },
      /sub/,
      { claims: { sub: 'x'.repeat(255) } },
    ],
  ),
];
