import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lookUpLocale } from '../../src/jobs/mail/locale.ts';
import { type Letter, MailTemplateError, readTemplates } from '../../src/jobs/mail/templates.ts';

const letter: Letter = {
  organizationName: 'Megasoft',
  organizationLabel: 'Workspace',
  organizationLogoUrl: 'https://megasoft.example/logo.png',
  inviterName: 'Ada Lovelace',
  message: 'Hello\n\nGrace',
  messageLines: ['Hello', '', 'Grace'],
  link: 'https://id.example/accept?a=1&token=secret',
  expiresAt: new Date('2026-12-03T14:37:59Z'),
};

const bare: Letter = {
  ...letter,
  organizationLogoUrl: null,
  inviterName: null,
  message: null,
  messageLines: [],
};

/** A folder of templates that goes with the test. */
async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-mail-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

describe('our own templates', () => {
  it.each(['en', 'de', 'fr', 'es'])('say in %s all that there is to say', async (locale) => {
    const { render } = await readTemplates();
    const { html, text, subject, locale: used } = render(locale, letter);
    expect(used).toBe(locale);
    expect(html).toContain(`<html lang="${locale}">`);
    expect(html).toContain('alt="Megasoft"');
    expect(html).toContain('href="https://id.example/accept?a=1&amp;token=secret"');
    expect(html).not.toMatch(
      /<script|<link|@import|<iframe|<form|url\(|src="(?!https:\/\/megasoft)/,
    );
    expect(html.match(/<table(?! role="presentation")/g)).toBeNull();
    for (const part of [html, text]) {
      expect(part).toContain('Workspace');
      expect(part).toContain('Ada Lovelace');
      expect(part).toContain('Grace');
      expect(part).toMatch(/14:37 UTC|2:37\sPM UTC/);
      expect(part).not.toMatch(/\{\{|\{%|undefined|null/);
    }
    expect(text).toContain('> Hello\n> \n> Grace\n');
    expect(text).toContain('\nhttps://id.example/accept?a=1&token=secret\n');
    expect(text).not.toMatch(/\n{3}/);
    expect(subject).toContain('Ada Lovelace');
    expect(subject).toContain('Megasoft');
    const without = render(locale, bare);
    expect(without.html).not.toMatch(/<img|<blockquote|Ada/);
    expect(without.text).not.toMatch(/> |\n{3}|Ada/);
    expect(without.subject).toContain('Megasoft');
  });

  it('write what organizations are called, ours in the language of the mail', async () => {
    const { render } = await readTemplates();
    const own = { ...letter, organizationLabel: 'Organization' };
    expect(render('de', own).text).toMatch(/^Organisation: /);
    expect(render('es', own).text).toMatch(/^Organización: /);
    expect(render('en', own).text).toMatch(/^Organization: /);
  });

  it('write the time as it is written where people are', async () => {
    const { render } = await readTemplates();
    const says = (locale: string | null) => render(locale, letter).text;
    expect(says(null)).toContain('December 3, 2026 at 2:37 PM UTC');
    expect(says('en-GB')).toContain('3 December 2026 at 14:37 UTC');
    expect(says('de-AT')).toContain('3. Dezember 2026 um 14:37 UTC');
    expect(says('ja')).toContain('December 3, 2026 at 2:37 PM UTC');
  });
});

describe("the operator's templates", () => {
  const plain = {
    html: '<i>{{ organizationName }}</i> {{ link }}',
    txt: 'Subject: {{ organizationName }}\n\n{{ organizationName }} {{ link }}',
  };

  it('come before ours, language by language, whatever else is in the folder', async () => {
    const folder = await folderOf({
      'README.md': '{% broken',
      '.git/x/invitation.html': '{% broken',
      'DE/invitation.html': plain.html,
      'DE/invitation.txt': plain.txt.replaceAll('\n', '\r\n'),
      'zh-hant-tw/invitation.html': plain.html,
      'zh-hant-tw/invitation.txt': plain.txt,
    });
    const { locales, render } = await readTemplates(folder);
    expect(locales).toEqual(['de', 'en', 'es', 'fr', 'zh-Hant-TW']);
    expect(render('de-CH', letter)).toMatchObject({
      locale: 'de',
      subject: 'Megasoft',
      html: '<i>Megasoft</i> https://id.example/accept?a=1&amp;token=secret',
    });
    expect(render('zh-Hant-TW', letter).locale).toBe('zh-Hant-TW');
    expect(render('zh-Hant', letter).locale).toBe('en');
    expect(render('en', letter).html).toContain('<!doctype html>');
  });

  it('take user-given text as text', async () => {
    const folder = await folderOf({
      'en/invitation.html': plain.html,
      'en/invitation.txt': plain.txt,
    });
    const { render } = await readTemplates(folder);
    const organizationName = '<b>{{ link }}{% raw %}</b>"\'\r\nBcc: x';
    const { subject, html, text } = render('en', { ...letter, organizationName });
    expect(subject).toBe('<b>{{ link }}{% raw %}</b>"\' Bcc: x');
    expect(html).toContain('<i>&lt;b&gt;{{ link }}{% raw %}&lt;/b&gt;&#34;&#39;\r\nBcc: x</i>');
    expect(text).toContain('<b>{{ link }}{% raw %}</b>');
  });

  const html = plain.html;
  const txt = plain.txt;
  it.each([
    [{ 'de/invitation.html': html }, 'de/invitation.txt cannot be read (ENOENT)'],
    [{ 'de/invitation.txt': txt }, 'de/invitation.html cannot be read (ENOENT)'],
    [{ 'de/x': '' }, 'de/invitation.html cannot be read (ENOENT)'],
    [{ 'no_tag/x': '' }, 'no_tag is no language tag such as de or pt-BR'],
    [
      { 'de/invitation.html': '{{ link', 'de/invitation.txt': txt },
      'de/invitation.html is broken: output "{{ link" not closed, line:1, col:1',
    ],
    [
      { 'de/invitation.html': html, 'de/invitation.txt': `${txt}\n{% fi %}` },
      'de/invitation.txt is broken: tag "fi" not found, line:2, col:1',
    ],
    [
      { 'de/invitation.html': `{{ organisationName }}${html}`, 'de/invitation.txt': txt },
      'de/invitation.html is broken: undefined variable: organisationName, line:1, col:4',
    ],
    [
      {
        'de/invitation.html': `{% if message %}{{ token }}{% endif %}${html}`,
        'de/invitation.txt': txt,
      },
      'de/invitation.html is broken: undefined variable: token, line:1, col:20',
    ],
    [
      { 'de/invitation.html': `{{ link | shout }}`, 'de/invitation.txt': txt },
      'de/invitation.html is broken: undefined filter: shout, line:1, col:1',
    ],
    [
      { 'de/invitation.html': `{% include "/etc/passwd" %}${html}`, 'de/invitation.txt': txt },
      'de/invitation.html is broken: ENOENT: Failed to lookup "/etc/passwd" in ".", line:1, col:1',
    ],
    [
      { 'de/invitation.html': 'Hello', 'de/invitation.txt': txt },
      'de/invitation.html is broken: it does not show the link',
    ],
    [
      { 'de/invitation.html': html, 'de/invitation.txt': 'Subject: x\n\nHello' },
      'de/invitation.txt is broken: it does not show the link',
    ],
    [
      { 'de/invitation.html': html, 'de/invitation.txt': 'Hello {{ link }}' },
      'de/invitation.txt is broken: it does not begin with "Subject: …" and an empty line',
    ],
    [
      { 'de/invitation.html': html, 'de/invitation.txt': 'Subject: {{ message }}\n\n{{ link }}' },
      'de/invitation.txt is broken: its subject is empty',
    ],
  ])('%j: a broken one is told of', async (files, problem) => {
    const reading = readTemplates(await folderOf(files));
    await expect(reading).rejects.toThrow(MailTemplateError);
    await expect(reading).rejects.toThrow(`GATEHOUSE_MAIL_TEMPLATES: ${problem}.`);
  });

  it('are to be there', async () => {
    await expect(readTemplates('/no/such/folder')).rejects.toThrow(
      'GATEHOUSE_MAIL_TEMPLATES cannot be read (ENOENT).',
    );
  });
});

it.each([
  ['de-CH', ['de', 'en'], 'de'],
  ['de-CH', ['de', 'de-CH'], 'de-CH'],
  ['DE-ch-1996', ['de-CH'], 'de-CH'],
  ['zh-Hant-CN-x-private1', ['zh-Hant'], 'zh-Hant'],
  ['en-u-ca-buddhist', ['en'], 'en'],
  ['de', ['de-CH'], undefined],
  ['den', ['de'], undefined],
  ['x_y', ['x'], undefined],
  ['', ['en'], undefined],
])('the language for %j among %j is %j', (wanted, available, found) => {
  expect(lookUpLocale(wanted, new Set(available))).toBe(found);
});
