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
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((given) => traced(trace, given, async () => executeFn(given)));
    },
  };
}

/** Executes an operation in a span of its own, where there is a `trace`. */
export function traced<Result>(
  trace: Trace | undefined,
  args: ExecutionArgs,
  work: () => Promise<Result>,
): Promise<Result> {
  if (trace === undefined) {
    return work();
  }
  const { type, attributes } = describe(args);
  return trace(type, attributes, work);
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
