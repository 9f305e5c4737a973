/** One canonical spelling for every address. */
import { domainToASCII, domainToUnicode } from 'node:url';

/** What may stand before the @. `%` and `!` are left out: some mail servers read them as routes to elsewhere. */
const LOCAL = /^[a-z0-9#$&'*+/=?^_{}~-]+(?:\.[a-z0-9#$&'*+/=?^_{}~-]+)*$/;

/** What may stand after it, before it is made a punycode name: no escapes, ports or brackets for a URL parser. */
const DOMAIN = /^[\p{L}\p{M}\p{N}.-]+$/u;

const DOMAIN_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const MAX_LENGTH = 254;
const MAX_LOCAL_LENGTH = 64;

/**
 * The one spelling under which an address is kept and compared: trimmed, NFKC, lower case, the domain as punycode.
 * Dots and +tags stay, since only the mail server knows what they mean. Null for anything that is not one plain
 * address; letters outside ASCII before the @ count as that, because systems disagree on which of them are the same
 * (ı and i, ſ and s), and one person's mail must never be another's.
 */
export function normalizeEmail(input: string): string | null {
  if (input.length > 4 * MAX_LENGTH) {
    return null;
  }
  const parts = input.trim().normalize('NFKC').split('@');
  const [local = '', domain = ''] = parts;
  if (parts.length !== 2 || !DOMAIN.test(domain)) {
    return null;
  }
  const mailbox = local.toLowerCase();
  const host = domainToASCII(domain.toLowerCase());
  const isPlain =
    LOCAL.test(mailbox) &&
    mailbox.length <= MAX_LOCAL_LENGTH &&
    isDomainName(host) &&
    mailbox.length + 1 + host.length <= MAX_LENGTH;
  return isPlain ? `${mailbox}@${host}` : null;
}

/** The domain of a normalized address. */
export function emailDomain(email: string): string {
  return email.slice(email.indexOf('@') + 1);
}

/** The one spelling of a mail domain, or null when it is none. */
export function normalizeDomain(input: string): string | null {
  const domain = input.trim().normalize('NFKC').toLowerCase();
  if (domain.length > MAX_LENGTH || !DOMAIN.test(domain)) {
    return null;
  }
  const host = domainToASCII(domain);
  return isDomainName(host) ? host : null;
}

function isDomainName(host: string): boolean {
  const labels = host.split('.');
  const top = labels.at(-1) ?? '';
  return (
    host.length <= 253 &&
    labels.length >= 2 &&
    labels.every((label) => DOMAIN_LABEL.test(label)) &&
    !/^\d+$/.test(top) &&
    // Punycode that spells nothing passes through both functions as it is.
    !domainToUnicode(host).includes('xn--')
  );
}
