/** Many operations in one request. */
import type { Plugin } from 'graphql-yoga';
import { limitExceeded } from './refusal.ts';

const MOST_OPERATIONS = 1;

/** Refuses bodies that are arrays of operations: they would slip past what is counted per request. */
export function refuseBatches(): Plugin {
  return {
    onRequestParse: () => ({
      onRequestParseDone({ requestParserResult: operations }) {
        if (Array.isArray(operations)) {
          const found = operations.length;
          throw limitExceeded(
            { limit: 'batch', max: MOST_OPERATIONS, found },
            ' Send one operation as an object, without an array around it.',
          );
        }
      },
    }),
  };
}
