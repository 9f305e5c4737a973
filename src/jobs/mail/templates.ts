/** The templates of all languages: the operator's, and ours where the operator has none. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalTag, lookUpLocale } from './locale.ts';
import {
  BrokenTemplate,
  type Content,
  type Fill,
  parseTemplates,
  type TemplateValues,
} from './template.ts';

export type Templates = {
  /** The tags of all languages that there are, in order. */
  locales: string[];
  /** The one of them that fits `locale` best; undefined when none does. */
  find(locale: string): string | undefined;
  /** Fills in the templates of the language that fits `locale` best, English if none does. */
  render(locale: string | null, values: Letter): Content & { locale: string };
};

/** What templates get, with the time still to be written. */
export type Letter = Omit<TemplateValues, 'expiresAt' | 'locale'> & { expiresAt: Date };

/** Thrown when templates cannot be used, with the file and what is wrong with it. */
export class MailTemplateError extends Error {
  override readonly name = 'MailTemplateError';
}

const NAME = 'GATEHOUSE_MAIL_TEMPLATES';
const OURS = join(import.meta.dirname, 'templates');
const FALLBACK = 'en';

/**
 * Reads our templates and those in the operator's `folder`, which has a folder for each language (`de`, `pt-BR`) with
 * `invitation.html` and `invitation.txt`, and which come before ours.
 *
 * @throws MailTemplateError
 */
export async function readTemplates(folder?: string): Promise<Templates> {
  const sets = new Map(await readFolder(OURS));
  if (folder !== undefined) {
    for (const [locale, fill] of await readFolder(folder)) {
      sets.set(locale, fill);
    }
  }
  const locales = [...sets.keys()].sort();
  const available = new Set(locales);
  const find = (locale: string) => lookUpLocale(locale, available);
  return {
    locales,
    find,
    render(wanted, { expiresAt, ...values }) {
      const found = wanted === null ? undefined : find(wanted);
      const locale = found ?? FALLBACK;
      const fill = sets.get(locale);
      if (fill === undefined) {
        throw new Error('There is no template in English.');
      }
      // Within a language, people write dates as is usual where they are.
      const writing = found === undefined ? FALLBACK : (wanted ?? FALLBACK);
      return { locale, ...fill({ ...values, expiresAt: write(expiresAt, writing), locale }) };
    },
  };
}

function write(time: Date, locale: string): string {
  return new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZone: 'UTC',
    timeZoneName: 'short',
  }).format(time);
}

async function readFolder(folder: string): Promise<[locale: string, fill: Fill][]> {
  const names = await readdir(folder).catch(cannotRead(''));
  const found: [string, Fill][] = [];
  for (const name of names.filter((name) => !name.startsWith('.')).sort()) {
    if ((await stat(join(folder, name)).catch(cannotRead(name))).isDirectory()) {
      found.push([localeOf(name), await readSet(folder, name)]);
    }
  }
  return found;
}

function localeOf(name: string): string {
  const locale = canonicalTag(name);
  if (locale === null) {
    throw new MailTemplateError(`${NAME}: ${name} is no language tag such as de or pt-BR.`);
  }
  return locale;
}

async function readSet(folder: string, name: string): Promise<Fill> {
  const read = (extension: string) => {
    const file = `${name}/invitation.${extension}`;
    return readFile(join(folder, file), 'utf8').catch(cannotRead(file));
  };
  const sources = { html: await read('html'), txt: await read('txt') };
  try {
    return parseTemplates(sources);
  } catch (error) {
    if (error instanceof BrokenTemplate) {
      throw new MailTemplateError(
        `${NAME}: ${name}/invitation.${error.file} is broken: ${error.message}.`,
      );
    }
    throw error;
  }
}

function cannotRead(file: string): (error: unknown) => never {
  return (error) => {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    throw new MailTemplateError(`${NAME}${file && `: ${file}`} cannot be read (${code}).`);
  };
}
