/** How long an operation may take. */
import { type ExecutionArgs, getOperationAST, OperationTypeNode } from 'graphql';
import { limitExceeded } from './refusal.ts';

/** Executes, or resolves to LIMIT_EXCEEDED after `maxMs`; no field is begun after that. */
export async function executeInTime<Result>(
  execute: (args: ExecutionArgs) => Result,
  args: ExecutionArgs,
  maxMs: number,
) {
  const began = performance.now();
  const controller = new AbortController();
  const late = Promise.withResolvers<{ errors: ReturnType<typeof limitExceeded>[] }>();
  const timer = setTimeout(() => {
    const found = Math.ceil(performance.now() - began);
    const error = limitExceeded({ limit: 'operationMs', max: maxMs, found }, warning(args));
    late.resolve({ errors: [error] });
    controller.abort(error);
  }, maxMs);
  const stoppable = { ...args, signal: controller.signal };
  try {
    return await Promise.race([execute(stoppable), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

// A transaction that is under way is not torn down: it commits or not, as if its caller had hung up.
function warning({ document, operationName }: ExecutionArgs): string {
  const operation = getOperationAST(document, operationName);
  return operation?.operation === OperationTypeNode.MUTATION
    ? ' It may have been done nevertheless.'
    : '';
}
