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
import { type Compiled, type CompiledQuery, compileQuery } from '../execution/compile.ts';
import { conditionsOf, type VariableValues } from '../execution/selections.ts';
import type { Context } from '../graphql/context.ts';

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
  /** By their values; undefined: it cannot be. */
  compiled: Map<string, Compiled | undefined>;
};

/** By the name of the operation. */
type Entries = Map<string | null, Entry>;

const MOST_CONDITIONS = 4;

/** Compiled they take some two thirds of a kilobyte each. */
const MOST_FIELDS = 3_000;

/** Fields of all that is kept compiled. */
const KEPT_FIELDS = 50_000;

/** What an operation of a document takes that is known not to be compiled. */
const LEAST_FIELDS = 10;

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
  const kept = new LRUCache<DocumentNode, Entries>({
    maxSize: KEPT_FIELDS,
    sizeCalculation: sizeOf,
  });

  const entryOf = ({ document, operationName = null }: ExecutionArgs): Entry | undefined => {
    const known = kept.get(document)?.get(operationName);
    const operation = known?.operation ?? getOperationAST(document, operationName);
    if (known !== undefined || operation?.operation !== OperationTypeNode.QUERY) {
      return known;
    }
    const entry = { operation, conditions: conditionsOf(document), compiled: new Map() };
    kept.set(document, new Map(kept.get(document)).set(operationName, entry));
    return entry;
  };

  const compiledFor = (
    { schema, document }: ExecutionArgs,
    { operation, conditions, compiled }: Entry,
    values: VariableValues,
  ): CompiledQuery | undefined => {
    const key = conditions.map((name) => values.coerced[name]).join();
    if (!compiled.has(key) && conditions.length <= MOST_CONDITIONS) {
      compiled.set(key, compileQuery({ schema, document, operation, values }, MOST_FIELDS));
      // A new value is weighed anew.
      kept.set(document, new Map(kept.get(document)));
    }
    return compiled.get(key)?.query;
  };

  const ready = (args: ExecutionArgs): ReadyQuery | undefined => {
    // Only what was found valid was ever executed.
    if ((executions.get(args.document) ?? 0) <= after) {
      return undefined;
    }
    const entry = entryOf(args);
    if (entry === undefined) {
      return undefined;
    }
    const { operation } = entry;
    const definitions = operation.variableDefinitions ?? [];
    const given = args.variableValues ?? {};
    try {
      const { variableValues: values } = getVariableValues(args.schema, definitions, given);
      const compiled = values && compiledFor(args, entry, values);
      return compiled && { operation, values, compiled };
    } catch {
      // Whoever executes it as usual says what is wrong.
      return undefined;
    }
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

function sizeOf(entries: Entries): number {
  let size = 0;
  for (const { compiled } of entries.values()) {
    size += LEAST_FIELDS;
    for (const one of compiled.values()) {
      size += one?.fields ?? LEAST_FIELDS;
    }
  }
  return size;
}

async function parsedResult<Result>(
  { compiled, values }: ReadyQuery,
  args: ExecutionArgs & { signal?: AbortSignal },
  execute: (args: ExecutionArgs) => Result,
) {
  const context = args.contextValue as Context;
  args.signal?.addEventListener('abort', () => readNoMore(context, args.signal?.reason));
  try {
    const take = await compiled(context, values);
    return { data: JSON.parse(take()) };
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
