/** Persisted documents: the only ones that run, asked for by their SHA-256. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { createGraphQLError, type GraphQLParams, type Plugin } from 'graphql-yoga';

/** The texts of documents by their SHA-256 in lower-case hexadecimal. */
export type PersistedDocuments = ReadonlyMap<string, string>;

/** Thrown when persisted documents cannot be had, with the file and what is wrong with it. */
export class PersistedDocumentsError extends Error {
  override readonly name = 'PersistedDocumentsError';
}

const NAME = 'GATEHOUSE_PERSISTED_DOCUMENTS';

/**
 * Reads a JSON file of documents by their SHA-256, as the compilers of Relay and GraphQL Code Generator write it, or a
 * folder of such files and of documents, named `<sha256>.graphql`.
 *
 * @throws PersistedDocumentsError
 */
export async function readPersistedDocuments(path: string): Promise<PersistedDocuments> {
  try {
    const isFolder = (await stat(path)).isDirectory();
    const names = isFolder ? (await readdir(path)).map((name) => join(path, name)) : [path];
    const files = names.filter((name) => !isFolder || /^\.(?:json|graphql)$/.test(extname(name)));
    const parts = await Promise.all(files.map(readEntries));
    const documents = new Map(parts.flat());
    if (documents.size === 0) {
      throw new PersistedDocumentsError(`${NAME} holds no documents.`);
    }
    return documents;
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      throw new PersistedDocumentsError(`${NAME} cannot be read (${error.code}).`);
    }
    throw error;
  }
}

/** These documents and those with the given texts: what our own pages send runs whatever the operator lists. */
export function withTexts(
  documents: PersistedDocuments,
  texts: readonly string[],
): PersistedDocuments {
  return new Map([...documents, ...texts.map((text): [string, string] => [sha256(text), text])]);
}

async function readEntries(file: string): Promise<[hash: string, text: string][]> {
  const content = await readFile(file, 'utf8');
  const entries: [string, unknown][] =
    extname(file) === '.graphql'
      ? [[basename(file, '.graphql'), content]]
      : Object.entries(parseObject(content, basename(file)));
  return entries.map(([name, text]): [string, string] => {
    const hash = withoutPrefix(name);
    if (typeof text !== 'string' || sha256(text) !== hash) {
      const what = `${basename(file)}, ${name.slice(0, 100)}`;
      throw new PersistedDocumentsError(`${NAME}: in ${what} is not the SHA-256 of its document.`);
    }
    return [hash, text];
  });
}

function parseObject(content: string, name: string): object {
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value === 'object' && value !== null) {
      return value;
    }
  } catch {
    // Said below, for whatever it is instead.
  }
  throw new PersistedDocumentsError(`${NAME}: ${name} is not a JSON object.`);
}

// GraphQL Code Generator writes it, Relay does not; `documentId` has it, the hash of automatic persisted queries not.
function withoutPrefix(hash: string): string {
  return hash.replace(/^sha256:/, '');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What an operation says about its document: the text, or which persisted one it is. */
type Asked = { query?: unknown; documentId?: unknown; extensions?: unknown };

/**
 * The text of the document that an operation asks for by its hash, as `documentId: "sha256:…"` or as
 * `extensions.persistedQuery.sha256Hash`. Undefined when it brings a text of its own, or neither.
 *
 * @throws GraphQLError in the words that clients know from automatic persisted queries
 */
export function persistedText(
  { query, documentId, extensions }: Asked,
  documents: PersistedDocuments | undefined,
): string | undefined {
  const hash = hashIn(documentId, extensions);
  if (hash === undefined || (typeof query === 'string' && query !== '')) {
    return undefined;
  }
  if (documents === undefined) {
    throw refusal('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');
  }
  const text = documents.get(hash);
  if (text === undefined) {
    throw refusal('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
  }
  return text;
}

function hashIn(documentId: unknown, extensions: unknown): string | undefined {
  if (typeof documentId === 'string') {
    return withoutPrefix(documentId);
  }
  const { persistedQuery } = Object(extensions) as { persistedQuery?: unknown };
  const { sha256Hash } = Object(persistedQuery) as { sha256Hash?: unknown };
  return typeof sha256Hash === 'string' ? withoutPrefix(sha256Hash) : undefined;
}

/** Puts the texts of persisted documents in their place, and runs no other document where there are some. */
export function usePersistedDocuments(documents: PersistedDocuments | undefined): Plugin {
  const texts = new Set(documents?.values());
  return {
    onParams({ request, params, setParams }) {
      if (typeof params !== 'object' || params === null || Array.isArray(params)) {
        return;
      }
      const { documentId, ...rest } = params as GraphQLParams & { documentId?: unknown };
      const inUrl = request.method === 'GET' ? parametersOf(request).get('documentId') : null;
      const query = persistedText({ ...rest, documentId: inUrl ?? documentId }, documents);
      if (query !== undefined) {
        setParams({ ...rest, query });
      }
    },
    // Whatever way a document has come, it comes past here.
    onParse({ params: { source } }) {
      if (documents !== undefined && !texts.has(source.toString())) {
        throw refusal('PERSISTED_QUERY_ONLY', 'Only persisted documents run here.');
      }
    },
  };
}

function parametersOf({ url }: Request): URLSearchParams {
  return new URLSearchParams(url.split('?')[1]);
}

function refusal(code: string, message: string) {
  return createGraphQLError(message, { extensions: { code, http: { spec: true, status: 400 } } });
}
