import { expect, test } from 'vitest';
import { isReservedSlug, isSlug, toSlug, withSuffix } from '../../src/domain/slug.ts';

test.each([
  ['Acme Inc.', 'acme-inc'],
  ['  --Acme--  ', 'acme'],
  ["O'Brien & Søns", 'obrien-sons'],
  ['Ærøskøbing Straße', 'aeroskobing-strasse'],
  ['kubernetes_sigs', 'kubernetes-sigs'],
  ['Ｆｕｌｌ　Ｗｉｄｔｈ', 'full-width'],
  ['株式会社', 'organization'],
  ['!!!', 'organization'],
  ['xn--bcher-kva', 'xn-bcher-kva'],
  [`${'a'.repeat(62)}-b`, 'a'.repeat(62)],
  ['a'.repeat(200), 'a'.repeat(63)],
])('the slug of %j is %j', (name, slug) => {
  expect(toSlug(name)).toBe(slug);
  expect(isSlug(slug)).toBe(true);
});

test('a slug is a lower-case DNS label', () => {
  const none = [
    '',
    '-a',
    'a-',
    'A',
    'a.b',
    'a_b',
    'a b',
    'ä',
    'xn--bcher-kva',
    'a'.repeat(64),
    'a\n',
  ];
  expect(none.filter(isSlug)).toEqual([]);
  expect(['a', '0', 'a-b', 'a--b', 'a'.repeat(63)].every(isSlug)).toBe(true);
});

test('a suffix leaves it a label', () => {
  expect(withSuffix('acme', '2')).toBe('acme-2');
  expect(withSuffix('a'.repeat(63), '30')).toBe(`${'a'.repeat(60)}-30`);
  expect(withSuffix(`${'a'.repeat(59)}-bcd`, '30')).toBe(`${'a'.repeat(59)}-30`);
});

test('names that a deployment needs are reserved', () => {
  expect(['www', 'api', 'graphql'].every(isReservedSlug)).toBe(true);
  expect(isReservedSlug('acme')).toBe(false);
});
