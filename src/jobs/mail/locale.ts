/** Which of the languages that there are a person gets. */

/** A language tag as it is written, or null when it is none. */
export function canonicalTag(tag: string): string | null {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return null;
  }
}

/**
 * The one of `available` (canonical tags) that fits `wanted` best, by the lookup of RFC 4647: de-CH-1996, else de-CH,
 * else de. Undefined when none fits.
 */
export function lookUpLocale(wanted: string, available: ReadonlySet<string>): string | undefined {
  const subtags = (canonicalTag(wanted) ?? '').split('-');
  while (subtags.length > 0) {
    const tag = subtags.join('-');
    if (available.has(tag)) {
      return tag;
    }
    subtags.pop();
    // What a single letter begins means nothing without what follows it.
    if (subtags.at(-1)?.length === 1) {
      subtags.pop();
    }
  }
  return undefined;
}
