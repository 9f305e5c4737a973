/** Text: what can be kept, and what lists sort and search by. */

/** Letters that Unicode does not decompose, after lower-casing. */
const UNDECOMPOSED: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ł: 'l',
  ŧ: 't',
  ŋ: 'n',
  ĸ: 'k',
  ı: 'i',
  ς: 'σ',
};

/** Accents and points; not the vowel signs of scripts that cannot be read without them. */
const ACCENT = new RegExp(
  [
    '[\\u0300-\\u036f]', // Latin, Greek, Cyrillic
    '[\\u0591-\\u05bd]', // Hebrew points
    '[\\u064b-\\u0652]', // Arabic vowels
    '[\\u1ab0-\\u1aff]',
    '[\\u1dc0-\\u1dff]',
    '[\\ufe20-\\ufe2f]',
  ].join('|'),
  'gu',
);

const UNDECOMPOSED_LETTER = new RegExp(`[${Object.keys(UNDECOMPOSED).join('')}]`, 'gu');

/**
 * What `text` is compared by: lower case, without accents, compatibility forms made plain, white space as single
 * spaces. Searching for a part of a name means searching for the folded part in the folded name.
 */
export function foldText(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .normalize('NFKD')
    .replace(ACCENT, '')
    .replace(UNDECOMPOSED_LETTER, (letter) => UNDECOMPOSED[letter] ?? letter)
    .replace(/\s+/gu, ' ')
    .trim();
}

/** Whether PostgreSQL can keep `text`: it has neither NUL nor half of a surrogate pair. */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** What a search looks in: the folded name and the address, on lines of their own so that no match spans both. */
export function searchText(name: string | null, email: string): string {
  return name === null ? foldText(email) : `${foldText(name)}\n${foldText(email)}`;
}
