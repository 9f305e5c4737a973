// A floor: one statement in which PostgreSQL makes the JSON that is sent.
import { STATEMENTS } from './json-agg-statements.ts';
import { type Answer, serveFloor } from './serve.ts';

function answerWith(name: keyof typeof STATEMENTS): Answer {
  return async (pool, account, { id }) => {
    const { rows } = await pool.query<{ body: string }>({
      name,
      text: STATEMENTS[name],
      values: [...account, id],
    });
    return rows[0]?.body ?? null;
  };
}

await serveFloor({ a: answerWith('a'), b: answerWith('b'), c: answerWith('c') });
