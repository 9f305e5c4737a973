/** What an operation costs: how many fields its answer can hold. */
import {
  type ArgumentNode,
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getOperationAST,
  getVariableValues,
  isCompositeType,
  isListType,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { isLeftOut, type VariableValues } from '../../execution/selections.ts';
import { DEFAULT_SIZE, LARGEST_SIZE } from '../../graphql/connection.ts';
import { rootFields } from '../root-fields.ts';

/** A mutation is a transaction with its locks and events, in addition to what is read of its result. */
const COST_OF_MUTATION = 10;

/** What a mutation of many does for each row, in addition to what is read of its result: also in a dry run. */
const COST_OF_ROW = 1;

/** How long a list is taken to be that has no size in the query: roles, permissions, what introspection tells. */
const ASSUMED_LENGTH = 5;

type Operation = {
  schema: GraphQLSchema;
  values: VariableValues;
  fragments: Map<string, FragmentDefinitionNode>;
  /** Of fragments, by name and page size: each is looked at once, however often it is spread. */
  costs: Map<string, number>;
};

/**
 * The cost of a valid operation, before it is executed: one for each field, times the sizes of the connections and
 * lists around it, and more for a mutation and its rows. Fragments are followed, what is skipped does not count, and
 * what is selected twice counts twice. Undefined when the values of the variables are wrong, so that nothing will run.
 */
export function costOf(args: ExecutionArgs): number | undefined {
  const { schema, document, operationName, variableValues: given } = args;
  const operation = getOperationAST(document, operationName);
  const definitions = operation?.variableDefinitions ?? [];
  const { variableValues: values } = getVariableValues(schema, definitions, given ?? {});
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root || values === undefined) {
    return undefined;
  }
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    }
  }
  const world = { schema, values, fragments, costs: new Map() };
  const cost = costOfSelections(world, operation.selectionSet, root, ASSUMED_LENGTH);
  const acts =
    operation.operation === OperationTypeNode.MUTATION ? (rootFields(args)?.size ?? 0) : 0;
  return Math.min(cost + acts * COST_OF_MUTATION, Number.MAX_SAFE_INTEGER);
}

/** `length` is how many items the lists of `parent` have: the size of the page, where it is a connection. */
function costOfSelections(
  operation: Operation,
  { selections }: SelectionSetNode,
  parent: GraphQLCompositeType,
  length: number,
): number {
  let cost = 0;
  for (const selection of selections) {
    if (isLeftOut(selection, operation.values)) {
      continue;
    }
    if (selection.kind === Kind.FIELD) {
      cost += costOfField(operation, selection, parent, length);
    } else if (selection.kind === Kind.FRAGMENT_SPREAD) {
      cost += costOfFragment(operation, selection.name.value, length);
    } else {
      const type = typeNamed(operation, selection.typeCondition?.name.value) ?? parent;
      cost += costOfSelections(operation, selection.selectionSet, type, length);
    }
  }
  return cost;
}

function costOfFragment(operation: Operation, name: string, length: number): number {
  const key = `${name} ${length}`;
  const known = operation.costs.get(key);
  if (known !== undefined) {
    return known;
  }
  const fragment = operation.fragments.get(name);
  const type = typeNamed(operation, fragment?.typeCondition.name.value);
  const cost =
    fragment && type ? costOfSelections(operation, fragment.selectionSet, type, length) : 0;
  operation.costs.set(key, cost);
  return cost;
}

function costOfField(
  operation: Operation,
  node: FieldNode,
  parent: GraphQLCompositeType,
  length: number,
): number {
  const field = operation.schema.getField(parent, node.name.value);
  const type = field && getNamedType(field.type);
  if (!field || !node.selectionSet || !isCompositeType(type)) {
    return 1;
  }
  const times = isListType(getNullableType(field.type))
    ? (lengthOfArgument(operation, node, 'ids') ?? length)
    : 1;
  const rows = rowsGiven(operation, node);
  const inner = pageSize(operation, field, node) ?? rows ?? ASSUMED_LENGTH;
  const written = (rows ?? 0) * COST_OF_ROW;
  return 1 + written + times * costOfSelections(operation, node.selectionSet, type, inner);
}

/** The size of the page of a connection; more than the largest is refused by the field itself. */
function pageSize(
  operation: Operation,
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
): number | undefined {
  if (!field.args.some(({ name }) => name === 'first')) {
    return undefined;
  }
  const sizes = ['first', 'last'].map((name) => {
    const value = argumentOf(node, name)?.value;
    return value && valueIn(operation, value);
  });
  const size = sizes.find((value) => typeof value === 'number') ?? DEFAULT_SIZE;
  return Math.min(Math.max(size, 0), LARGEST_SIZE);
}

/** How many rows the input of a mutation of many has: its payload lists what came of each. */
function rowsGiven(operation: Operation, node: FieldNode): number | undefined {
  const input = argumentOf(node, 'input')?.value;
  if (input?.kind === Kind.OBJECT) {
    const rows = input.fields.find(({ name }) => name.value === 'rows')?.value;
    return rows && lengthOf(operation, rows);
  }
  const given = input && valueIn(operation, input);
  const { rows } = Object(given) as { rows?: unknown };
  return Array.isArray(rows) ? rows.length : undefined;
}

function lengthOfArgument(operation: Operation, node: FieldNode, name: string): number | undefined {
  const value = argumentOf(node, name)?.value;
  return value && lengthOf(operation, value);
}

function lengthOf(operation: Operation, node: ValueNode): number | undefined {
  if (node.kind === Kind.LIST) {
    return node.values.length;
  }
  const value = valueIn(operation, node);
  return Array.isArray(value) ? value.length : undefined;
}

function argumentOf(node: FieldNode, wanted: string): ArgumentNode | undefined {
  return node.arguments?.find(({ name }) => name.value === wanted);
}

function valueIn({ values }: Operation, node: ValueNode): unknown {
  if (node.kind === Kind.VARIABLE) {
    return values.coerced[node.name.value];
  }
  return node.kind === Kind.INT ? Number(node.value) : undefined;
}

function typeNamed({ schema }: Operation, name = ''): GraphQLCompositeType | undefined {
  const type = schema.getType(name);
  return isCompositeType(type) ? type : undefined;
}
