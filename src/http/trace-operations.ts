/** A span for the execution of every operation, by whatever transport it comes. */
import { type ExecutionArgs, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { withoutSecrets } from '../telemetry/secrets.ts';
import type { Trace } from '../telemetry/tracing.ts';

/** The name of an operation is chosen by the caller: no more of it is kept. */
const LONGEST_NAME = 100;

/** Traces executions by their type and name. Without `trace` it does nothing. */
export function traceOperations(trace: Trace | undefined): Plugin {
  if (trace === undefined) {
    return {};
  }
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const { type, attributes } = describe(args);
      setExecuteFn((given) => trace(type, attributes, async () => executeFn(given)));
    },
  };
}

function describe({ document, operationName }: ExecutionArgs) {
  const operation = getOperationAST(document, operationName);
  const type = operation?.operation ?? 'none';
  const name = withoutSecrets(operation?.name?.value ?? '').slice(0, LONGEST_NAME);
  return {
    type,
    attributes: {
      'graphql.operation.type': type,
      ...(name !== '' && { 'graphql.operation.name': name }),
    },
  };
}
