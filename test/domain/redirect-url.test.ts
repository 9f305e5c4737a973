import { describe, expect, it } from 'vitest';
import { isAllowedRedirect } from '../../src/domain/redirect-url.ts';

const allowed = [
  'https://app.example.com/join',
  'https://whole.example.com',
  'https://Bücher.example:8443/a%20b/',
  'http://localhost:3000/welcome/',
];

describe('a redirect', () => {
  it.each([
    'https://app.example.com/join',
    'https://app.example.com/join/',
    'https://app.example.com/join/team?from=mail&x=%2f',
    'https://app.example.com/join?Token=1&tokens=2',
    'HTTPS://APP.EXAMPLE.COM:443/join',
    'https://app.example.com/other/../join/x',
    'https://app.example.com/%2e/join/x',
    'https://app.example.com/join/caf%C3%A9',
    'https://app.example.com/join/v1.2;x=..',
    'https://app.example.com/join?next=//evil.com@x',
    'https://whole.example.com',
    'https://whole.example.com?x=1',
    'https://whole.example.com/any/thing',
    'https://xn--bcher-kva.example:8443/a%20b/c',
    'https://bücher.example:8443/a%20b/',
    'http://localhost:3000/welcome/',
    'http://localhost:3000/welcome/x',
  ])('is allowed to %j', (url) => {
    expect(isAllowedRedirect(url, allowed)).toBe(true);
  });

  it.each([
    // Another place.
    'https://evil.com/join',
    'https://app.example.com.evil.com/join',
    'https://evil.com/https://app.example.com/join',
    'https://evil.com?https://app.example.com/join',
    'https://evilapp.example.com/join',
    'https://sub.app.example.com/join',
    'https://app.example.com./join',
    'https://app.example.com:8443/join',
    'https://app.example.com:80/join',
    'http://app.example.com/join',
    'http://app.example.com:443/join',
    'https://localhost:3000/welcome/x',
    'http://localhost/welcome/x',
    'http://127.0.0.1:3000/welcome/x',
    'https://bücher.example/a%20b/c',
    'https://buecher.example:8443/a%20b/c',
    'https://аpp.example.com/join',
    // Credentials.
    'https://app.example.com@evil.com/join',
    'https://app.example.com:443@evil.com/join',
    'https://user@app.example.com/join',
    'https://user:word@app.example.com/join',
    'https://@app.example.com/join',
    'https://:@app.example.com/join',
    // No URL in full, or of another kind.
    '',
    '/join',
    '//app.example.com/join',
    '//evil.com/join',
    'https:app.example.com/join',
    'https:/app.example.com/join',
    'https:///app.example.com/join',
    'app.example.com/join',
    'javascript://app.example.com/join',
    'data:text/html,https://app.example.com/join',
    'blob:https://app.example.com/join',
    'ftp://app.example.com/join',
    'https://app.example.com:99999/join',
    'https://[app.example.com]/join',
    // Out of the folder.
    'https://app.example.com/',
    'https://app.example.com/joined',
    'https://app.example.com/join.evil',
    'https://app.example.com/Join',
    'https://app.example.com/join/..',
    'https://app.example.com/join/../admin',
    'https://app.example.com/join/%2e%2e/admin',
    'https://app.example.com/join/.%2E/admin',
    'https://app.example.com/join/..%2fadmin',
    'https://app.example.com/join/..%5Cadmin',
    'https://app.example.com/join/%252e%252e/admin',
    'https://app.example.com/join/..;/admin',
    'https://app.example.com/join/%2e%2e%3b/admin',
    'https://app.example.com/join//admin',
    'https://app.example.com//evil.com/join',
    'https://app.example.com/%6aoin',
    'http://localhost:3000/welcome',
    // Backslashes and characters that are not seen.
    'https:\\\\app.example.com\\join',
    'https://app.example.com\\@evil.com/join',
    'https://app.example.com/join\\..\\admin',
    'https://evil.com\\.app.example.com/join',
    ' https://app.example.com/join',
    'https://app.example.com/join ',
    'https://app.example.com/jo\tin',
    'https://app.exam\nple.com/join',
    'https://app.example.com/join\r\nBcc: a@b.example',
    'https://app.example.com/join\0',
    'https://app.example.com/join%00',
    'https://app.example.com/join/%0d%0aBcc:x',
    'https://app.example.com/join/\u202Exe',
    'https://app\u200B.example.com/join',
    'https://app\u00AD.example.com/join',
    'https://app.example.com/join/\uD800',
    // What is ours to add, or would keep it from being seen.
    'https://app.example.com/join#',
    'https://app.example.com/join#token=x',
    'https://app.example.com/join?token=x',
    'https://app.example.com/join?a=b&%74oken=',
    'https://app.example.com/join?token',
  ])('is refused to %j', (url) => {
    expect(isAllowedRedirect(url, allowed)).toBe(false);
  });

  it('is refused where nothing is allowed, and by what is no URL', () => {
    expect(isAllowedRedirect('https://app.example.com/join', [])).toBe(false);
    expect(isAllowedRedirect('https://app.example.com/join', ['', '*', 'https://*'])).toBe(false);
    expect(isAllowedRedirect('null', ['null'])).toBe(false);
  });
});
