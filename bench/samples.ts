/** What is asked for: random, and the same in every run and for every contender. */
import { OPERATIONS, type OperationName, type Question } from './operations.ts';
import { organizationUuid, userUuid } from './world.ts';

/** Which things of a world are asked for: numbers from `from` on, `count` of them. */
export type Range = { from: number; count: number };

const ORGANIZATIONS_OF_C = 50;

/**
 * Makes `size` questions of an operation about things in `range`; those of (c) are about one organization in `range`
 * and 49 in `others`. `first` is how many members of an organization to ask for.
 */
export function questionsOf(
  operation: OperationName,
  range: Range,
  size: number,
  { first = OPERATIONS[operation].first, others = range }: { first?: number; others?: Range } = {},
): Question[] {
  const random = randomNumbers(operation.charCodeAt(0));
  const pick = ({ from, count }: Range) => from + Math.floor(random() * count);
  return Array.from({ length: size }, () => {
    if (operation === 'a') {
      return { operation, first, id: userUuid(pick(range)) };
    }
    if (operation === 'b') {
      return { operation, first, id: organizationUuid(pick(range)) };
    }
    const picked = new Set([pick(range)]);
    while (picked.size < ORGANIZATIONS_OF_C) {
      picked.add(pick(others));
    }
    return { operation, first, id: [...picked].map(organizationUuid) };
  });
}

/** Mulberry32: numbers from 0 to below 1. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
