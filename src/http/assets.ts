/** Files that the gateway serves, read once and kept. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

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
};

/** Makes the texts of files, by their names, ready to be served. */
export function toAssets(texts: Iterable<readonly [name: string, text: string]>): Assets {
  const files = new Map([...texts].map(([name, text]) => [name, toAsset(name, text)]));
  const version = digest([...files.values()].map((file) => file.digest).join());
  return { version, files };
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

/** Reads files of a folder, each as its name and its text. Rejects when one is missing. */
export function readTexts(
  folder: URL,
  names: readonly string[],
): Promise<[name: string, text: string][]> {
  return Promise.all(
    names.map(
      async (name): Promise<[string, string]> => [
        name,
        await readFile(new URL(name, folder), 'utf8'),
      ],
    ),
  );
}

/** Puts the values in the place of `{{name}}`, which stands in attributes of HTML. */
export function fillIn(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_placeholder, name: string) =>
    escapeAttribute(values[name] ?? ''),
  );
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}
