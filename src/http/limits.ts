/** How much one operation may ask for, whatever transport it comes by. */
import { createGraphQLError, type Plugin } from 'graphql-yoga';
import { isGraphQLError } from './mask-bugs.ts';

/** More than any query that a person writes, less than what is worth an attack. */
const MOST_TOKENS = 5000;

/** Levels of a document's syntax tree, of which a field with a selection takes three; and of a variable's value. */
const MOST_LEVELS = 200;

const TOO_DEEP = 'The document is nested too deeply.';

/** Refuses documents that are too long or too deep, and variables that are too deep, before they cost anything. */
export function limitOperations(): Plugin {
  return {
    onParse({ parseFn, setParseFn }) {
      setParseFn((source, options) => {
        const document = parse(() => parseFn(source, { ...options, maxTokens: MOST_TOKENS }));
        if (isDeeper(document, MOST_LEVELS)) {
          throw refusal(TOO_DEEP);
        }
        return document;
      });
    },
    onExecute({ args, setResultAndStopExecution }) {
      if (isDeeper(args.variableValues, MOST_LEVELS)) {
        const error = refusal('The variables are nested too deeply.', 'BAD_USER_INPUT');
        setResultAndStopExecution({ errors: [error] });
      }
    },
  };
}

// The parser calls itself for every level, so that a document can exhaust the stack.
function parse<Document>(parseNow: () => Document): Document {
  try {
    return parseNow();
  } catch (error) {
    if (error instanceof RangeError) {
      throw refusal(TOO_DEEP);
    }
    throw isGraphQLError(error) ? refusal(error.message) : error;
  }
}

function refusal(message: string, code = 'GRAPHQL_PARSE_FAILED') {
  return createGraphQLError(message, { extensions: { code, http: { spec: true, status: 400 } } });
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  // Where a node stands in the text leads on to all tokens before and after it.
  return (
    levels === 0 ||
    Object.entries(value).some(([key, inner]) => key !== 'loc' && isDeeper(inner, levels - 1))
  );
}
