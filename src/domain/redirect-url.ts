/** Where the link of a mail may lead: to pages that the operator has named, and nowhere else. */

// What servers read in more than one way, so that it could lead out of a folder: slashes, control characters and
// percent signs in disguise, empty segments, and dots before a semicolon.
const AMBIGUOUS_PATH = /\/\/|%(?:2f|5c|25|7f|[01][0-9a-f])|\/(?:\.|%2e){1,2}(?:;|%3b)/i;

/**
 * Whether `url` leads to a page that `allowed` names: of the same origin, at the same path or below it. It brings no
 * credentials, no fragment and no `token` of its own. Whoever sends it must write it as the URL API does.
 */
export function isAllowedRedirect(url: string, allowed: readonly string[]): boolean {
  const target = parse(url);
  return (
    target !== null &&
    !target.searchParams.has('token') &&
    !AMBIGUOUS_PATH.test(target.pathname) &&
    allowed.some((entry) => covers(parse(entry), target))
  );
}

function covers(entry: URL | null, target: URL): boolean {
  return (
    entry !== null &&
    entry.origin === target.origin &&
    (entry.pathname === target.pathname ||
      target.pathname.startsWith(`${entry.pathname.replace(/\/$/, '')}/`))
  );
}

/** Reads what is written as an absolute URL in full: parsers put up with much else, and not all with the same. */
function parse(text: string): URL | null {
  return /^https?:\/\/[^/?#@\\\s]+(?:[/?][^#\\\s]*)?$/i.test(text) && !/\p{C}/u.test(text)
    ? URL.parse(text)
    : null;
}
