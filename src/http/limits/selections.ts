/** How much work it is to see that the fields of a document can be merged. */
import { type DocumentNode, Kind, type SelectionSetNode } from 'graphql';

/** A field of an answer: how often it is selected, and what is selected of it. */
type Place = { times: number; inner: Map<string, Place> };

/**
 * Counts the selections of a document, fragments followed at every place. A field that is selected n times under the
 * same names counts n², since validation compares each of them with each. Whatever lies beyond `most` is not counted.
 */
export function countSelections({ definitions }: DocumentNode, most: number): number {
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition.selectionSet);
    }
  }
  const reached = new Set<string>();
  const within = new Set<string>();
  let count = 0;

  const follow = (name: string, places: Map<string, Place>) => {
    const fragment = fragments.get(name);
    count += 1;
    reached.add(name);
    // Fragments that lead back to themselves are what validation refuses.
    if (fragment !== undefined && !within.has(name)) {
      within.add(name);
      walk(fragment, places);
      within.delete(name);
    }
  };

  const walk = ({ selections }: SelectionSetNode, places: Map<string, Place>) => {
    for (const selection of selections) {
      if (count > most) {
        return;
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        follow(selection.name.value, places);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        count += 1;
        walk(selection.selectionSet, places);
      } else {
        const name = (selection.alias ?? selection.name).value;
        const place = places.get(name) ?? { times: 0, inner: new Map() };
        places.set(name, place);
        count += 2 * place.times + 1;
        place.times += 1;
        if (selection.selectionSet !== undefined) {
          walk(selection.selectionSet, place.inner);
        }
      }
    }
  };

  for (const definition of definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) {
      walk(definition.selectionSet, new Map());
    }
  }
  // What nobody spreads is validated all the same.
  for (const [name, selectionSet] of fragments) {
    if (!reached.has(name)) {
      walk(selectionSet, new Map());
    }
  }
  return count;
}
