/** From the texts of a row, as PostgreSQL sends them, to an object. */
import pg from 'pg';
import { isTable, modelFieldsOf } from './tables.ts';

/** A column of a result. */
export type Column = { name: string; dataTypeID: number };

export type RowReader = (values: readonly (string | null)[]) => object;

type Parse = (text: string) => unknown;

type Part = { name: string; at: number; parse: Parse };

const TIMESTAMPTZ = 1184;
const TEXT_ARRAY = 1009;

/** How many different values of a column are kept, from one execution to the next. */
const MOST_REPEATED = 16;

/**
 * Makes what reads the rows of a statement. A column named `a.b` is the property `b` of an object `a`, which is null when
 * its `id` is; one named `a.b=c` is both (PostgreSQL cuts a name after 63 bytes). Where `a` is a table, the fields of its
 * model that the statement left out throw when they are read: what was not asked for must not look as if it were not there.
 */
export function rowReader(columns: readonly Column[]): RowReader {
  const parts = columns.flatMap(({ name: names, dataTypeID }, at) => {
    const parse = parserOf(dataTypeID);
    return names.split('=').map((name) => ({ name, at, parse }));
  });
  const readOwn = objectReader(
    parts.filter(({ name }) => !name.includes('.')),
    {},
  );
  const nested = Map.groupBy(
    parts.filter(({ name }) => name.includes('.')),
    ({ name }) => name.slice(0, name.indexOf('.')),
  );
  const readers = [...nested].map(([name, inner]) => {
    const own = inner.map((part) => ({ ...part, name: part.name.slice(name.length + 1) }));
    const id = own.find((part) => part.name === 'id')?.at ?? -1;
    return { name, id, read: objectReader(own, withoutOthers(name, own)) };
  });
  if (readers.length === 0) {
    return readOwn;
  }
  return (values) => {
    const row = readOwn(values);
    for (const { name, id, read } of readers) {
      row[name] = values[id] === null ? null : read(values);
    }
    return row;
  };
}

// Generated, with a constructor, so that all rows of a statement have one shape: any other way takes ten times as long.
function objectReader(
  parts: readonly Part[],
  prototype: object,
): (values: readonly (string | null)[]) => Record<string, unknown> {
  const assignments = parts.map(
    ({ name, at }, n) =>
      `this[${JSON.stringify(name)}] = values[${at}] === null ? null : parse${n}(values[${at}]);`,
  );
  const body = `const [${parts.map((_, n) => `parse${n}`)}] = parsers;
function Row(values) { ${assignments.join(' ')} }
Row.prototype = prototype;
return (values) => new Row(values);`;
  return new Function('prototype', 'parsers', body)(
    prototype,
    parts.map(({ parse }) => parse),
  );
}

function withoutOthers(table: string, present: readonly Part[]): object {
  const names = new Set(present.map(({ name }) => name));
  const others = isTable(table) ? modelFieldsOf(table).filter((name) => !names.has(name)) : [];
  const refuse = (name: string) => ({
    get() {
      throw new Error(`${table}.${name} was not read: it belongs to what its statement selects.`);
    },
  });
  return Object.create(
    Object.prototype,
    Object.fromEntries(others.map((name) => [name, refuse(name)])),
  );
}

function parserOf(dataTypeID: number): Parse {
  const parse: Parse = pg.types.getTypeParser(dataTypeID, 'text');
  switch (dataTypeID) {
    case TIMESTAMPTZ:
      return (text) => parseTime(text) ?? parse(text);
    case TEXT_ARRAY:
      return repeating((text) => Object.freeze(parse(text)));
    default:
      return parse;
  }
}

/** For values of which there are few, as what a few roles give in each of two thousand organizations. */
function repeating(parse: Parse): Parse {
  const parsed = new Map<string, unknown>();
  return (text) => {
    let value = parsed.get(text);
    if (value === undefined) {
      value = parse(text);
      if (parsed.size === MOST_REPEATED) {
        parsed.clear();
      }
      parsed.set(text, value);
    }
    return value;
  };
}

/** A time as PostgreSQL writes it in UTC, `2026-11-22 09:30:00.123+00`; undefined for any other spelling. */
function parseTime(text: string): Date | undefined {
  const { length } = text;
  if (length < 22 || length > 29 || !text.endsWith('+00') || text.charCodeAt(4) !== 45) {
    return undefined;
  }
  const number = (from: number, to: number) => {
    let value = 0;
    for (let at = from; at < to; at += 1) {
      value = value * 10 + text.charCodeAt(at) - 48;
    }
    return value;
  };
  const fraction = length > 22 ? number(20, length - 3) * 10 ** (3 - (length - 23)) : 0;
  const time = Date.UTC(
    number(0, 4),
    number(5, 7) - 1,
    number(8, 10),
    number(11, 13),
    number(14, 16),
    number(17, 19),
    Math.trunc(fraction),
  );
  // Years below 100 mean others to Date.UTC.
  return text.charCodeAt(0) === 48 ? undefined : new Date(time);
}
