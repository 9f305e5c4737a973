/** The page that a mailed invitation leads to, for those who have no frontend of their own yet. */
import { readFile } from 'node:fs/promises';
import { fillIn, readTexts, toAsset, toAssets } from '../assets.ts';
import { type HttpHandler, type Site, staticHandler } from '../static.ts';
import { acceptDocuments } from './documents.ts';

// An organization's logo may be anywhere; nothing else comes from other origins, and nothing is inline.
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' https:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

const headers = {
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
  'x-robots-tag': 'noindex, nofollow, noarchive',
};

const folder = new URL('page/', import.meta.url);

const own = ['app.js', 'ask.js', 'card.js', 'screens.js', 'style.css', 'icon.svg'];

/**
 * Makes the handler of `/accept` and of the page's files below it. Every link with a token gets the same page, by
 * reading the same memory: what looks at mail and follows its links changes nothing, and learns nothing. Only the page
 * in the browser reads the token, and sends it on in the body of a POST.
 */
export function acceptHandler(): HttpHandler {
  return staticHandler({ path: '/accept', contentSecurityPolicy, headers, load: loadSite });
}

async function loadSite(): Promise<Site> {
  const [texts, page] = await Promise.all([
    readTexts(folder, own),
    readFile(new URL('page.html', folder), 'utf8'),
  ]);
  const assets = toAssets(texts);
  // A redirection would lose the token or repeat it, and proxies that like a slash at the end would go round in circles.
  const pageBelow = (up: string) => {
    const config = JSON.stringify({ endpoint: `${up}graphql`, documents: acceptDocuments });
    return toAsset('page.html', fillIn(page, { assets: `${up}accept/${assets.version}`, config }));
  };
  const pages = new Map([
    ['/accept', pageBelow('')],
    ['/accept/', pageBelow('../')],
  ]);
  return { pages, assets };
}
