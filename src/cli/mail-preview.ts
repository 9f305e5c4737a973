/** `gatehouse mail-preview`: what invitations look like. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Config } from '../config.ts';
import { NIL_UUID } from '../domain/id.ts';
import type { InvitationLetter } from '../domain/invitation-mail.ts';

/** Thrown when there are no templates in the language that was asked for. */
export class NoSuchLocaleError extends Error {
  override readonly name = 'NoSuchLocaleError';
}

type Options = { locale?: string; output?: string };

const WEEK_MS = 7 * 86_400_000;

/** The command `mail-preview`. It needs no database. */
export function mailPreviewCommand(settings: () => Config): Command {
  return new Command('mail-preview')
    .description('Writes an invitation with sample values to files, to look at.')
    .option('--locale <tag>', 'the language, such as de (default: all that there are)')
    .option('--output <folder>', 'where to (default: mail-preview in the data folder)')
    .action(async ({ locale, output }: Options) => {
      const {
        mailTemplates,
        mailFrom: sender,
        redirectUrls,
        publicUrl,
        port,
        dataDir,
      } = settings();
      // Loaded only now: --help needs no templates.
      const { readTemplates } = await import('../jobs/mail/templates.ts');
      const { composeInvitation } = await import('../jobs/mail/compose.ts');
      const { writeMessage } = await import('../jobs/mail/message.ts');
      const templates = await readTemplates(mailTemplates);
      const url = publicUrl ?? `http://localhost:${port}`;
      const letterhead = { templates, url, redirectUrls, sender };
      const wanted = locale === undefined ? templates.locales : [find(locale, templates)];
      const folder = output ?? join(dataDir, 'mail-preview');
      await mkdir(folder, { recursive: true });
      for (const tag of wanted) {
        const { options } = composeInvitation(sample(tag), 'sample-token', letterhead);
        const contents = {
          html: String(options.html),
          txt: `Subject: ${options.subject}\n\n${options.text}`,
          eml: await writeMessage(options),
        };
        for (const [extension, content] of Object.entries(contents)) {
          const file = join(folder, `invitation.${tag}.${extension}`);
          await writeFile(file, content);
          process.stdout.write(`${file}\n`);
        }
      }
    });
}

function find(
  locale: string,
  { locales, find }: { locales: string[]; find(locale: string): string | undefined },
): string {
  const found = find(locale);
  if (found === undefined) {
    throw new NoSuchLocaleError(
      `There are no templates for ${JSON.stringify(locale)}, but for ${locales.join(', ')}.`,
    );
  }
  return found;
}

function sample(locale: string): InvitationLetter {
  return {
    invitationId: NIL_UUID,
    sendNumber: 1,
    email: 'grace@example.com',
    organizationName: 'Megasoft',
    organizationLogoUrl: null,
    organizationLabel: 'Organization',
    inviterName: 'Ada Lovelace',
    message: 'Welcome, Grace!\n\nWe begin on Monday.',
    locale,
    redirectUrl: null,
    expiresAt: new Date(Date.now() + WEEK_MS),
  };
}
