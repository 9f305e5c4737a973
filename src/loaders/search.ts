/** What searches and metadata filters look for. */
import { foldText } from '../domain/text.ts';

export type SearchTerm = {
  /** For LIKE: any text that contains the term. */
  pattern: string;
  /** Whether the search index can find it; a shorter term is looked for row by row within its list. */
  indexed: boolean;
};

/** The term that a user typed, folded as the stored texts are, or undefined when there is nothing to look for. */
export function searchTerm(text: string | null | undefined): SearchTerm | undefined {
  const folded = text ? foldText(text).trim() : '';
  if (folded === '') {
    return undefined;
  }
  return {
    pattern: `%${folded.replace(/[\\%_]/g, '\\$&')}%`,
    // Trigrams are of three letters or digits in a row.
    indexed: /[\p{L}\p{N}]{3}/u.test(folded),
  };
}

/** A metadata filter as JSON text, or undefined when it asks for nothing. */
export function containment(filter: object | null | undefined): string | undefined {
  return filter && Object.keys(filter).length > 0 ? JSON.stringify(filter) : undefined;
}
