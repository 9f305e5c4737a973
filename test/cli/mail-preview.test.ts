import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { expect, it } from 'vitest';
import { emptyFolder, runProgram } from './gateway-process.ts';

it('writes the invitation in every language that there is, with the settings of the gateway', async () => {
  const cwd = await emptyFolder();
  await mkdir(join(cwd, 'mail/pt-br'), { recursive: true });
  await writeFile(join(cwd, 'mail/pt-br/invitation.html'), '<p>{{ expiresAt }} {{ link }}</p>');
  await writeFile(join(cwd, 'mail/pt-br/invitation.txt'), 'Subject: Convite\n\n{{ link }}\n');
  const env = {
    GATEHOUSE_MAIL_TEMPLATES: 'mail',
    GATEHOUSE_MAIL_FROM: 'Acme <hello@acme.example>',
    GATEHOUSE_PUBLIC_URL: 'https://id.acme.example',
  };
  const args = ['mail-preview', '--output', 'out'];
  const { code, stdout, stderr } = await runProgram({ cwd, args, env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const files = ['de', 'en', 'es', 'fr', 'pt-BR'].flatMap((locale) =>
    ['html', 'txt', 'eml'].map((extension) => `out/invitation.${locale}.${extension}`),
  );
  expect(stdout.trimEnd().split('\n')).toEqual(files);
  const mail = await simpleParser(await readFile(join(cwd, 'out/invitation.pt-BR.eml')));
  expect(mail.from?.text).toBe('"Acme" <hello@acme.example>');
  expect(mail.subject).toBe('Convite');
  expect(mail.text?.trim()).toBe('https://id.acme.example/accept?token=sample-token');
  expect(await readFile(join(cwd, 'out/invitation.pt-BR.html'), 'utf8')).toMatch(
    /^<p>\d+ de \p{L}+ de \d{4}.* UTC https:/u,
  );
  expect(await readFile(join(cwd, 'out/invitation.fr.txt'), 'utf8')).toMatch(
    /^Subject: Ada Lovelace vous invite à rejoindre Megasoft\n\n/,
  );
  // Nothing but what was asked for: no database, no data folder.
  expect((await readdir(cwd)).sort()).toEqual(['mail', 'out']);
});

it('writes one language into the data folder, or says which there are', async () => {
  const cwd = await emptyFolder();
  const args = ['mail-preview', '--locale', 'de-CH'];
  const { code, stdout } = await runProgram({ cwd, args });
  const file = '.data/mail-preview/invitation.de';
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}.html\n${file}.txt\n${file}.eml\n` });
  const none = await runProgram({ cwd, args: ['mail-preview', '--locale', 'ja'] });
  expect(none).toMatchObject({
    code: 1,
    stderr: 'There are no templates for "ja", but for de, en, es, fr.\n',
  });
});

it('says what is wrong with a template, and so does a start, which leaves nothing behind', async () => {
  const cwd = await emptyFolder();
  await mkdir(join(cwd, 'mail/de'), { recursive: true });
  await writeFile(join(cwd, 'mail/de/invitation.html'), '<p>{% if link %}{{ link }}</p>');
  await writeFile(join(cwd, 'mail/de/invitation.txt'), 'Subject: Hallo\n\n{{ link }}\n');
  const env = { GATEHOUSE_MAIL_TEMPLATES: 'mail', PORT: '0' };
  for (const args of [['mail-preview'], ['start']]) {
    const { code, stdout, stderr } = await runProgram({ cwd, args, env });
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'GATEHOUSE_MAIL_TEMPLATES: de/invitation.html is broken: ' +
        'tag {% if link %} not closed, line:1, col:4.\n',
    });
  }
  expect(await readdir(cwd)).toEqual(['mail']);
});
