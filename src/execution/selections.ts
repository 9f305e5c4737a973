/** Which fields an operation selects, as the GraphQL specification collects them (§6.3.2). */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  isAbstractType,
  Kind,
  type NamedTypeNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';

/** The values of an operation's variables, after coercion. */
export type VariableValues = NonNullable<Parameters<typeof getDirectiveValues>[2]>;

/** A valid operation with the values of the variables that decide what is left out of it. */
export type Selected = {
  schema: GraphQLSchema;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  values: VariableValues;
};

/** The names of the variables that `@skip` and `@include` depend on anywhere in a document. */
export function conditionsOf(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive({ name, arguments: given = [] }) {
      const [condition] = given;
      if (condition?.value.kind === Kind.VARIABLE && /^(?:skip|include)$/.test(name.value)) {
        names.add(condition.value.name.value);
      }
    },
  });
  return [...names];
}

/** Makes what collects the fields of an object of `type`: all nodes of each, by the name that it answers under. */
export function fieldCollector({ schema, document, values }: Selected) {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    }
  }

  const isFor = (type: GraphQLObjectType, condition: NamedTypeNode | undefined) => {
    const named = condition && schema.getType(condition.name.value);
    return (
      condition === undefined ||
      named === type ||
      (isAbstractType(named) && schema.isSubType(named, type))
    );
  };

  return (
    type: GraphQLObjectType,
    selectionSets: readonly SelectionSetNode[],
  ): Map<string, [FieldNode, ...FieldNode[]]> => {
    const fields = new Map<string, [FieldNode, ...FieldNode[]]>();
    const spread = new Set<string>();
    const collect = (selection: SelectionNode) => {
      if (isLeftOut(selection, values)) {
        return;
      }
      if (selection.kind === Kind.FIELD) {
        const name = (selection.alias ?? selection.name).value;
        const nodes = fields.get(name);
        if (nodes === undefined) {
          fields.set(name, [selection]);
        } else {
          nodes.push(selection);
        }
        return;
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (isFor(type, selection.typeCondition)) {
          selection.selectionSet.selections.forEach(collect);
        }
        return;
      }
      const fragment = fragments.get(selection.name.value);
      if (fragment !== undefined && !spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        if (isFor(type, fragment.typeCondition)) {
          fragment.selectionSet.selections.forEach(collect);
        }
      }
    };
    for (const { selections } of selectionSets) {
      selections.forEach(collect);
    }
    return fields;
  };
}

/** Whether `@skip` or `@include` leave a selection out. */
export function isLeftOut(node: SelectionNode, values: VariableValues): boolean {
  return (
    getDirectiveValues(GraphQLSkipDirective, node, values)?.if === true ||
    getDirectiveValues(GraphQLIncludeDirective, node, values)?.if === false
  );
}
