import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

const own = [
  'app.js',
  'event-stream.js',
  'fetcher.js',
  'key-bar.js',
  'post.js',
  'tab-storage.js',
  'style.css',
  'icon.svg',
] as const;

const contentTypes: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

export type Asset = {
  readonly body: string;
  readonly contentType: string;
  readonly digest: string;
  /** The body compressed with gzip; compressed at the first call only. */
  readonly gzipped: () => Promise<Buffer>;
};

export type Assets = {
  /** Changes with any byte of any file: part of the files' URLs, so that browsers may keep them for ever. */
  readonly version: string;
  readonly files: ReadonlyMap<string, Asset>;
  readonly page: string;
};

/**
 * Reads everything the GraphiQL page consists of: the bundle out of its npm package (9 MB, so it is loaded here and
 * not with the server) and our own files. `page` is the HTML with its placeholders. Rejects when a file is missing.
 */
export async function loadAssets(): Promise<Assets> {
  const [bundle, page, ...texts] = await Promise.all([
    import('@graphql-yoga/render-graphiql/graphiql'),
    readPageFile('page.html'),
    ...own.map(readPageFile),
  ]);
  const bodies = new Map<string, string>([
    ['graphiql.js', bundle.js],
    ['graphiql.css', bundle.css],
    ['editor.worker.js', bundle.editorWorkerService],
    ['json.worker.js', bundle.jsonWorker],
    ['graphql.worker.js', bundle.graphqlWorker],
    ...own.map((name, index): [string, string] => [name, texts[index] ?? '']),
  ]);
  const files = new Map([...bodies].map(([name, body]) => [name, toAsset(name, body)]));
  const version = digest([...files.values()].map((file) => file.digest).join());
  return { version, files, page };
}

/** A text ready to be served; its content type follows from the ending of its name. */
export function toAsset(name: string, body: string): Asset {
  let compressed: Promise<Buffer> | undefined;
  return {
    body,
    contentType: contentTypes[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
    digest: digest(body),
    gzipped: () => {
      compressed ??= compress(body);
      return compressed;
    },
  };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}

function readPageFile(name: string): Promise<string> {
  return readFile(new URL(`page/${name}`, import.meta.url), 'utf8');
}
