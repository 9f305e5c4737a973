/** Operations that are made to do harm, each with what it is refused with. They are small enough for a URL. */

export type Hostile = {
  operation: { query: string; variables?: Record<string, unknown> };
  code: string;
  /** Which limit it exceeds, where it is one of ours. */
  limit?: string;
};

const VALIDATION = 'GRAPHQL_VALIDATION_FAILED';
const PARSING = 'GRAPHQL_PARSE_FAILED';

function times(count: number, text: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join(' ');
}

function nested(levels: number, open: string, inner: string, close: string): string {
  return `${open.repeat(levels)}${inner}${close.repeat(levels)}`;
}

function nestedLists(levels: number): unknown {
  return JSON.parse(nested(levels, '[', '', ']'));
}

function over(limit: string, query: string, variables?: Record<string, unknown>): Hostile {
  return { operation: { query, variables }, code: 'LIMIT_EXCEEDED', limit };
}

function wrong(code: string, query: string, variables?: Record<string, unknown>): Hostile {
  return { operation: { query, variables }, code };
}

const page = 'memberships(first: 100) { nodes { user {';

export const hostileDocuments: Record<string, Hostile> = {
  'deep fields': over('depth', nested(30, '{ viewer ', '{ kind }', '}')),
  'deep fields by way of fragments': over(
    'depth',
    `{ users { nodes { ...F0 } } } ${times(12, (n) => `fragment F${n} on User { memberships { nodes { user { ...F${n + 1} } } } }`)} fragment F12 on User { id }`,
  ),
  'lists in lists': over('nesting', `{ node(id: ${nested(2000, '[', '', ']')}) { id } }`),
  'brackets that never close': over('nesting', '{ a '.repeat(2400)),
  'inline fragments in each other': over('nesting', `{ ${nested(300, '... { ', 'x', '}')} }`),
  'deep variables': over('nesting', '{ viewer { kind } }', { deep: nestedLists(250) }),
  'a wide answer': over(
    'cost',
    `{ users(first: 100) { nodes { ${page} ${page} id${' }'.repeat(9)}`,
  ),
  'a wide answer by variables': over(
    'cost',
    `query ($n: Int!) { users(last: $n) { nodes { ${page.replace('100', '$n')} ${page.replace('100', '$n')} id${' }'.repeat(9)}`,
    { n: 100 },
  ),
  'aliases, to ask the same very often': over(
    'aliases',
    `{ ${times(300, (n) => `a${n}: __typename`)} }`,
  ),
  'fragments that double, thirty times': over(
    'selections',
    `{ viewer { ...F0 } } ${times(30, (n) => `fragment F${n} on Viewer { ...F${n + 1} ...F${n + 1} }`)} fragment F30 on Viewer { kind }`,
  ),
  'fragments that spread all others': over(
    'selections',
    `{ ...F0 } ${times(30, (n) => `fragment F${n} on Query { ${times(29 - n, (m) => `...F${n + m + 1}`)} __typename }`)}`,
  ),
  'one field, many times, which makes merging quadratic': over(
    'selections',
    `{ ${'viewer { kind } '.repeat(700)} }`,
  ),
  'one field in many fragments': over(
    'selections',
    `{ ${times(200, (n) => `...F${n}`)} } ${times(200, (n) => `fragment F${n} on Query { viewer { kind } }`)}`,
  ),
  'one field many times, in a fragment that nobody spreads': over(
    'selections',
    `{ __typename } fragment F on Query { ${'viewer { kind } '.repeat(700)} }`,
  ),
  'many operations with many fragments': over(
    'selections',
    `${times(120, (n) => `query Q${n} { ...F0 }`)} ${times(200, (n) => `fragment F${n} on Query { ...F${n + 1} }`)} fragment F200 on Query { __typename }`,
  ),
  'many directives': over('directives', `{ viewer ${'@skip(if: false) '.repeat(400)} { kind } }`),
  'ten thousand tokens': over('tokens', `{ ${'x '.repeat(7000)} }`),
  'nothing but ids': over('tokens', `{ nodes(ids: [${'1 '.repeat(6000)}]) { id } }`),
  'a conflict on many lines': wrong(
    VALIDATION,
    `${'\n'.repeat(2500)} { ${times(50, (n) => `f${n}: __typename`)} ${times(50, (n) => `f${n}: node(id: 1) { id }`)} }`,
  ),
  'nothing but lines': over('lines', `{ viewer { kind } }${'\n'.repeat(5000)}`),
  'circular fragments': wrong(
    VALIDATION,
    `{ ...F0 } ${times(300, (n) => `fragment F${n} on Query { ...F${(n + 1) % 300} }`)}`,
  ),
  'a fragment in itself': wrong(
    VALIDATION,
    '{ ...F } fragment F on Query { ...F ...F viewer { kind } }',
  ),
  'unknown fields': wrong(VALIDATION, `{ ${times(2000, (n) => `x${n}`)} }`),
  'fields that are nearly known': wrong(VALIDATION, `{ ${times(900, (n) => `organization${n}`)} }`),
  'an argument, very often': wrong(
    VALIDATION,
    `{ users(${'first: 1 '.repeat(1400)}) { totalCount } }`,
  ),
  'variables that nobody uses': wrong(
    VALIDATION,
    `query (${times(1000, (n) => `$v${n}: Int`)}) { __typename }`,
  ),
  'many operations': wrong(
    'OPERATION_RESOLUTION_FAILURE',
    times(450, (n) => `query Q${n} { __typename }`),
  ),
  'a long list of ids': wrong('INVALID_INPUT', 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
    ids: Array.from({ length: 600 }, () => 'org_1'),
  }),
  'characters that become eighteen when they are normalized': wrong(
    'INVALID_INPUT',
    'query ($text: String) { users(filter: { search: $text }) { totalCount } }',
    { text: '\uFDFA'.repeat(1200) },
  ),
  'half a character': wrong(PARSING, '{ node(id: "\\uD83D") { id } }'),
  'letters that look like others': wrong(PARSING, '{ vіewer { kind } }'),
};
