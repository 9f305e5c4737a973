/** Valid queries of all shapes, the same for the same seed. */
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { schema } from '../../src/graphql/schema.ts';

/** The arguments that fields are given, one of several; others with required ones are left out. */
type Given = Record<string, string[]>;

const PAGES = ['(first: 2)', '(last: 2)', '', '(first: 100)'];

const DEEPEST = 5;

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

/** A query with the variables `$yes` and `$no`, which are what they say, of fields that `isWanted`. */
export function randomDocument(
  seed: number,
  roots: Given,
  isWanted: (type: string, field: string) => boolean = () => true,
): string {
  const random = randomNumbers(seed);
  const pick = <Item>(items: readonly Item[]): Item =>
    items[Math.floor(random() * items.length)] as Item;
  const fragments: string[] = [];

  const argumentsOf = (parent: string, field: GraphQLField<unknown, unknown>) => {
    const given = roots[`${parent}.${field.name}`];
    if (given !== undefined) {
      return pick(given);
    }
    if (field.args.some(isRequiredArgument)) {
      return undefined;
    }
    return field.args.some(({ name }) => name === 'first') ? pick(PAGES) : '';
  };

  const selectionOf = (type: GraphQLNamedType, depth: number): string => {
    if (isAbstractType(type)) {
      const possible = schema.getPossibleTypes(type).filter(() => random() < 0.6);
      const parts = possible.map((one) => `... on ${one.name} ${selectionOf(one, depth)}`);
      return `{ __typename ${parts.join(' ')} }`;
    }
    const fields = Object.values((type as GraphQLObjectType).getFields()).filter(({ name }) =>
      isWanted(type.name, name),
    );
    const few = type.name === 'Query' ? 2 : 1 + Math.floor(random() * 5);
    const chosen = new Set(Array.from({ length: fields.length && few }, () => pick(fields)));
    const parts = [...chosen].flatMap((field) => fieldOf(type.name, field, depth) ?? []);
    const selection = `{ ${parts.length === 0 ? '__typename' : parts.join(' ')} }`;
    if (random() < 0.15 && type.name !== 'Query') {
      const name = `F${fragments.length}`;
      fragments.push(`fragment ${name} on ${type.name} ${selection}`);
      return `{ ...${name} }`;
    }
    return selection;
  };

  const fieldOf = (
    parent: string,
    field: GraphQLField<unknown, unknown>,
    depth: number,
  ): string | undefined => {
    const type = getNamedType(field.type);
    const given = argumentsOf(parent, field);
    if (given === undefined || (!isLeafType(type) && depth >= DEEPEST)) {
      return undefined;
    }
    const directive =
      random() < 0.1 ? pick([' @include(if: $yes)', ' @skip(if: $yes)', ' @include(if: $no)']) : '';
    const inner =
      isObjectType(type) || isAbstractType(type) ? ` ${selectionOf(type, depth + 1)}` : '';
    // What stands under one name may have several arguments otherwise.
    return `f${Math.floor(random() * 1e6)}: ${field.name}${given}${directive}${inner}`;
  };

  const query = schema.getQueryType();
  if (!query) {
    throw new Error('The schema has no queries.');
  }
  const selection = selectionOf(query, 0);
  return `query Random($yes: Boolean! = true, $no: Boolean! = false) { y: __typename @include(if: $yes) n: __typename @include(if: $no) ...All }
fragment All on Query ${selection}
${fragments.join('\n')}`;
}
