/** Documents that are asked for over and over are compiled to JavaScript, which executes them in a fraction of the time. */
import { type DocumentNode, type ExecutionArgs, getOperationAST, OperationTypeNode } from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { Context } from '../graphql/context.ts';
import { countSelections } from './limits/selections.ts';

export type QueryCompiler = {
  plugin: Plugin<Context>;
  /** Whether a text is a document that ran before, as a query of this name. */
  isKnown(text: string, operationName: string | null | undefined): boolean;
};

type Compiled = CompiledQuery['query'];

/** Each selection becomes some 2,000 characters of JavaScript: what is larger takes long to compile, and much memory. */
const LARGEST_COMPILED = 300;

/** Selections of all that is kept compiled. */
const KEPT_COMPILED = 5_000;

/**
 * Makes what executes queries compiled once their document was asked for `after` times; one that comes once never pays
 * for it. Whatever ends in an error is executed again as usual, out of what was read already, so that errors have one
 * form. Undefined: never.
 */
export function createQueryCompiler(
  documents: LRUCache<string, DocumentNode>,
  after: number | undefined,
): QueryCompiler {
  if (after === undefined) {
    return { plugin: {}, isKnown: () => false };
  }
  const executions = new WeakMap<DocumentNode, number>();
  const sizes = new WeakMap<DocumentNode, number>();
  const kept = new LRUCache<DocumentNode, Map<string, Compiled | null>>({
    maxSize: KEPT_COMPILED,
    sizeCalculation: (_compiled, document) => sizeOf(document),
  });

  function sizeOf(document: DocumentNode): number {
    const size = sizes.get(document) ?? countSelections(document, LARGEST_COMPILED);
    sizes.set(document, size);
    return size;
  }

  /** Null: not yet, or never. */
  const compiledOf = ({ schema, document, operationName }: ExecutionArgs): Compiled | null => {
    const times = (executions.get(document) ?? 0) + 1;
    executions.set(document, times);
    if (times <= after || sizeOf(document) > LARGEST_COMPILED) {
      return null;
    }
    const ofDocument = kept.get(document) ?? new Map<string, Compiled | null>();
    let compiled = ofDocument.get(operationName ?? '');
    if (compiled === undefined) {
      const made = compileQuery(schema, document, operationName ?? undefined);
      compiled = isCompiledQuery(made) ? made.query : null;
      kept.set(document, ofDocument.set(operationName ?? '', compiled));
    }
    return compiled;
  };

  return {
    plugin: {
      onExecute({ args, executeFn, setExecuteFn }) {
        const compiled = isQuery(args.document, args.operationName) ? compiledOf(args) : null;
        if (compiled !== null) {
          setExecuteFn(async (given: ExecutionArgs & { signal?: AbortSignal }) => {
            const { rootValue, contextValue, variableValues, signal } = given;
            signal?.addEventListener('abort', () => readNoMore(contextValue as Context, signal));
            const result = await compiled(rootValue, contextValue, variableValues);
            return result.errors === undefined ? result : executeFn(given);
          });
        }
      },
    },
    isKnown(text, operationName) {
      const document = documents.get(text);
      return document !== undefined && executions.has(document) && isQuery(document, operationName);
    },
  };
}

// What is compiled asks nobody whether it should go on; it cannot without reading.
function readNoMore(context: Context, { reason }: AbortSignal): void {
  const refuse = () => {
    throw reason;
  };
  context.loaders = new Proxy(context.loaders, { get: refuse });
}

function isQuery(document: DocumentNode, operationName: string | null | undefined): boolean {
  return getOperationAST(document, operationName)?.operation === OperationTypeNode.QUERY;
}
