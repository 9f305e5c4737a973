/** Reads what came from outside: everything that is wrong with an input is found at once, and nothing else is kept. */
import { normalizeEmail } from './email.ts';
import { InputError, type InputIssue } from './errors.ts';
import { type JsonObject, mergeMetadata } from './metadata.ts';
import { type Refused, refused } from './outcome.ts';

export type Reader = {
  /** Notes what is wrong with a field, as a phrase that follows its name. */
  fail(name: string | string[], message: string): void;
  /** One line of 1 to `max` characters, trimmed; null when absent. */
  text(name: string | string[], value: unknown, max: number): string | null;
  /** The same where it must be given. */
  requiredText(name: string, value: unknown, max: number): string;
  /** Text that may have several lines. */
  paragraph(name: string, value: unknown, max: number): string | null;
  /** A normalized address. */
  email(name: string, value: unknown): string;
  /** An http or https URL. */
  url(name: string, value: unknown): string | null;
  /** A BCP 47 language tag in its canonical form. */
  locale(name: string, value: unknown): string | null;
  metadata(name: string, value: unknown): JsonObject;
  /** A time from `from` to `to`. */
  time(name: string, value: unknown, from: Date, to: Date): Date | null;
  /** A whole number from `min` to `max`. */
  integer(name: string, value: unknown, min: number, max: number): number | null;
};

const CONTROL = /\p{Cc}/u;
const CONTROL_BUT_WHITE_SPACE = /[^\P{Cc}\t\n\r]/u;
const MAX_URL_LENGTH = 2048;

/** What `read` makes of an input, or everything that it found wrong. */
export function readInput<T>(read: (reader: Reader) => T): T | InputError {
  const issues: InputIssue[] = [];
  const value = read(createReader(issues));
  return issues.length === 0 ? value : new InputError(issues);
}

/** The same for a row of many: its refusal takes its place. */
export function readRow<T extends object>(read: (reader: Reader) => T): T | Refused {
  const row = readInput(read);
  return row instanceof InputError ? refused(row) : row;
}

/** Notes the fields among `names` that are null: leaving them out is how they stay, and they cannot be cleared. */
export function refuseNulls(
  read: Reader,
  input: Readonly<Record<string, unknown>>,
  names: readonly string[],
  path: readonly string[] = [],
): void {
  for (const name of names) {
    if (input[name] === null) {
      read.fail([...path, name], 'must not be null');
    }
  }
}

function createReader(issues: InputIssue[]): Reader {
  const fail: Reader['fail'] = (name, message) => {
    issues.push({ path: [name].flat(), message });
  };
  const clean = (
    name: string | string[],
    value: unknown,
    max: number,
    forbidden: RegExp,
  ): string | null => {
    if (value === undefined || value === null) {
      return null;
    }
    const text = typeof value === 'string' ? value.trim() : '';
    if (text === '' || characters(text) > max) {
      fail(name, `must be text of 1 to ${max} characters`);
    } else if (!text.isWellFormed() || forbidden.test(text)) {
      fail(name, 'must not contain control characters or half of a surrogate pair');
    }
    return text;
  };
  const text: Reader['text'] = (name, value, max) => clean(name, value, max, CONTROL);
  return {
    fail,
    text,
    requiredText(name, value, max) {
      return text(name, value ?? '', max) ?? '';
    },
    paragraph(name, value, max) {
      return clean(name, value, max, CONTROL_BUT_WHITE_SPACE);
    },
    email(name, value) {
      const email = typeof value === 'string' ? normalizeEmail(value) : null;
      if (email === null) {
        fail(name, 'must be one plain email address');
      }
      return email ?? '';
    },
    url(name, value) {
      const url = text(name, value, MAX_URL_LENGTH);
      if (url !== null && url !== '' && !isHttpUrl(url)) {
        fail(name, 'must be a URL that begins with https:// or http://');
      }
      return url;
    },
    locale(name, value) {
      const tag = text(name, value, 35);
      if (tag === null || tag === '') {
        return tag;
      }
      const canonical = canonicalLocale(tag);
      if (canonical === null) {
        fail(name, 'must be a language tag such as en or pt-BR');
      }
      return canonical;
    },
    metadata(name, value) {
      const merged = mergeMetadata({}, value ?? {});
      if (typeof merged !== 'string') {
        return merged;
      }
      fail(name, merged);
      return {};
    },
    time(name, value, from, to) {
      if (value === undefined || value === null) {
        return null;
      }
      if (value instanceof Date && value >= from && value <= to) {
        return value;
      }
      fail(name, `must be a time from ${from.toISOString()} to ${to.toISOString()}`);
      return null;
    },
    integer(name, value, min, max) {
      if (value === undefined || value === null) {
        return null;
      }
      if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
        return value;
      }
      fail(name, `must be a whole number from ${min} to ${max}`);
      return null;
    },
  };
}

/** As PostgreSQL counts them. */
function characters(text: string): number {
  let count = 0;
  for (const _ of text) {
    count += 1;
  }
  return count;
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
}

function canonicalLocale(tag: string): string | null {
  try {
    const canonical = Intl.getCanonicalLocales(tag.replaceAll('_', '-'))[0] ?? '';
    return canonical.length >= 2 && canonical.length <= 35 ? canonical : null;
  } catch {
    return null;
  }
}
