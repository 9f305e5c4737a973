/** Many operations in one request. */
import type { Plugin } from 'graphql-yoga';
import { limitExceeded } from './refusal.ts';

/** Refuses bodies that are arrays of operations: they would slip past what is counted per request. */
export function refuseBatches(): Plugin {
  return {
    onRequestParse: () => ({
      onRequestParseDone({ requestParserResult: operations }) {
        if (Array.isArray(operations) && operations.length > 0) {
          const found = operations.length;
          throw limitExceeded(
            { limit: 'batch', max: 0, found },
            ' Send one operation as an object, without an array around it.',
          );
        }
      },
    }),
  };
}
