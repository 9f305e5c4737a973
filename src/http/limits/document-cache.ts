/** Parsed documents by their text. */
import type { DocumentNode } from 'graphql';

export type DocumentCache = {
  get(text: string): DocumentNode | undefined;
  set(text: string, document: DocumentNode): void;
};

/**
 * Keeps the documents that were asked for last, with `mostCharacters` of text together. Counted by the piece, a
 * thousand of the largest documents would take gigabytes: a document is a multiple of its text.
 */
export function createDocumentCache(mostCharacters: number): DocumentCache {
  const documents = new Map<string, DocumentNode>();
  let characters = 0;
  return {
    get(text) {
      const document = documents.get(text);
      if (document !== undefined) {
        documents.delete(text);
        documents.set(text, document);
      }
      return document;
    },
    set(text, document) {
      characters += documents.has(text) ? 0 : text.length;
      documents.set(text, document);
      for (const oldest of documents.keys()) {
        if (characters <= mostCharacters) {
          break;
        }
        documents.delete(oldest);
        characters -= oldest.length;
      }
    },
  };
}
