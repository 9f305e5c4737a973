/** What the tests of the page of an invitation have in common: a watched browser, and a proxy. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

/** A browser of somebody who follows links, and everything about it that should not be. */
export type Visitor = {
  context: BrowserContext;
  open(url: string): Promise<Page>;
  /** The operations that were sent, by name. */
  sent: string[];
  /** Requests to other origins, as they were answered. */
  elsewhere: { url: string; headers: Record<string, string> }[];
  /** Errors, warnings, violations of the policy, and tokens in addresses or headers. */
  problems: string[];
};

const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4"/></svg>';

/** Opens a browser without a past. Other origins are played: `logo.example` has a logo, and no other answers. */
export async function visit(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext(options);
  const visitor: Visitor = { context, open, sent: [], elsewhere: [], problems: [] };
  const { sent, elsewhere, problems } = visitor;
  const isOurs = ({ hostname }: URL) => hostname === '127.0.0.1';
  await context.route(
    (url) => url.protocol.startsWith('http') && !isOurs(url),
    (route) => {
      const asked = route.request();
      elsewhere.push({ url: asked.url(), headers: asked.headers() });
      return new URL(asked.url()).hostname === 'logo.example'
        ? route.fulfill({ contentType: 'image/svg+xml', body: LOGO })
        : route.abort();
    },
  );
  context.on('request', (asked) => {
    const { query } = (asked.method() === 'POST' && asked.postDataJSON()) || {};
    if (query) {
      sent.push(/\b(?:query|mutation) (\w+)/.exec(query)?.[1] ?? query);
    }
    const told = asked.isNavigationRequest() ? '' : asked.url() + JSON.stringify(asked.headers());
    if (told.includes('token')) {
      problems.push(`told: ${told}`);
    }
  });
  context.on('weberror', (error) => problems.push(String(error.error())));
  context.on('console', (message) => {
    // Chromium logs every request that fails, expected or not.
    const isExpected = /^Failed to load resource: (?:net::|.*\b429\b)/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !isExpected) {
      problems.push(message.text());
    }
  });
  return visitor;

  async function open(url: string): Promise<Page> {
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }
}

/** A reverse proxy that serves the gateway below `/id/gate` of an origin of its own. */
export async function startProxy(target: string): Promise<{ url: string; stop(): Promise<void> }> {
  const prefix = '/id/gate';
  const server = createServer((incoming, response) => {
    const { method, headers, url = '' } = incoming;
    if (!url.startsWith(`${prefix}/`)) {
      response.writeHead(502).end();
      return;
    }
    const outgoing = request(target + url.slice(prefix.length), { method, headers });
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
