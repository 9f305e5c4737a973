import { describe, expect, test } from 'vitest';
import { emailDomain, normalizeDomain, normalizeEmail } from '../../src/domain/email.ts';

const ADA = 'ada@example.com';

/** What somebody types, and the one spelling it is kept under; null: it is refused. */
const spellings: [string, string | null][] = [
  ['ada@example.com', ADA],
  ['Ada@Example.COM', ADA],
  ['  ada@example.com\t', ADA],
  ['\uFEFFada@example.com', ADA],
  ['ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ', ADA],
  ['ada@EXAMPLE．com', ADA],
  ['\u212Aim@example.com', 'kim@example.com'],
  ['\u017Fam@example.com', 'sam@example.com'],
  ['ada.love+tag@example.com', 'ada.love+tag@example.com'],
  ["o'brien@example.com", "o'brien@example.com"],
  ['a@b.co', 'a@b.co'],
  ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
  ['ada@BU\u0308CHER.example', 'ada@xn--bcher-kva.example'],
  ['ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example'],
  ['ada@XN--BCHER-KVA.example', 'ada@xn--bcher-kva.example'],
  [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  [`${'a'.repeat(65)}@example.com`, null],
  [`ada@${`${'a'.repeat(63)}.`.repeat(3)}${'b'.repeat(59)}`, null],
  [`ada@${'a'.repeat(64)}.com`, null],
  ['', null],
  ['ada', null],
  ['@example.com', null],
  ['ada@', null],
  ['ada@localhost', null],
  ['ada@@example.com', null],
  ['ada@example.com@evil.com', null],
  ['ada＠example.com@evil.com', null],
  ['ada@example.com,eve@evil.com', null],
  ['ada@example.com eve@evil.com', null],
  ['ada@example.com\neve@evil.com', null],
  ['ada\0@example.com', null],
  ['ada\u200B@example.com', null],
  ['ada@exam\u200Dple.com', null],
  ['"ada"@example.com', null],
  ['"ada lovelace"@example.com', null],
  ['ada(comment)@example.com', null],
  ['Ada <ada@example.com>', null],
  ['.ada@example.com', null],
  ['ada.@example.com', null],
  ['a..da@example.com', null],
  ['ada%example.com@evil.com', null],
  ['evil.com!ada@example.com', null],
  ['\u0131da@example.com', null],
  ['\u0130da@example.com', null],
  ['\u0430da@example.com', null],
  ['ad\u00e1@example.com', null],
  ['ada@-example.com', null],
  ['ada@example-.com', null],
  ['ada@exam_ple.com', null],
  ['ada@example..com', null],
  ['ada@example.com.', null],
  ['ada@127.0.0.1', null],
  ['ada@[127.0.0.1]', null],
  ['ada@ex%61mple.com', null],
  ['ada@example.com:25', null],
  ['ada@xn--a.example', null],
  ['\uD800da@example.com', null],
];

describe('normalizeEmail', () => {
  test.each(spellings)('%j is kept as %j', (input, expected) => {
    expect(normalizeEmail(input)).toBe(expected);
  });

  test('what it makes stays the same when it is made again', () => {
    for (const [, email] of spellings) {
      expect(email === null ? null : normalizeEmail(email)).toBe(email);
    }
  });

  test('a very long input is refused at once', () => {
    expect(normalizeEmail(`${'a.'.repeat(1_000_000)}@example.com`)).toBeNull();
  });
});

test('normalizeDomain keeps one spelling', () => {
  expect(normalizeDomain(' Example.COM ')).toBe('example.com');
  expect(normalizeDomain('bücher.example')).toBe('xn--bcher-kva.example');
  expect(normalizeDomain('*.example.com')).toBeNull();
  expect(normalizeDomain('@example.com')).toBeNull();
  expect(normalizeDomain('com')).toBeNull();
});

test('emailDomain is what follows the @', () => {
  expect(emailDomain(ADA)).toBe('example.com');
});
