/** Idempotency keys of operations, by whatever transport they come. */
import { getOperationAST } from 'graphql';
import { createGraphQLError, type Plugin, type YogaInitialContext } from 'graphql-yoga';
import { digestOf, type Idempotency, isIdempotencyKey } from '../domain/idempotency.ts';
import type { Context } from '../graphql/context.ts';
import type { Exchange } from '../telemetry/exchange.ts';
import { rootFields } from './root-fields.ts';

/** What keys are bound together with. */
type Bound = Context & { exchange: Exchange };

/** What is known of an operation before it runs; its key may stand in a header or in its extensions. */
type Asked = YogaInitialContext & Bound & { idempotencyKey?: string };

/**
 * Gives mutations that carry a key what `bind` makes of it in place of what their context had, and refuses those that
 * cannot be done exactly once. Queries and subscriptions do nothing, however often.
 */
export function takeIdempotencyKeys(
  bind: (context: Bound, idempotency: Idempotency) => Partial<Context>,
): Plugin<Bound, { idempotencyKey?: string }> {
  return {
    onExecute({ args, extendContext, setResultAndStopExecution }) {
      const asked: Asked = args.contextValue;
      const { query = '', extensions } = asked.params;
      const given = [asked.idempotencyKey, extensions?.idempotencyKey];
      const [key, ...others] = new Set(given.filter((value) => value != null));
      const operation = getOperationAST(args.document, args.operationName);
      const fields = rootFields(args);
      if (key === undefined || operation?.operation !== 'mutation' || fields === undefined) {
        return;
      }
      const refuse = (expected: string) =>
        setResultAndStopExecution({ errors: [invalidKey(expected)] });
      if (!isIdempotencyKey(key)) {
        refuse('must be 1 to 255 printable ASCII characters');
      } else if (others.length > 0) {
        refuse('must not be one in the header and another in the extensions');
      } else if (asked.principal.kind === 'anonymous') {
        refuse('needs a caller who is known: whose it is must be certain');
      } else if (fields.size !== 1) {
        refuse('needs an operation with exactly one mutation, which is done as a whole or not');
      } else {
        const digest = digestOf(operation.name?.value, query ?? '', args.variableValues);
        extendContext(bind(asked, { key, digest }));
      }
    },
  };
}

function invalidKey(expected: string) {
  return createGraphQLError(`The Idempotency-Key ${expected}.`, {
    extensions: {
      code: 'INVALID_INPUT',
      argument: ['Idempotency-Key'],
      http: { spec: true, status: 400 },
    },
  });
}
