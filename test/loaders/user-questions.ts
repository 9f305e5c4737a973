/** Questions about users. */
import type { TestDatabase } from '../support/database.ts';
import {
  count,
  entriesOf,
  MOST_PAGES,
  MOST_READS,
  middleOf,
  nameOf,
  pages,
  type Question,
  size,
} from './plan-questions.ts';

const userKeys = { CREATED_AT: 'created_at', NAME: 'name_key', EMAIL: 'email' };

/** Pages of users in every order, for each filter but searches. */
export async function userQuestions(world: TestDatabase): Promise<Question[]> {
  const questions: Question[] = [];
  for (const [field, key] of entriesOf(userKeys)) {
    const deep = await middleOf(world, '"user" WHERE NOT invited_only', key);
    for (const args of pages(field, deep)) {
      questions.push({
        name: nameOf('users', args),
        ask: (loaders) => size(loaders.users.list({}, args)),
      });
    }
    for (const filter of [
      { withoutMemberships: true },
      { emailDomain: 'large.example' },
      { emailDomain: 'nowhere.example' },
    ]) {
      const condition =
        'emailDomain' in filter
          ? `split_part(email, '@', 2) = '${filter.emailDomain}'`
          : 'membership_count = 0';
      const matches = await count(world, `"user" WHERE NOT invited_only AND ${condition}`);
      for (const args of pages(field, deep)) {
        questions.push({
          name: nameOf(`users ${JSON.stringify(filter)}`, args),
          ask: (loaders) => size(loaders.users.list(filter, args)),
          most: (returned) => (field === 'CREATED_AT' ? MOST_READS * returned : matches),
          mostPages: field === 'CREATED_AT' ? MOST_PAGES : MOST_PAGES + matches,
        });
      }
    }
  }
  return questions;
}

/** Pages of what searches and metadata find, in every order. */
export async function userSearchQuestions(world: TestDatabase): Promise<Question[]> {
  const questions: Question[] = [];
  for (const [search, metadata] of [
    ['zebra', null],
    ['guest-5', null],
    ['person-1234', null],
    ['person-1234', { team: 1 }],
    [null, { team: 77 }],
  ] as const) {
    const matches = await count(
      world,
      `"user" WHERE NOT invited_only AND search_text LIKE $1 AND metadata @> $2::jsonb`,
      [`%${search ?? ''}%`, JSON.stringify(metadata ?? {})],
    );
    for (const [field, key] of entriesOf(userKeys)) {
      const deep = await middleOf(world, '"user" WHERE NOT invited_only', key);
      for (const args of pages(field, deep)) {
        questions.push({
          name: nameOf(`users ${search} ${JSON.stringify(metadata)}`, args),
          ask: (loaders) => size(loaders.users.list({ search, metadata }, args)),
          most: () => matches,
        });
      }
    }
  }
  return questions;
}
