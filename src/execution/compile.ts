/**
 * Queries as functions that write their answer. All that a document says is looked up once, when it is compiled: the
 * fields of each type, their resolvers, arguments and types. What is left is to call resolvers and to put pieces of text
 * together.
 */
import {
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  getArgumentValues,
  isAbstractType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { leafWriter } from './leaves.ts';
import { type Args, later, type Run, runOf, type Write } from './run.ts';
import { fieldCollector, type Selected, type VariableValues } from './selections.ts';
import { append, type Growing, grown, isPromise, type Text } from './text.ts';

/**
 * Answers a query: resolves to what gives its data in JSON, once. It rejects when the answer has an error anywhere, of
 * which it tells nothing: then the query is to be executed as usual.
 */
export type CompiledQuery = (context: unknown, values: VariableValues) => Promise<() => string>;

/** How much of it there is: the fields of all types that can stand at each place. */
export type Compiled = { query: CompiledQuery; fields: number };

/**
 * Compiles a valid query, for its values of the variables that `@skip` and `@include` depend on. Undefined where it
 * cannot be: what introspection tells is the executor's own, and there may be at most `mostFields`.
 *
 * @throws GraphQLError where such a variable is null.
 */
export function compileQuery(selected: Selected, mostFields: number): Compiled | undefined {
  const { schema, operation } = selected;
  const collect = fieldCollector(selected);
  // Resolvers ask for nothing else of it.
  const info = { schema } as GraphQLResolveInfo;
  let places = 0;
  let count = 0;
  // The same selections of the same type come by as many paths as there are types above them.
  const writers = new Map<string, Write>();
  const numbers = new Map<SelectionSetNode, number>();

  function objectWriter(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): Write {
    const key = [type.name, ...sets.map(numberOf)].join();
    let write = writers.get(key);
    if (write === undefined) {
      write = newObjectWriter(type, sets);
      writers.set(key, write);
    }
    return write;
  }

  function numberOf(set: SelectionSetNode): number {
    const number = numbers.get(set) ?? numbers.size;
    numbers.set(set, number);
    return number;
  }

  function newObjectWriter(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): Write {
    const fields = [...collect(type, sets)].map(([name, nodes], at) => ({
      before: `${at === 0 ? '' : ','}"${name}":`,
      write: fieldWriter(type, nodes),
    }));
    return (object, run) => {
      if (object instanceof Error || typeof object === 'function') {
        throw new Error(`There is something else where there must be ${type}.`);
      }
      const text: Growing = { pieces: undefined, last: '{' };
      for (const { before, write } of fields) {
        text.last += before;
        append(text, write(object, run));
      }
      text.last += '}';
      return grown(text);
    };
  }

  function fieldWriter(parent: GraphQLObjectType, nodes: [FieldNode, ...FieldNode[]]): Write {
    const [node] = nodes;
    count += 1;
    if (count > mostFields) {
      throw new TooLarge();
    }
    const field = parent.getFields()[node.name.value];
    if (field === undefined) {
      // Nothing else of introspection stands below the root.
      return () => `"${parent.name}"`;
    }
    const write = valueWriter(field.type, nodes);
    const { name, resolve } = field;
    if (resolve === undefined) {
      return (object, run) => later((object as Args)[name], write, run);
    }
    const argsOf = argumentReader(field, node);
    return (object, run) => later(resolve(object, argsOf(run), run.context, info), write, run);
  }

  /** Reads the arguments of a field once for all the places where it stands in an answer. */
  function argumentReader(
    field: GraphQLField<unknown, unknown>,
    node: FieldNode,
  ): (run: Run) => Args {
    if (!namesVariable(node)) {
      let known: Args | undefined;
      return () => {
        known ??= getArgumentValues(field, node);
        return known;
      };
    }
    const place = places;
    places += 1;
    return ({ args, values }) => {
      const known = args[place] ?? getArgumentValues(field, node, values);
      args[place] = known;
      return known;
    };
  }

  function valueWriter(type: GraphQLOutputType, nodes: readonly FieldNode[]): Write {
    if (!isNonNullType(type)) {
      const write = presentWriter(type, nodes);
      return (value, run) => (value == null ? 'null' : write(value, run));
    }
    const write = presentWriter(type.ofType, nodes);
    return (value, run) => {
      if (value == null) {
        throw new Error(`There is nothing where there must be ${type}.`);
      }
      return write(value, run);
    };
  }

  function presentWriter(type: GraphQLOutputType, nodes: readonly FieldNode[]): Write {
    if (isListType(type)) {
      return listWriter(valueWriter(type.ofType, nodes));
    }
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    if (isObjectType(type)) {
      return objectWriter(type, sets);
    }
    return isAbstractType(type) ? abstractWriter(type, sets) : leafWriter(type as GraphQLLeafType);
  }

  function abstractWriter(type: GraphQLAbstractType, sets: readonly SelectionSetNode[]): Write {
    const possible = schema.getPossibleTypes(type);
    const byName = new Map<unknown, Write>(
      possible.map((object) => [object.name, objectWriter(object, sets)]),
    );
    const writeAs = (name: unknown, value: unknown, run: Run): Text => {
      const write = byName.get(name);
      if (write === undefined) {
        throw new Error(`${name} is no ${type}.`);
      }
      return write(value, run);
    };
    return (value, run) => {
      const name = type.resolveType?.(value, run.context, info, type);
      return later(name, (known) => writeAs(known, value, run), run);
    };
  }

  const root = schema.getRootType(operation.operation);
  const sets = [operation.selectionSet];
  if (!root || [...collect(root, sets).values()].some(isIntrospection)) {
    return undefined;
  }
  try {
    const write = objectWriter(root, sets);
    return {
      query: (context, values) => runOf(write, context, values),
      fields: count,
    };
  } catch (error) {
    if (error instanceof TooLarge) {
      return undefined;
    }
    throw error;
  }
}

class TooLarge extends Error {}

function listWriter(write: Write): Write {
  return (list, run) => {
    if (!Array.isArray(list)) {
      throw new Error('There is something else where there must be a list.');
    }
    const text: Growing = { pieces: undefined, last: '[' };
    try {
      for (let at = 0; at < list.length; at += 1) {
        if (at > 0) {
          text.last += ',';
        }
        append(text, later(list[at], write, run));
      }
    } catch (error) {
      // Nobody waits for those any more that were not come to.
      for (const one of list.filter(isPromise)) {
        one.catch(() => {});
      }
      throw error;
    }
    text.last += ']';
    return grown(text);
  };
}

function isIntrospection([{ name }]: [FieldNode, ...FieldNode[]]): boolean {
  return name.value === '__schema' || name.value === '__type';
}

function namesVariable(node: FieldNode): boolean {
  let found = false;
  for (const argument of node.arguments ?? []) {
    visit(argument, {
      Variable() {
        found = true;
      },
    });
  }
  return found;
}
