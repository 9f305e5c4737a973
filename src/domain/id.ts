/**
 * Ids as people see them: TypeIDs over the uuids that the database stores (https://github.com/jetify-com/typeid). Written
 * out because an answer holds thousands of them, and the library takes ten times as long.
 */

/** The id of the environment, and the scope of its roles and keys. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';

const KINDS = ['org', 'usr', 'mbr', 'inv', 'rol', 'key', 'evt'] as const;

export type IdKind = (typeof KINDS)[number];

type Alphabet = { codes: Uint8Array; values: Uint8Array };

const NO_VALUE = 255;

const DIGITS = alphabetOf('0123456789abcdef');

/** Crockford's, in lower case: five bits a letter. */
const LETTERS = alphabetOf('0123456789abcdefghjkmnpqrstvwxyz');

/** The 128 bits are written as 130, which begin with two zeros. */
const PADDING = 2;

/** Where the digits of a uuid stand in its text. */
const PLACES = [...NIL_UUID].flatMap((digit, place) => (digit === '-' ? [] : [place]));

const LENGTH = 26;

/** By kind, each with room for the letters. */
const idTexts = Object.fromEntries(
  KINDS.map((kind) => [kind, Buffer.from(`${kind}_${'0'.repeat(LENGTH)}`)]),
) as Record<IdKind, Buffer>;

const uuidText = Buffer.from(NIL_UUID);

function alphabetOf(characters: string): Alphabet {
  const codes = Buffer.from(characters);
  const values = new Uint8Array(256).fill(NO_VALUE);
  codes.forEach((code, value) => {
    values[code] = value;
  });
  return { codes, values };
}

/** The TypeID of a uuid (lower case, with hyphens). */
export function encodeId(kind: IdKind, uuid: string): string {
  const text = idTexts[kind];
  let held = 0;
  let bits = PADDING;
  let at = text.length - LENGTH;
  for (const place of PLACES) {
    held = (held << 4) | (DIGITS.values[uuid.charCodeAt(place)] ?? 0);
    bits += 4;
    if (bits >= 5) {
      bits -= 5;
      text[at] = LETTERS.codes[(held >> bits) & 31] ?? 0;
      at += 1;
    }
  }
  return text.toString('latin1');
}

/** The uuid of a TypeID of that kind; null when it is of another kind or not exactly as `encodeId` writes it. */
export function decodeId(kind: IdKind, id: string): string | null {
  const start = kind.length + 1;
  if (id.length !== start + LENGTH || !id.startsWith(kind) || id[kind.length] !== '_') {
    return null;
  }
  let held = 0;
  let bits = -PADDING;
  let written = 0;
  for (let at = start; at < id.length; at += 1) {
    const value = LETTERS.values[id.charCodeAt(at)] ?? NO_VALUE;
    if (value === NO_VALUE || (at === start && value >> (5 - PADDING) > 0)) {
      return null;
    }
    held = (held << 5) | value;
    bits += 5;
    while (bits >= 4) {
      bits -= 4;
      uuidText[PLACES[written] ?? 0] = DIGITS.codes[(held >> bits) & 15] ?? 0;
      written += 1;
    }
  }
  return uuidText.toString('latin1');
}

/** The kind of a TypeID by its prefix; null for anything that is no id of ours. */
export function kindOf(id: string): IdKind | null {
  const kind = KINDS.find((known) => id.startsWith(known));
  return kind !== undefined && decodeId(kind, id) !== null ? kind : null;
}
