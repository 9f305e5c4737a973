/** Questions about memberships. */
import type { MembershipListFilter } from '../../src/loaders/membership-list.ts';
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

const membershipKeys = {
  CREATED_AT: 'created_at',
  JOINED_AT: `coalesce(joined_at, 'infinity')`,
  NAME: 'name_key',
  EMAIL: 'email_key',
};

/** Pages of an organization's members in every order, for each filter. */
export async function membershipQuestions(
  world: TestDatabase,
  organization: string,
  filters: MembershipListFilter[],
  more: Partial<Question> = {},
): Promise<Question[]> {
  const questions: Question[] = [];
  for (const [field, key] of entriesOf(membershipKeys)) {
    const listed = `membership WHERE organization_id = '${organization}' AND status <> 'REMOVED'`;
    const deep = await middleOf(world, listed, key);
    for (const filter of filters) {
      for (const args of pages(field, deep)) {
        questions.push({
          name: nameOf(`${organization} ${JSON.stringify(filter)}`, args),
          ask: (loaders) => size(loaders.membershipsOf('organization', organization, filter, args)),
          ...more,
        });
      }
    }
  }
  return questions;
}

/** Memberships of an organization whose deadline has passed, and which nothing has settled yet. */
export function overdueIn(world: TestDatabase, organization: string): Promise<number> {
  return count(world, 'membership WHERE organization_id = $1 AND status_deadline <= now()', [
    organization,
  ]);
}

/** Pages of a person's memberships in every order. A person is in few organizations: but for the usual order, theirs are
 * all read and sorted. */
export async function questionsOfPerson(world: TestDatabase, user: string): Promise<Question[]> {
  const questions: Question[] = [];
  const all = await count(world, 'membership WHERE user_id = $1', [user]);
  for (const [field, key] of entriesOf(membershipKeys)) {
    const deep = await middleOf(world, `membership WHERE user_id = '${user}'`, key);
    for (const filter of [
      {},
      { status: ['ACTIVE' as const] },
      { status: ['REMOVED' as const] },
      { roleKey: 'member' },
      { search: 'person' },
    ]) {
      for (const args of pages(field, deep)) {
        const inOrder = field === 'CREATED_AT' && Object.keys(filter).length === 0;
        questions.push({
          name: nameOf(`${user} ${JSON.stringify(filter)}`, args),
          ask: (loaders) => size(loaders.membershipsOf('user', user, filter, args)),
          most: (returned) => (inOrder ? MOST_READS * returned : 4 * all),
          mostPages: inOrder ? MOST_PAGES : MOST_PAGES + 12 * all,
        });
      }
    }
  }
  return questions;
}
