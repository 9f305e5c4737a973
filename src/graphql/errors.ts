/** What a query refuses: errors for whoever wrote the query, so they are top-level, unmasked and name the argument. */
import { GraphQLError } from 'graphql';

/** A bad argument of a query. `argument` is its path, e.g. `['by', 'id']`; `expected` follows its name. */
export function invalidArgument(argument: string[], expected: string): GraphQLError {
  return new GraphQLError(`Argument "${argument.join('.')}" ${expected}.`, {
    extensions: { code: 'INVALID_INPUT', argument },
  });
}
