import { expect, test } from 'vitest';
import { foldText, isStorableText, searchText } from '../../src/domain/text.ts';

test.each([
  ['Ada LOVELACE', 'ada lovelace'],
  ['José Ñandú', 'jose nandu'],
  ['Jose\u0301', 'jose'],
  ['Straße', 'strasse'],
  ['STRASSE', 'strasse'],
  ['Ærø Łódź Đorđe Þór Œuvre', 'aero lodz dorde thor oeuvre'],
  ['İstanbul Işık', 'istanbul isik'],
  ['ΟΔΟΣ', 'οδοσ'],
  ['Ὀδυσσεύς', 'οδυσσευσ'],
  ['Ёлка', 'елка'],
  ['ｆｕｌｌ　ｗｉｄｔｈ', 'full width'],
  ['ﬁn', 'fin'],
  ['  two \n lines ', 'two lines'],
  ['हिन्दी', 'हिन्दी'],
  ['', ''],
])('%j is compared as %j', (text, folded) => {
  expect(foldText(text)).toBe(folded);
  expect(foldText(folded)).toBe(folded);
});

test('no part of both name and address is found', () => {
  expect(searchText('Ada É', 'ada@example.com')).toBe('ada e\nada@example.com');
  expect(searchText(null, 'ada@example.com')).toBe('ada@example.com');
});

test('NUL and half of a surrogate pair cannot be kept', () => {
  expect(isStorableText('👩‍💻')).toBe(true);
  expect(isStorableText('a\0')).toBe(false);
  expect(isStorableText('\uD83D')).toBe(false);
});
