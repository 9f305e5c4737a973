/** Questions about memberships that are searched for. */
import type { MembershipListFilter } from '../../src/loaders/membership-list.ts';
import type { TestDatabase } from '../support/database.ts';
import { membershipQuestions, overdueIn } from './membership-questions.ts';
import { count, MOST_PAGES, type Question, SIZE } from './plan-questions.ts';

/** Rows that are looked at before the index is asked, where the walk along the list finds next to nothing. */
const SAMPLE = 100;

/** Rows that are looked at where it finds something, but not enough: thirty for each of a page, and one more. */
const WALKED = 30 * (SIZE + 1);

/** What many have, `oneIn` so many, in the order of each list that is asked for. */
export async function frequentQuestions(
  world: TestDatabase,
  organization: string,
  filter: MembershipListFilter,
  oneIn: number,
): Promise<Question[]> {
  // What is overdue is found at once, and a holder of a role from two sources stands there twice.
  const overdue = filter.status ? await overdueIn(world, organization) : 0;
  const rows = filter.roleId || filter.roleKey ? 3 : 1;
  return membershipQuestions(world, organization, [{ searchesAddresses: true, ...filter }], {
    most: (returned) => (2 * oneIn + 1) * rows * (returned + 1) + overdue,
    mostPages: MOST_PAGES * rows,
  });
}

/** What few or none have: the `condition` on a `value`. `isNear`: it stands together, so the walk may meet some of it. */
export async function rareQuestions(
  world: TestDatabase,
  organization: string,
  filter: MembershipListFilter,
  { condition, value, isNear = false }: { condition: string; value: string; isNear?: boolean },
): Promise<Question[]> {
  const from = `membership WHERE organization_id = $1 AND ${condition}`;
  const matches = await count(world, from, [organization, value]);
  return membershipQuestions(world, organization, [{ searchesAddresses: true, ...filter }], {
    most: (returned) => (isNear ? WALKED : SAMPLE) + matches + returned + 1,
    mostPages: MOST_PAGES + matches,
  });
}
