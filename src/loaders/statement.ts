/** Statements are composed with Kysely once per shape and then only sent: their text and name never change. */
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from 'kysely';
import type { Read } from '../db/database.ts';
import { type Statement, statementName } from '../db/statement.ts';

const compiler = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

type Prepared = { statement: Statement; parameters: string[] };

const prepared = new Map<string, Prepared>();

type Placeholder = { placeholder: string };

/** A place in a statement that `run` fills with the value of that name. */
export function param(name: string): RawBuilder<unknown> {
  const placeholder: Placeholder = { placeholder: name };
  return sql`${placeholder}`;
}

/**
 * Runs the statement of this `shape`, which `build` composes when the shape is met for the first time. A shape names
 * everything that changes the statement's text, so there must be few of them; what changes from call to call goes
 * into `values`.
 */
export function run<Row>(
  read: Read,
  shape: string,
  build: () => RawBuilder<unknown>,
  values: Record<string, unknown>,
): Promise<Row[]> {
  let entry = prepared.get(shape);
  if (entry === undefined) {
    const { sql: text, parameters } = build().compile(compiler);
    entry = prepare(
      shape,
      text,
      (parameters as Placeholder[]).map(({ placeholder }) => placeholder),
    );
    prepared.set(shape, entry);
  }
  return read<Row>(
    entry.statement,
    entry.parameters.map((name) => values[name]),
  );
}

// Kysely numbers every place anew; a value is sent once, however many places it has.
function prepare(summary: string, compiled: string, places: string[]): Prepared {
  const parameters = [...new Set(places)];
  const text = compiled.replace(
    /\$(\d+)/g,
    (_, place) => `$${parameters.indexOf(places[place - 1] ?? '') + 1}`,
  );
  return { statement: { name: statementName(text), text, summary }, parameters };
}
