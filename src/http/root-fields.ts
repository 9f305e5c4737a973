/** The fields at the root of an operation, as they will be executed. */
import {
  type ExecutionArgs,
  getOperationAST,
  getVariableValues,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { isLeftOut } from '../execution/selections.ts';

/**
 * Under which names the fields at the root of an operation answer, `__typename` left out: fragments are followed, and
 * what is skipped does not count. Undefined when the values of the variables are wrong, so that nothing will run.
 */
export function rootFields(args: ExecutionArgs): Set<string> | undefined {
  const { schema, document, operationName, variableValues: given } = args;
  const operation = getOperationAST(document, operationName);
  const definitions = operation?.variableDefinitions ?? [];
  const { variableValues } = getVariableValues(schema, definitions, given ?? {});
  if (!operation || variableValues === undefined) {
    return undefined;
  }
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition.selectionSet);
    }
  }
  const names = new Set<string>();
  const collect = (selectionSet: SelectionSetNode | undefined) => {
    for (const selection of selectionSet?.selections ?? []) {
      if (isLeftOut(selection, variableValues)) {
        continue;
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        collect(selection.selectionSet);
      } else if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments.get(selection.name.value);
        // Once is enough, and fragments that name each other twice would be followed for ever.
        fragments.delete(selection.name.value);
        collect(fragment);
      } else if (selection.name.value !== '__typename') {
        names.add((selection.alias ?? selection.name).value);
      }
    }
  };
  collect(operation.selectionSet);
  return names;
}
