/** Questions about the organizations that a person may enter. */
import type { TestDatabase } from '../support/database.ts';
import { idOf, LARGE_WORLD } from '../support/large-world.ts';
import { count, type Question } from './plan-questions.ts';

/** People of an open domain and of another, with few memberships and with very many. */
export async function discoveryQuestions(world: TestDatabase): Promise<Question[]> {
  const people = { 'of an open domain': 9, 'of another domain': 13, 'who is everywhere': 7 };
  const questions: Question[] = [];
  for (const [name, n] of Object.entries(people)) {
    const userId = idOf('user', n);
    const open = await count(
      world,
      `organization WHERE allowed_domains @> (SELECT ARRAY[split_part(email, '@', 2)] FROM "user" WHERE id = $1)`,
      [userId],
    );
    const rows = await world.query<{ id: string }>(
      `SELECT organization_id AS id FROM membership WHERE user_id = $1 AND status = 'ACTIVE'`,
      [userId],
    );
    const own = rows.map(({ id }) => id);
    for (const within of [null, LARGE_WORLD.big]) {
      questions.push({
        name: `what somebody ${name} may enter${within === null ? '' : ' by the single sign-on of one'}`,
        ask: async (loaders) => (await loaders.discovered({ userId, own, within })).length,
        // The person, and each open organization with a few of its members, of whom one vouches.
        most: () => 10 + 2 * own.length + 5 * open,
        mostPages: 50 + 4 * own.length + 10 * open,
      });
    }
  }
  return questions;
}
