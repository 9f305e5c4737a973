/** How much one operation may ask for, whatever transport it comes by. */
import type { ExecutionArgs } from 'graphql';
import {
  createGraphQLError,
  handleStreamOrSingleExecutionResult,
  type Plugin,
  type YogaInitialContext,
} from 'graphql-yoga';
import type { ReadyQuery } from '../compile-queries.ts';
import { isGraphQLError } from '../mask-bugs.ts';
import { costOf } from './cost.ts';
import { checkDocument } from './document.ts';
import { COST_OF_REFUSAL, type Payer, type RateLimiter } from './rate.ts';
import { limitExceeded, rateLimited } from './refusal.ts';
import { checkText, MOST_NESTING } from './text.ts';
import { executeInTime } from './time.ts';

/** The most that each of these may be, in one operation. */
export type Limits = {
  maxDepth: number;
  maxCost: number;
  maxAliases: number;
  maxDirectives: number;
  maxSelections: number;
  maxTokens: number;
  maxDocumentLength: number;
  maxOperationMs: number;
};

/** The place of an error is found by counting lines, for each error anew: long documents go without. */
const MOST_LINES_WITH_LOCATIONS = 300;

/** What is known of an operation before it runs. */
type Asked = YogaInitialContext & { caller: Pick<Payer, 'principal'>; address: string };

/**
 * Refuses what asks for too much before it costs anything, and callers who have asked for too much lately. Whoever
 * sends `extensions: { cost: true }` is told in `extensions.cost` what the operation costs, the most that it may, and
 * what is left for this minute (null without a limit).
 */
export function limitOperations(limits: Limits, rate: RateLimiter): Plugin<Asked> {
  const charge = (asked: Asked) => rate.charge(payerOf(asked), COST_OF_REFUSAL);

  const check = (args: ExecutionArgs, asked: Asked) => {
    if (isDeeper(args.variableValues, MOST_NESTING)) {
      charge(asked);
      const excess = { limit: 'nesting', max: MOST_NESTING, found: MOST_NESTING + 1 };
      return { error: limitExceeded(excess, ' Counting ended there.') };
    }
    const cost = costIn(args);
    if (cost === undefined) {
      charge(asked);
      return {};
    }
    if (cost > limits.maxCost) {
      charge(asked);
      return { error: limitExceeded({ limit: 'cost', max: limits.maxCost, found: cost }) };
    }
    const wait = rate.take(payerOf(asked), cost);
    return wait > 0 ? { error: rateLimited(wait) } : { cost };
  };

  return {
    onParse({ context, parseFn, setParseFn }) {
      // Who is in debt waits before anything is looked at.
      const wait = rate.take(payerOf(context), 0);
      if (wait > 0) {
        throw rateLimited(wait);
      }
      setParseFn((source, options) => {
        const document = readable(() => {
          const lines = checkText(typeof source === 'string' ? source : source.body, limits);
          return parseFn(source, { ...options, noLocation: lines > MOST_LINES_WITH_LOCATIONS });
        });
        checkDocument(document, limits);
        return document;
      });
      return ({ result }) => {
        if (result instanceof Error) {
          charge(context);
        }
      };
    },
    onValidate:
      ({ context }) =>
      ({ valid }) => {
        if (!valid) {
          charge(context);
        }
      },
    onSubscribe({ args, setResultAndStopExecution }) {
      const { error } = check(args, args.contextValue);
      if (error !== undefined) {
        setResultAndStopExecution({ errors: [error] });
      }
    },
    onExecute({ args, executeFn, setExecuteFn, setResultAndStopExecution }) {
      const asked: Asked = args.contextValue;
      const { error, cost } = check(args, asked);
      if (error !== undefined) {
        setResultAndStopExecution({ errors: [error] });
        return undefined;
      }
      setExecuteFn((given) => executeInTime(executeFn, given, limits.maxOperationMs));
      if (cost === undefined || asked.params.extensions?.cost !== true) {
        return undefined;
      }
      return {
        onExecuteDone: (payload) =>
          handleStreamOrSingleExecutionResult(payload, ({ result, setResult }) => {
            const told = { requested: cost, max: limits.maxCost, left: rate.left(payerOf(asked)) };
            setResult({ ...result, extensions: { ...result.extensions, cost: told } });
          }),
      };
    },
  };
}

/**
 * Makes what decides whether a compiled query may run, and charges for it then. Whoever is refused is not charged: they
 * come to where it is said why.
 */
export function createAdmission(
  { maxCost }: Pick<Limits, 'maxCost'>,
  rate: RateLimiter,
): (query: ReadyQuery, args: ExecutionArgs, payer: Payer) => boolean {
  const costs = new WeakMap<object, { sizes: string; cost: number }>();
  return (query, args, payer) => {
    if (isDeeper(args.variableValues, MOST_NESTING)) {
      return false;
    }
    // Most ask for the same again with another id.
    const sizes = sizesIn(query);
    let known = costs.get(query.compiled);
    if (known?.sizes !== sizes) {
      known = { sizes, cost: costIn(args) ?? Number.POSITIVE_INFINITY };
      costs.set(query.compiled, known);
    }
    return known.cost <= maxCost && rate.take(payer, known.cost) === 0;
  };
}

/** What a cost can depend on, of each variable in the order of their definitions: numbers, what is left out, lengths of lists. */
function sizesIn({ operation, values }: ReadyQuery): string {
  let sizes = '';
  for (const { variable } of operation.variableDefinitions ?? []) {
    sizes += `${sizeOf(values.coerced[variable.name.value])},`;
  }
  return sizes;
}

function sizeOf(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.length}]`;
  }
  const isScalar = value === null || typeof value === 'number' || typeof value === 'boolean';
  return isScalar ? String(value) : typeof value;
}

/** Undefined where nothing will run either: whoever executes it says what is wrong. */
function costIn(args: ExecutionArgs): number | undefined {
  try {
    return costOf(args);
  } catch {
    return undefined;
  }
}

function payerOf({ caller, address }: Asked): Payer {
  return { principal: caller.principal, address };
}

// Over WebSocket nobody else says what kind of error a broken document is.
function readable<Document>(read: () => Document): Document {
  try {
    return read();
  } catch (error) {
    if (isGraphQLError(error) && error.extensions.code === undefined) {
      throw createGraphQLError(error.message, {
        extensions: { code: 'GRAPHQL_PARSE_FAILED', http: { spec: true, status: 400 } },
      });
    }
    throw error;
  }
}

/** Whether objects and lists lie deeper in each other than so many levels. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  if (levels === 0) {
    return true;
  }
  for (const inner of Array.isArray(value) ? value : Object.values(value)) {
    if (isDeeper(inner, levels - 1)) {
      return true;
    }
  }
  return false;
}
