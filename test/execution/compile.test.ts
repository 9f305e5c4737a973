import { getOperationAST, type OperationDefinitionNode, parse, validate } from 'graphql';
import { expect, it } from 'vitest';
import { compileQuery } from '../../src/execution/compile.ts';
import { quote } from '../../src/execution/text.ts';
import { schema } from '../../src/graphql/schema.ts';

const MOST = 10_000;

function compile(text: string, most = MOST) {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  const operation = getOperationAST(document) as OperationDefinitionNode;
  return compileQuery({ schema, document, operation, values: { sources: {}, coerced: {} } }, most);
}

/** Events, the organization of each, its events, and so on: any of 25 types at every level. */
const nested = (levels: number): string =>
  levels === 0
    ? 'id'
    : `organization { events(first: 1) { nodes { sequence ${nested(levels - 1)} } } }`;

const root = (levels: number) => `{ events(first: 1) { nodes { ${nested(levels)} } } }`;

it('takes room by what a document selects, and not by the ways that lead there', () => {
  const [one = 0, two = 0, four = 0] = [1, 2, 4].map((levels) => compile(root(levels))?.fields);
  expect(one).toBeGreaterThan(25);
  expect(four - two).toBe(2 * (two - one));
});

it('compiles nothing beyond a number of fields', () => {
  const { fields } = compile(root(1)) ?? { fields: 0 };
  expect(compile(root(1), fields)).toBeDefined();
  expect(compile(root(1), fields - 1)).toBeUndefined();
});

it('leaves introspection to the executor', () => {
  expect(compile('{ __type(name: "User") { name } viewer { kind } }')).toBeUndefined();
  expect(compile('{ __typename viewer { __typename } }')).toBeDefined();
});

it.each([
  'plain',
  '',
  'quotes " and \\ slashes',
  'lines\nand\ttabs',
  '\u0000\u001f\u007f\u0080\u2028',
  'Zoë 🦊 漢字',
  'half a pair \ud83e',
  '\udd8a the other half',
  '</script>',
])('writes text as JSON.stringify does: %j', (text) => {
  expect(quote(text)).toBe(JSON.stringify(text));
});
