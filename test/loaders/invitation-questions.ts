/** Questions about invitations and keys of the big organization. */
import { NIL_UUID } from '../../src/domain/id.ts';
import type { TestDatabase } from '../support/database.ts';
import { LARGE_WORLD } from '../support/large-world.ts';
import {
  count,
  MOST_READS,
  middleOf,
  nameOf,
  pages,
  type Question,
  size,
} from './plan-questions.ts';

const { big } = LARGE_WORLD;

/** Their pages, for every status and for searches. */
export async function invitationQuestions(world: TestDatabase): Promise<Question[]> {
  const questions: Question[] = [];
  const ofBig = `organization_id = '${big}'`;
  const overdue = await count(
    world,
    `invitation WHERE ${ofBig} AND status = 'PENDING' AND expires_at <= now()`,
  );
  const deep = await middleOf(world, `invitation WHERE ${ofBig}`, 'created_at');
  const deepKey = await middleOf(world, `api_key WHERE ${ofBig}`, 'created_at');
  const every = ['PENDING', 'ACCEPTED', 'DECLINED', 'REVOKED', 'EXPIRED'] as const;
  for (const args of pages('CREATED_AT', deep)) {
    questions.push({
      name: nameOf('invitations', args),
      ask: (loaders) => size(loaders.invitationsOf(big, {}, args)),
    });
    for (const status of [...every.map((one) => [one]), [...every]]) {
      questions.push({
        name: nameOf(`invitations ${status}`, args),
        ask: (loaders) => size(loaders.invitationsOf(big, { status }, args)),
        most: (returned) => MOST_READS * returned + 3 * overdue,
      });
    }
    for (const search of ['zebra', 'person-1234']) {
      const matches = await count(
        world,
        `invitation WHERE ${ofBig} AND search_text LIKE '%${search}%'`,
      );
      questions.push({
        name: nameOf(`invitations ${search}`, args),
        ask: (loaders) => size(loaders.invitationsOf(big, { search }, args)),
        most: () => matches,
      });
    }
  }
  for (const args of pages('CREATED_AT', deepKey)) {
    for (const scope of [big, NIL_UUID]) {
      questions.push({
        name: nameOf(`keys of ${scope}`, args),
        ask: (loaders) => size(loaders.apiKeysOf(scope, args)),
      });
    }
  }
  return questions;
}
