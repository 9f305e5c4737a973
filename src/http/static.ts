/** Pages of our own: what they consist of stands in memory, and reading it changes nothing. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Asset, Assets } from './assets.ts';
import { pathOf } from './request.ts';

/** Answers the request and resolves to true, or leaves it alone and resolves to false. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** What is served below a path: pages, which browsers check at every visit, and files, which they keep for ever. */
export type Site = {
  /** By their whole paths. */
  readonly pages: ReadonlyMap<string, Asset>;
  /** Below `<path>/<version>/`. */
  readonly assets: Assets;
};

export type StaticOptions = {
  /** Everything at it and below it is answered here. */
  readonly path: string;
  /** Relative addresses by the paths that lead to them, also of paths elsewhere. */
  readonly redirects?: Readonly<Record<string, string>>;
  readonly contentSecurityPolicy: readonly string[];
  /** Of every answer, beside those that keep it to our own origin. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Called at the first request. Rejects when a file of the installation is missing. */
  readonly load: () => Promise<Site>;
};

/** Makes the handler of a site. It does not look at query strings. */
export function staticHandler(options: StaticOptions): HttpHandler {
  const { path, redirects = {}, load } = options;
  const always = {
    'content-security-policy': options.contentSecurityPolicy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...options.headers,
  };
  let loading: ReturnType<typeof load> | undefined;

  const end = (response: ServerResponse, status: number, headers: Record<string, string>) => {
    response.writeHead(status, { ...always, ...headers }).end();
  };

  const send = async (
    request: IncomingMessage,
    response: ServerResponse,
    asset: Asset,
    cacheControl: string,
  ) => {
    const zipped = /\bgzip\b/.test(request.headers['accept-encoding']?.toString() ?? '');
    const etag = `"${asset.digest}${zipped ? '-gzip' : ''}"`;
    const headers = { 'cache-control': cacheControl, etag, vary: 'accept-encoding' };
    if (request.headers['if-none-match']?.includes(etag)) {
      end(response, 304, headers);
      return;
    }
    const body = zipped ? await asset.gzipped() : Buffer.from(asset.body);
    response.writeHead(200, {
      ...always,
      ...headers,
      'content-type': asset.contentType,
      'content-length': body.length,
      ...(zipped ? { 'content-encoding': 'gzip' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  };

  return async (request, response) => {
    const pathname = pathOf(request);
    const location = Object.hasOwn(redirects, pathname) ? redirects[pathname] : undefined;
    if (location === undefined && pathname !== path && !pathname.startsWith(`${path}/`)) {
      return false;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      end(response, 405, { allow: 'GET, HEAD' });
      return true;
    }
    if (location !== undefined) {
      end(response, 302, { location });
      return true;
    }
    loading ??= load();
    const { pages, assets } = await loading;
    const page = pages.get(pathname);
    const folder = `${path}/${assets.version}/`;
    const file = pathname.startsWith(folder)
      ? assets.files.get(pathname.slice(folder.length))
      : undefined;
    if (page !== undefined) {
      await send(request, response, page, 'no-cache');
    } else if (file !== undefined) {
      await send(request, response, file, 'public, max-age=31536000, immutable');
    } else {
      end(response, 404, { 'cache-control': 'no-store' });
    }
    return true;
  };
}
