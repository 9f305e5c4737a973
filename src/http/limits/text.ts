/** The text of a document, before it is parsed. */
import { Lexer, Source, TokenKind } from 'graphql';
import { limitExceeded } from './refusal.ts';

const OPENING: ReadonlySet<string> = new Set([
  TokenKind.BRACE_L,
  TokenKind.BRACKET_L,
  TokenKind.PAREN_L,
]);

const CLOSING: ReadonlySet<string> = new Set([
  TokenKind.BRACE_R,
  TokenKind.BRACKET_R,
  TokenKind.PAREN_R,
]);

/** Brackets in a document, or lists and objects in the variables, inside each other. The parser's stack ends behind it. */
export const MOST_NESTING = 200;

/**
 * Refuses texts that are too long, and those with too many tokens (comments are some, too), lines (no more than
 * tokens) or brackets inside each other: parsing them would cost a multiple of reading them. Returns its lines.
 *
 * @throws GraphQLError LIMIT_EXCEEDED, or that of a character that no token begins with
 */
export function checkText(
  text: string,
  limits: { maxDocumentLength: number; maxTokens: number },
): number {
  if (text.length > limits.maxDocumentLength) {
    const found = text.length;
    throw limitExceeded({ limit: 'documentLength', max: limits.maxDocumentLength, found });
  }
  const lines = countLines(text);
  if (lines > limits.maxTokens) {
    throw limitExceeded({ limit: 'lines', max: limits.maxTokens, found: lines });
  }
  const { tokens, nesting } = measure(text);
  if (tokens > limits.maxTokens) {
    throw limitExceeded({ limit: 'tokens', max: limits.maxTokens, found: tokens });
  }
  if (nesting > MOST_NESTING) {
    throw limitExceeded({ limit: 'nesting', max: MOST_NESTING, found: nesting });
  }
  return lines;
}

function countLines(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    lines += 1;
  }
  return lines;
}

function measure(text: string): { tokens: number; nesting: number } {
  const lexer = new Lexer(new Source(text));
  let tokens = 0;
  let level = 0;
  let nesting = 0;
  while (lexer.advance().kind !== TokenKind.EOF) {
    const { kind } = lexer.token;
    if (OPENING.has(kind)) {
      level += 1;
      nesting = Math.max(nesting, level);
    } else if (CLOSING.has(kind)) {
      level -= 1;
    }
    tokens += 1;
  }
  // The lexer passes over comments, and keeps them.
  for (let token = lexer.token.prev; token !== null; token = token.prev) {
    tokens += token.kind === TokenKind.COMMENT ? 1 : 0;
  }
  return { tokens, nesting };
}
