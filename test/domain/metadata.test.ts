import { expect, test } from 'vitest';
import { mergeMetadata } from '../../src/domain/metadata.ts';

test('an update merges at the top level, and null deletes', () => {
  const current = { plan: 'free', address: { city: 'Berlin', zip: '1' }, old: true };
  expect(mergeMetadata(current, { plan: 'pro', address: { city: 'Bonn' }, old: null })).toEqual({
    plan: 'pro',
    address: { city: 'Bonn' },
  });
  expect(mergeMetadata({}, { a: null, b: [null] })).toEqual({ b: [null] });
});

test('__proto__ is a key like any other', () => {
  const merged = mergeMetadata({}, JSON.parse('{"__proto__": {"admin": true}}'));
  expect(JSON.stringify(merged)).toBe('{"__proto__":{"admin":true}}');
  expect(Reflect.get(Object(merged), 'admin')).toBeUndefined();
});

const keys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]));
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

test('what is within the limits passes', () => {
  expect(mergeMetadata({}, keys(20))).toEqual(keys(20));
  expect(mergeMetadata({}, { a: 'x'.repeat(4096 - 8) })).toBeTypeOf('object');
  expect(mergeMetadata({}, { a: nested(15) })).toBeTypeOf('object');
  expect(mergeMetadata({}, { a: [1e21, -0.5, 1e-7] })).toBeTypeOf('object');
});

test.each([
  ['an array', []],
  ['text', 'x'],
  ['null', null],
  ['a date', { a: new Date(0) }],
  ['a class', new Map()],
  ['a function', { a: () => 1 }],
  ['undefined', { a: undefined }],
  ['not a number', { a: Number.NaN }],
  ['a bigint', { a: 1n }],
  ['NUL in a value', { a: 'x\0' }],
  ['NUL in a key', { a: [{ 'x\0': 1 }] }],
  ['half of a surrogate pair', { a: '\uD83D' }],
  ['21 keys', keys(21)],
  ['4097 bytes', { a: 'x'.repeat(4097 - 8) }],
  ['4097 bytes of UTF-8', { a: 'é'.repeat(2045) }],
  ['digits that are many when written out', { a: Array(20).fill(1e300) }],
  ['small ones too', { a: Array(20).fill(1e-300) }],
  ['17 levels', { a: nested(16) }],
])('%s is refused', (_, patch) => {
  expect(mergeMetadata({}, patch)).toBeTypeOf('string');
});

test('the limits hold for what is there already and the update together', () => {
  expect(mergeMetadata(keys(20), { more: 1 })).toBeTypeOf('string');
  expect(mergeMetadata(keys(20), { k0: 2 })).toBeTypeOf('object');
});
