import { readFile } from 'node:fs/promises';
import { fillIn, readTexts, toAsset, toAssets } from '../assets.ts';
import { type HttpHandler, type Site, staticHandler } from '../static.ts';

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
];

const folder = new URL('page/', import.meta.url);

const own = [
  'app.js',
  'event-stream.js',
  'fetcher.js',
  'key-bar.js',
  'post.js',
  'tab-storage.js',
  'style.css',
  'icon.svg',
];

/**
 * Makes the handler of `/` (redirects), `/graphiql` and the page's files below it. Nothing is read before the first
 * request for them. The page asks no other origin for anything, and its URLs are relative, so that it also works
 * below a path prefix of a reverse proxy. The handler rejects when a file of the installation is missing.
 */
export function graphiqlHandler({ examples, endpoint = 'graphql' }: GraphiqlOptions): HttpHandler {
  return staticHandler({
    path: '/graphiql',
    redirects: { '/': 'graphiql', '/graphiql/': '../graphiql' },
    contentSecurityPolicy,
    load: () => loadSite(JSON.stringify({ endpoint, examples })),
  });
}

// The bundle comes out of its npm package: 9 MB, so it is loaded here and not with the server.
async function loadSite(config: string): Promise<Site> {
  const [bundle, texts, page] = await Promise.all([
    import('@graphql-yoga/render-graphiql/graphiql'),
    readTexts(folder, own),
    readFile(new URL('page.html', folder), 'utf8'),
  ]);
  const assets = toAssets([
    ['graphiql.js', bundle.js],
    ['graphiql.css', bundle.css],
    ['editor.worker.js', bundle.editorWorkerService],
    ['json.worker.js', bundle.jsonWorker],
    ['graphql.worker.js', bundle.graphqlWorker],
    ...texts,
  ]);
  const html = fillIn(page, { assets: `graphiql/${assets.version}`, config });
  return { pages: new Map([['/graphiql', toAsset('page.html', html)]]), assets };
}
