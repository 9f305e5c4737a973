/** What an operation asks of PostgreSQL: how many statements, and how many rows these read. */
import pg from 'pg';
import { ask, type Contender, type Question } from './operations.ts';
import { type Execution, openProxy } from './proxy.ts';

export type Shape = {
  /** Statements of one operation, those that check the caller included. */
  statements: number;
  /** Rows that they read in tables, for each object in the answer. */
  rowsReadPerObject: number;
};

const EXECUTIONS = 6;

/** Whoever is asked the same often enough takes another way from then on. */
const UNWATCHED = 12;

/** A contender of its own, of which it is watched what it sends to PostgreSQL. */
export type Watched = {
  name: string;
  /**
   * Asks it each of the questions. Returns the shape of all questions of the same name together: the largest number of
   * statements, and the rows of all; of the two kinds of plans that a prepared statement may get, the one that reads more.
   */
  shapesOf<Key extends string>(questions: Record<Key, Question[]>): Promise<Record<Key, Shape>>;
  stop(): Promise<void>;
};

/** Has `start` start a contender on the URL of a database, which is a door to that at `databaseUrl`. */
export async function startWatched(
  databaseUrl: string,
  start: (url: string) => Promise<Contender & { stop(): Promise<void> }>,
): Promise<Watched> {
  const proxy = await openProxy(databaseUrl);
  const client = new pg.Client({ connectionString: databaseUrl });
  // Statements reject by themselves; a database that goes while nobody asks it anything would end the run, which has to tidy up.
  client.on('error', () => {});
  await client.connect();
  const contender = await start(proxy.url);
  return {
    name: contender.name,
    async shapesOf(questions) {
      const shapes: Partial<Record<keyof typeof questions, Shape>> = {};
      for (const key of Object.keys(questions) as (keyof typeof questions)[]) {
        shapes[key] = await shapeOf(questions[key]);
      }
      return shapes as Record<keyof typeof questions, Shape>;
    },
    async stop() {
      await contender.stop();
      await client.end();
      proxy.close();
    },
  };

  async function shapeOf(asked: Question[]): Promise<Shape> {
    for (const question of asked.slice(0, 1)) {
      for (let time = 0; time < UNWATCHED; time += 1) {
        await ask(contender, question);
      }
    }
    let statements = 0;
    let read = 0;
    let objects = 0;
    for (const question of asked) {
      const { executions, answer } = await execute(question);
      statements = Math.max(statements, executions.length);
      for (const execution of executions) {
        read += await rowsReadBy(client, execution);
      }
      objects += objectsIn(answer);
    }
    return { statements, rowsReadPerObject: read / objects };
  }

  // What is done now and then, such as noting that an account is in use, or asking for overdue rows, belongs to no
  // operation: of some executions, the one with the fewest statements counts.
  async function execute(
    question: Question,
  ): Promise<{ executions: Execution[]; answer: unknown }> {
    let fewest: Execution[] | undefined;
    let answer: unknown;
    for (let time = 0; time < EXECUTIONS; time += 1) {
      proxy.take();
      answer = await ask(contender, question);
      const executions = proxy.take();
      if (fewest === undefined || executions.length < fewest.length) {
        fewest = executions;
      }
    }
    return { executions: fewest ?? [], answer };
  }
}

type Plan = {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Plan[];
};

// Of what begins and ends a transaction there is no plan.
const PLANNED = /^\s*(select|with|insert|update|delete)\b/i;

async function rowsReadBy(client: pg.Client, { text, values }: Execution): Promise<number> {
  if (!PLANNED.test(text)) {
    return 0;
  }
  const literals = values.map((value) =>
    value === null
      ? 'NULL'
      : pg.escapeLiteral(typeof value === 'string' ? value : `\\x${value.toString('hex')}`),
  );
  const execute = literals.length === 0 ? 'asked' : `asked(${literals.join(', ')})`;
  let worst = 0;
  await client.query(`PREPARE asked AS ${text}`);
  for (const mode of ['force_custom_plan', 'force_generic_plan']) {
    await client.query(`SET plan_cache_mode = ${mode}`);
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE ${execute}`,
    );
    const plan = rows[0]?.['QUERY PLAN'][0].Plan;
    worst = Math.max(worst, plan === undefined ? 0 : rowsRead(plan));
  }
  await client.query('DEALLOCATE asked');
  return worst;
}

function rowsRead(plan: Plan): number {
  const below = (plan.Plans ?? []).map(rowsRead).reduce((sum, rows) => sum + rows, 0);
  if (plan['Relation Name'] === undefined || !plan['Node Type'].includes('Scan')) {
    return below;
  }
  const passedOver =
    (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0);
  return below + (plan['Actual Rows'] + passedOver) * plan['Actual Loops'];
}

/** How many things of the model there are in an answer: the objects with an id. */
export function objectsIn(answer: unknown): number {
  if (typeof answer !== 'object' || answer === null) {
    return 0;
  }
  const below = Object.values(answer).reduce((sum: number, part) => sum + objectsIn(part), 0);
  return below + ('id' in answer ? 1 : 0);
}
