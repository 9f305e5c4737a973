/** Where the pages begin that are asked for: found by walking there, as clients do, before anything is timed. */
import { type Contender, type Question, requestOf, send } from './operations.ts';

/** The largest page that there is. */
const STEP = 100;

/** The same questions, each with the cursor that this contender gives for the place where its page begins. */
export async function withCursors(
  contender: Contender,
  questions: Question[],
): Promise<Question[]> {
  const found = new Map<string, string>();
  const placed: Question[] = [];
  for (const question of questions) {
    placed.push({ ...question, after: await cursorBehind(question.skip ?? 0, question) });
  }
  return placed;

  async function cursorBehind(skip: number, question: Question): Promise<string | undefined> {
    if (skip === 0) {
      return undefined;
    }
    const { id, search, token } = question;
    const key = JSON.stringify([id, search, token, skip]);
    const known = found.get(key);
    if (known !== undefined) {
      return known;
    }
    const first = ((skip - 1) % STEP) + 1;
    const after = await cursorBehind(skip - first, question);
    const cursor = await lastCursor(contender, { ...question, first, after });
    found.set(key, cursor);
    return cursor;
  }
}

async function lastCursor(contender: Contender, question: Question): Promise<string> {
  const response = await send(requestOf(contender, question));
  const text = await response.text();
  const cursor = /"endCursor":"([^"]+)"/.exec(text)?.[1];
  if (cursor === undefined || text.includes('"hasNextPage":false')) {
    throw new Error(`${contender.name} has no page there: ${text.slice(0, 200)}`);
  }
  return cursor;
}
