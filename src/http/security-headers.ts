/** The headers that keep browsers from doing more with an answer than it is meant for. */

const HEADERS = {
  // An answer is data: nothing in it is run, framed, or drawn into a page of another origin.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const ONE_YEAR_S = 31_536_000;

/**
 * The headers of every answer; pages such as GraphiQL say more of themselves. Where people reach the gateway by HTTPS,
 * browsers are told to use nothing else (RFC 6797), for this host alone: its neighbours are not ours.
 */
export function securityHeaders(publicUrl: string | undefined): Record<string, string> {
  const isSecure = publicUrl?.toLowerCase().startsWith('https:') === true;
  return {
    ...HEADERS,
    ...(isSecure && { 'strict-transport-security': `max-age=${ONE_YEAR_S}` }),
  };
}
