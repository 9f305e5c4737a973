/** Tokens that are signed wrongly, or by somebody else. */
import { KeyObject } from 'node:crypto';
import { type Case, jwkOf, type Keys, NOW } from './forged-world.ts';
import { es256, hs256, onPart, rs256, writeToken } from './forgery.ts';

const algorithm = /algorithm/;
const signature = /signature/;
const base64url = /base64url/;
const unsigned = { signature: () => Buffer.from('x') };

/** The order of P-256. */
const ORDER = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';

/** Forgeries by the algorithm, the signature and the key. */
export function forgedSignatures({ wrongCurve, attacker, small, large }: Keys): Case[] {
  return [
    ...['none', 'None', 'NONE', 'nOnE', 'none ', ''].map(
      (alg): Case => [`alg ${JSON.stringify(alg)}`, { header: { alg }, ...unsigned }, algorithm],
    ),
    [
      'alg none without a signature',
      { header: { alg: 'none' }, signature: () => Buffer.alloc(0) },
      base64url,
    ],
    ['no alg', { header: { alg: undefined } }, /alg is not a string/],
    ['alg as an array', { header: { alg: ['ES256'] } }, /alg is not a string/],
    ['alg as null', { header: { alg: null } }, /alg is not a string/],
    ['alg in small letters', { header: { alg: 'es256' } }, algorithm],
    ['alg of the prototype', { header: { alg: 'constructor' } }, algorithm],
    ['an algorithm that the issuer does not use', { header: { alg: 'PS256' } }, algorithm],
    ['HS256 with an empty secret', { header: { alg: 'HS256' }, signature: hs256('') }, algorithm],
    [
      'HS256 with the shared key of the set',
      { header: { alg: 'HS256', kid: 'shared' }, signature: hs256('secret') },
      algorithm,
    ],
    ['a psychic signature (r = s = 0)', { signature: () => Buffer.alloc(64) }, signature],
    [
      'r = s = n',
      {
        signature: () => Buffer.from(ORDER.repeat(2), 'hex'),
      },
      signature,
    ],
    [
      'a signature cut short',
      {
        whole: onPart(2, (part) =>
          Buffer.from(part, 'base64url').subarray(0, 61).toString('base64url'),
        ),
      },
      signature,
    ],
    [
      'a signature in DER',
      ({ issuer }) => ({ signature: rs256(KeyObject.from(issuer.key().privateKey)) }),
      signature,
    ],
    [
      'a claim changed after signing',
      {
        whole: onPart(1, (part) =>
          Buffer.from(String(Buffer.from(part, 'base64url')).replace('user-1', 'user-2')).toString(
            'base64url',
          ),
        ),
      },
      signature,
    ],
    [
      'the signature of another token',
      ({ issuer }) => ({
        whole: onPart(
          2,
          () => writeToken(issuer, NOW, { claims: { sub: 'x' } }).split('.')[2] ?? '',
        ),
      }),
      signature,
    ],
    [
      'the key of another trusted issuer',
      ({ other }) => ({ signature: es256(KeyObject.from(other.key().privateKey)) }),
      signature,
    ],
    [
      'the key of another trusted issuer, by its kid',
      ({ other }) => ({
        header: { kid: other.key().kid },
        signature: es256(KeyObject.from(other.key().privateKey)),
      }),
      /no such key/,
    ],
    [
      'a key of another curve',
      { header: { kid: 'p-384' }, signature: es256(wrongCurve.privateKey) },
      /no such key/,
    ],
    [
      'a key for encryption',
      { header: { kid: 'for-encryption' }, signature: es256(attacker.privateKey) },
      /no such key/,
    ],
    [
      'a key for another algorithm',
      { header: { kid: 'for-another-algorithm' }, signature: es256(attacker.privateKey) },
      /no such key/,
    ],
    [
      'a key that may not verify',
      { header: { kid: 'for-signing-only' }, signature: es256(attacker.privateKey) },
      /no such key/,
    ],
    [
      'a private key that stands in the set',
      { header: { kid: 'private' }, signature: es256(attacker.privateKey) },
      /no such key/,
    ],
    [
      'an RSA key of 1024 bits',
      { header: { alg: 'RS256', kid: 'small' }, signature: rs256(small.privateKey) },
      signature,
      { header: { alg: 'RS256', kid: 'large' }, signature: rs256(large.privateKey) },
    ],
    [
      'no kid where several keys fit',
      { header: { alg: 'RS256', kid: undefined }, signature: rs256(large.privateKey) },
      /more than one key/,
      { header: { alg: 'RS256', kid: 'large' }, signature: rs256(large.privateKey) },
    ],
    ...[
      '../../../dev/null',
      "' OR 1=1 --",
      '__proto__',
      'constructor',
      'toString',
      '',
      '0',
      '|/bin/true',
      '\0',
    ].map(
      (kid): Case => [
        `kid ${JSON.stringify(kid)}`,
        { header: { kid }, signature: es256(attacker.privateKey) },
        /no such key/,
      ],
    ),
    ['kid as a number', { header: { kid: 0 } }, /kid/],
    ['kid as an object', { header: { kid: { toString: 'x' } } }, /kid/],
    [
      'a key of its own in the header (jwk)',
      { header: { jwk: jwkOf(attacker.publicKey, 'own') }, signature: es256(attacker.privateKey) },
      signature,
    ],
    [
      'a key of its own, and its kid',
      {
        header: { kid: 'own', jwk: jwkOf(attacker.publicKey, 'own') },
        signature: es256(attacker.privateKey),
      },
      /no such key/,
    ],
    [
      'a certificate of its own (x5c)',
      { header: { kid: 'own', x5c: ['MIIB'] }, signature: es256(attacker.privateKey) },
      /no such key/,
    ],
  ];
}
