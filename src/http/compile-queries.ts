/** Queries that are asked for over and over are compiled: then they write their answer in a fraction of the time. */
import {
  type DocumentNode,
  type ExecutionArgs,
  getOperationAST,
  getVariableValues,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import { type CompiledQuery, compileQuery } from '../execution/compile.ts';
import { conditionsOf, type VariableValues } from '../execution/selections.ts';
import type { Context } from '../graphql/context.ts';
import { countSelections } from './limits/selections.ts';

/** A query as it can be executed at once. */
export type ReadyQuery = {
  operation: OperationDefinitionNode;
  values: VariableValues;
  compiled: CompiledQuery;
};

export type QueryCompiler = {
  plugin: Plugin<Context>;
  /** Undefined: it is not compiled yet or cannot be, is no query, or the values of its variables are wrong. */
  ready(args: ExecutionArgs): ReadyQuery | undefined;
};

type Entry = {
  operation: OperationDefinitionNode;
  /** Variables that decide what is left out: the query is compiled for each combination of them that is met. */
  conditions: string[];
  compiled: Map<string, CompiledQuery | undefined>;
};

const MOST_CONDITIONS = 4;

/** Compiled they take some kilobytes a selection. */
const LARGEST_COMPILED = 1_000;

/** Selections of all that is kept compiled. */
const KEPT_COMPILED = 10_000;

/**
 * Makes what compiles queries once their document was executed `after` times, so that one that comes once never pays for
 * it. Whatever ends in an error is executed as usual, out of what was read already: errors have one form. Undefined:
 * never.
 */
export function createQueryCompiler(after: number | undefined): QueryCompiler {
  if (after === undefined) {
    return { plugin: {}, ready: () => undefined };
  }
  const executions = new WeakMap<DocumentNode, number>();
  const kept = new LRUCache<DocumentNode, Map<string | null, Entry>>({
    maxSize: KEPT_COMPILED,
    sizeCalculation: (_entries, document) => countSelections(document, LARGEST_COMPILED),
  });

  const entryOf = ({ document, operationName }: ExecutionArgs): Entry | undefined => {
    const entries = kept.get(document) ?? new Map<string | null, Entry>();
    const name = operationName ?? null;
    const known = entries.get(name);
    const operation = known?.operation ?? getOperationAST(document, operationName);
    if (known !== undefined || operation?.operation !== OperationTypeNode.QUERY) {
      return known;
    }
    const conditions = conditionsOf(document);
    const isSmall =
      countSelections(document, LARGEST_COMPILED) <= LARGEST_COMPILED &&
      conditions.length <= MOST_CONDITIONS;
    if (!isSmall) {
      return undefined;
    }
    const entry: Entry = { operation, conditions, compiled: new Map() };
    kept.set(document, entries.set(name, entry));
    return entry;
  };

  const ready = (args: ExecutionArgs): ReadyQuery | undefined => {
    const { schema, document, variableValues: given } = args;
    // Only what was found valid was ever executed.
    if ((executions.get(document) ?? 0) <= after) {
      return undefined;
    }
    const entry = entryOf(args);
    if (entry === undefined) {
      return undefined;
    }
    const { operation, conditions } = entry;
    const definitions = operation.variableDefinitions ?? [];
    const { variableValues: values } = getVariableValues(schema, definitions, given ?? {});
    if (values === undefined) {
      return undefined;
    }
    const key = conditions.map((name) => values.coerced[name]).join();
    if (!entry.compiled.has(key)) {
      entry.compiled.set(key, compileQuery({ schema, document, operation, values }));
    }
    const compiled = entry.compiled.get(key);
    return compiled && { operation, values, compiled };
  };

  return {
    ready,
    plugin: {
      onExecute({ args, executeFn, setExecuteFn }) {
        executions.set(args.document, (executions.get(args.document) ?? 0) + 1);
        const query = ready(args);
        if (query !== undefined) {
          setExecuteFn((given: ExecutionArgs & { signal?: AbortSignal }) =>
            parsedResult(query, given, executeFn),
          );
        }
      },
    },
  };
}

async function parsedResult<Result>(
  { compiled, values }: ReadyQuery,
  args: ExecutionArgs & { signal?: AbortSignal },
  execute: (args: ExecutionArgs) => Result,
) {
  const context = args.contextValue as Context;
  args.signal?.addEventListener('abort', () => readNoMore(context, args.signal?.reason));
  try {
    return { data: JSON.parse(await compiled(context, values)) };
  } catch {
    return execute(args);
  }
}

/** What is compiled asks nobody whether it should go on; it cannot without reading. */
export function readNoMore(context: Context, reason: unknown): void {
  const refuse = () => {
    throw reason;
  };
  context.loaders = new Proxy(context.loaders, { get: refuse });
}
