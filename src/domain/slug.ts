/** Slugs: lower-case DNS labels that name an organization in URLs. */
import { foldText } from './text.ts';

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const MAX_LENGTH = 63;

/** For names without any letter that a label may have. */
const FALLBACK = 'organization';

/** Names that a deployment needs for itself when slugs become host names or paths. */
const RESERVED = new Set([
  'accept',
  'account',
  'admin',
  'api',
  'app',
  'assets',
  'auth',
  'graphql',
  'health',
  'invite',
  'login',
  'logout',
  'mail',
  'signup',
  'static',
  'support',
  'www',
]);

/** Whether `text` is a slug as it stands. Labels of the form `xn--…` are not: they spell something else. */
export function isSlug(text: string): boolean {
  return LABEL.test(text) && !text.startsWith('xn--');
}

/** Whether nobody may have this slug. */
export function isReservedSlug(slug: string): boolean {
  return RESERVED.has(slug);
}

/** A slug made of a name (or of a slug that is none). It may be taken or reserved. */
export function toSlug(name: string): string {
  const label = foldText(name)
    .replace(/[’'`]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, '');
  return label === '' ? FALLBACK : label;
}

/** `slug` with `-suffix`, shortened to stay a label. */
export function withSuffix(slug: string, suffix: string): string {
  return `${slug.slice(0, MAX_LENGTH - suffix.length - 1).replace(/-+$/, '')}-${suffix}`;
}
