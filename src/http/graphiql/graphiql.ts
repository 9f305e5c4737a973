import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Asset, loadAssets, toAsset } from './assets.ts';

/** An example query: GraphiQL opens with one tab for each, named after the operation. */
export type GraphiqlExample = {
  /** Shown as a comment above the query. One line. */
  readonly title: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
};

export type GraphiqlOptions = {
  readonly examples: readonly GraphiqlExample[];
  /** Where the page sends operations: a path on this origin, relative to the page's. Default `graphql`. */
  readonly endpoint?: string;
};

/** Answers the request and resolves to true, or leaves it alone and resolves to false. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

// Monaco, GraphiQL's editor, makes style elements and attributes as it goes: without unsafe-inline for styles it is
// unreadable. Scripts have no such exception.
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  'font-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const securityHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/**
 * Makes the handler of `/` (redirects), `/graphiql` and the page's files below it. Nothing is read before the first
 * request for them. The page asks no other origin for anything, and its URLs are relative, so that it also works
 * below a path prefix of a reverse proxy. The handler rejects when a file of the installation is missing.
 */
export function graphiqlHandler({ examples, endpoint = 'graphql' }: GraphiqlOptions): HttpHandler {
  let loading: ReturnType<typeof load> | undefined;

  const load = async () => {
    const { version, files, page } = await loadAssets();
    const html = fillIn(page, {
      assets: `graphiql/${version}`,
      config: JSON.stringify({ endpoint, examples }),
    });
    return { prefix: `/graphiql/${version}/`, files, page: toAsset('page.html', html) };
  };

  return async (request, response) => {
    const pathname = request.url?.split('?', 1)[0] ?? '/';
    if (pathname !== '/' && pathname !== '/graphiql' && !pathname.startsWith('/graphiql/')) {
      return false;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      end(response, 405, { allow: 'GET, HEAD' });
      return true;
    }
    if (pathname === '/' || pathname === '/graphiql/') {
      end(response, 302, { location: pathname === '/' ? 'graphiql' : '../graphiql' });
      return true;
    }
    loading ??= load();
    const { prefix, files, page } = await loading;
    if (pathname === '/graphiql') {
      await send(request, response, page, 'no-cache');
      return true;
    }
    const file = pathname.startsWith(prefix) ? files.get(pathname.slice(prefix.length)) : undefined;
    if (file === undefined) {
      end(response, 404, { 'cache-control': 'no-store' });
    } else {
      await send(request, response, file, 'public, max-age=31536000, immutable');
    }
    return true;
  };
}

function fillIn(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_placeholder, name: string) =>
    escapeAttribute(values[name] ?? ''),
  );
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  asset: Asset,
  cacheControl: string,
): Promise<void> {
  const zipped = /\bgzip\b/.test(request.headers['accept-encoding']?.toString() ?? '');
  const etag = `"${asset.digest}${zipped ? '-gzip' : ''}"`;
  const headers = { 'cache-control': cacheControl, etag, vary: 'accept-encoding' };
  if (request.headers['if-none-match']?.includes(etag)) {
    end(response, 304, headers);
    return;
  }
  const body = zipped ? await asset.gzipped() : Buffer.from(asset.body);
  response.writeHead(200, {
    ...securityHeaders,
    ...headers,
    'content-type': asset.contentType,
    'content-length': body.length,
    ...(zipped ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function end(response: ServerResponse, status: number, headers: Record<string, string>): void {
  response.writeHead(status, { ...securityHeaders, ...headers });
  response.end();
}
