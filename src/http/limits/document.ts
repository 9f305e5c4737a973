/** The shape of a document, before it is validated. */
import { type DocumentNode, Kind, type SelectionSetNode, visit } from 'graphql';
import { limitExceeded } from './refusal.ts';
import { countSelections } from './selections.ts';

/**
 * Refuses documents with too many aliases, directives or selections, or with fields too deep inside each other.
 * Fragments are followed.
 *
 * @throws GraphQLError LIMIT_EXCEEDED
 */
export function checkDocument(
  document: DocumentNode,
  limits: { maxDepth: number; maxAliases: number; maxDirectives: number; maxSelections: number },
): void {
  let aliases = 0;
  let directives = 0;
  visit(document, {
    Field(field) {
      aliases += field.alias === undefined ? 0 : 1;
    },
    Directive() {
      directives += 1;
    },
  });
  if (aliases > limits.maxAliases) {
    throw limitExceeded({ limit: 'aliases', max: limits.maxAliases, found: aliases });
  }
  if (directives > limits.maxDirectives) {
    throw limitExceeded({ limit: 'directives', max: limits.maxDirectives, found: directives });
  }
  const depth = depthOf(document);
  if (depth > limits.maxDepth) {
    throw limitExceeded({ limit: 'depth', max: limits.maxDepth, found: depth });
  }
  const selections = countSelections(document, limits.maxSelections);
  if (selections > limits.maxSelections) {
    const excess = { limit: 'selections', max: limits.maxSelections, found: selections };
    throw limitExceeded(excess, ' Counting ended there.');
  }
}

/** Levels of fields, of the deepest operation or fragment. */
function depthOf({ definitions }: DocumentNode): number {
  const fragments = new Map<string, SelectionSetNode>();
  const roots: SelectionSetNode[] = [];
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition.selectionSet);
    }
    if ('selectionSet' in definition) {
      roots.push(definition.selectionSet);
    }
  }
  const depths = new Map<string, number>();

  const ofFragment = (name: string): number => {
    const known = depths.get(name);
    const fragment = fragments.get(name);
    if (known !== undefined || fragment === undefined) {
      return known ?? 0;
    }
    // Until it is known: fragments that lead back to themselves are what validation refuses.
    depths.set(name, 0);
    const depth = ofSelections(fragment);
    depths.set(name, depth);
    return depth;
  };

  const ofSelections = ({ selections }: SelectionSetNode): number =>
    selections.reduce((deepest, selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        return Math.max(deepest, ofFragment(selection.name.value));
      }
      const inner = selection.selectionSet ? ofSelections(selection.selectionSet) : 0;
      return Math.max(deepest, selection.kind === Kind.FIELD ? 1 + inner : inner);
    }, 0);

  return roots.reduce((deepest, root) => Math.max(deepest, ofSelections(root)), 0);
}
