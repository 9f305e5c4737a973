/** What looks like a secret in a text that somebody else wrote. */

const SECRETS: [pattern: RegExp, instead: string][] = [
  // Our own keys and tokens, in whatever they are wrapped.
  [/gh[a-z]_[A-Za-z0-9_-]{8,}/g, 'gh?_…'],
  // JWTs, also those that are cut off or encrypted (five parts).
  [/eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*/g, 'eyJ…'],
  // Tokens of invitations: 32 random bytes in base64url, and no name that somebody gave an operation.
  [/(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*[\d_-])[\w-]{43}(?![\w-])/g, '…'],
  // The password in a URL.
  [/(:\/\/[^\s:/@]*):[^\s@]+@/g, '$1:…@'],
  [/\b(Bearer|Basic) +[^\s"',]{16,}/gi, '$1 …'],
];

/**
 * The text without what looks like a credential. Libraries quote what they were given in their messages, and nobody
 * who reads a log or an error is to find a key there.
 */
export function withoutSecrets(text: string): string {
  return SECRETS.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
}
