/** How long an operation may take. */
import { type ExecutionArgs, type GraphQLError, getOperationAST, OperationTypeNode } from 'graphql';
import { limitExceeded } from './refusal.ts';

/** Executes, or resolves to LIMIT_EXCEEDED after `maxMs`; no field is begun after that. */
export async function executeInTime<Result>(
  execute: (args: ExecutionArgs) => Result | Promise<Result>,
  args: ExecutionArgs,
  maxMs: number,
) {
  const controller = new AbortController();
  const stoppable = { ...args, signal: controller.signal };
  return await inTime(
    async () => execute(stoppable),
    { maxMs, warning: warningOf(args) },
    (error) => {
      controller.abort(error);
      return { errors: [error] };
    },
  );
}

/** Resolves to what `work` does, or after `maxMs` to what `giveUp` makes of LIMIT_EXCEEDED. */
export function inTime<Result, GivenUp>(
  work: () => Promise<Result>,
  { maxMs, warning = '' }: { maxMs: number; warning?: string },
  giveUp: (error: GraphQLError) => GivenUp,
): Promise<Result | GivenUp> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const found = Math.ceil(performance.now() - began);
      resolve(giveUp(limitExceeded({ limit: 'operationMs', max: maxMs, found }, warning)));
    }, maxMs);
    work()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

// A transaction that is under way is not torn down: it commits or not, as if its caller had hung up.
function warningOf({ document, operationName }: ExecutionArgs): string {
  const operation = getOperationAST(document, operationName);
  return operation?.operation === OperationTypeNode.MUTATION
    ? ' It may have been done nevertheless.'
    : '';
}
