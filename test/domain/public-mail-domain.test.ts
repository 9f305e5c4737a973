import { expect, test } from 'vitest';
import { normalizeDomain } from '../../src/domain/email.ts';
import { isPublicMailDomain } from '../../src/domain/public-mail-domain.ts';

test.each([
  'gmail.com',
  'googlemail.com',
  'outlook.com',
  'hotmail.co.uk',
  'live.com',
  'msn.com',
  'yahoo.com',
  'yahoo.co.jp',
  'yahoo.com.br',
  'ymail.com',
  'icloud.com',
  'me.com',
  'gmx.de',
  'gmx.net',
  'web.de',
  't-online.de',
  'proton.me',
  'protonmail.com',
  'qq.com',
  '163.com',
  'mail.ru',
  'yandex.ru',
  'zoho.com',
  'fastmail.com',
  'mailinator.com',
])('anybody gets an address of %s', (domain) => {
  expect(isPublicMailDomain(domain)).toBe(true);
});

test.each([
  'example.com',
  'mygmail.com',
  'gmail.com.example',
  'mail.gmail.example',
  'yahoo.example.com',
  'google.com',
  'microsoft.com',
  'yahooinc.com',
])('not of %s', (domain) => {
  expect(isPublicMailDomain(domain)).toBe(false);
});

test('a domain is compared in its one spelling', () => {
  expect(isPublicMailDomain(normalizeDomain(' GMAIL.com ') ?? '')).toBe(true);
  expect(isPublicMailDomain(normalizeDomain('ｇｍａｉｌ.com') ?? '')).toBe(true);
});
