/** The templates of one language: parsed once, tried at once, and then filled in for every mail. */
import { Liquid, type Template } from 'liquidjs';

/** What templates get. User-given text is data to them, whatever it looks like. */
export type TemplateValues = {
  organizationName: string;
  /** What organizations are called here: "Workspace". */
  organizationLabel: string;
  organizationLogoUrl: string | null;
  inviterName: string | null;
  message: string | null;
  /** The message, line by line. */
  messageLines: string[];
  /** Where to accept or decline. */
  link: string;
  /** Date, time and zone, as people of the language write them. */
  expiresAt: string;
  /** The tag of the language. */
  locale: string;
};

export type Content = { subject: string; html: string; text: string };

/** Fills in the templates of one language. */
export type Fill = (values: TemplateValues) => Content;

const OPTIONS = {
  strictFilters: true,
  strictVariables: true,
  ownPropertyOnly: true,
  // Nothing is included: neither from the disk nor from elsewhere.
  templates: {},
};

const html = new Liquid({ ...OPTIONS, outputEscape: 'escape' });
const plain = new Liquid(OPTIONS);

/** What a broken template is told by: which of the two files, and what is wrong with it. */
export class BrokenTemplate extends Error {
  override readonly name = 'BrokenTemplate';
  readonly file: 'html' | 'txt';

  constructor(file: 'html' | 'txt', message: string) {
    super(message);
    this.file = file;
  }
}

/**
 * Parses the templates of a language, and fills them in for a try. The text begins with a line `Subject: …` and an
 * empty one.
 *
 * @throws BrokenTemplate
 */
export function parseTemplates(sources: { html: string; txt: string }): Fill {
  const [, subjectSource, textSource] =
    /^Subject:[ \t]*(\S.*?)\r?\n\r?\n([\s\S]*)$/.exec(sources.txt) ?? [];
  if (subjectSource === undefined || textSource === undefined) {
    throw new BrokenTemplate('txt', 'it does not begin with "Subject: …" and an empty line');
  }
  const subject = parse('txt', plain, subjectSource);
  const text = parse('txt', plain, textSource);
  const page = parse('html', html, sources.html);
  const fill: Fill = (values) => {
    const line = oneLine(render('txt', plain, subject, values));
    return {
      subject: line,
      html: render('html', html, page, { ...values, subject: line }),
      text: render('txt', plain, text, { ...values, subject: line }),
    };
  };
  for (const sample of SAMPLES) {
    const content = fill(sample);
    expect('txt', content.subject !== '', 'its subject is empty');
    expect('txt', content.text.includes(sample.link), 'it does not show the link');
    expect('html', content.html.includes(sample.link), 'it does not show the link');
  }
  return fill;
}

const FULL: TemplateValues = {
  organizationName: 'Megasoft',
  organizationLabel: 'Organization',
  organizationLogoUrl: 'https://megasoft.example/logo.png',
  inviterName: 'Ada Lovelace',
  message: 'Welcome!',
  messageLines: ['Welcome!'],
  link: 'https://gatehouse.example/accept?token=sample',
  expiresAt: 'December 3, 2026 at 2:37 PM UTC',
  locale: 'en',
};

const SAMPLES = [
  FULL,
  { ...FULL, organizationLogoUrl: null, inviterName: null, message: null, messageLines: [] },
];

/**
 * `text` on one line, without what turns the direction of writing: for headers, and for names within a sentence. What
 * looks like an encoded word of a header (RFC 2047) is taken apart, as whoever decodes it would find anything in it.
 */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]+/gu, ' ')
    .replaceAll('=?', '= ?')
    .replace(/ {2,}/g, ' ')
    .trim();
}

function expect(file: 'html' | 'txt', isSo: boolean, problem: string): void {
  if (!isSo) {
    throw new BrokenTemplate(file, problem);
  }
}

function parse(file: 'html' | 'txt', liquid: Liquid, source: string): Template[] {
  return orBroken(file, () => liquid.parse(source));
}

function render(
  file: 'html' | 'txt',
  liquid: Liquid,
  template: Template[],
  values: object,
): string {
  return orBroken(file, () => liquid.renderSync(template, values) as string);
}

function orBroken<T>(file: 'html' | 'txt', work: () => T): T {
  try {
    return work();
  } catch (error) {
    const [line = ''] = error instanceof Error ? error.message.split('\n') : [];
    throw new BrokenTemplate(file, line);
  }
}
