/** The memberships of the principal, which were read together with their rights. */
import type { Accompanied, Companions } from './membership-companions.ts';
import type { MembershipListFilter, MembershipOrderField } from './membership-list.ts';
import type { MembershipRow } from './membership-row.ts';
import { type Needs, suffice } from './needs.ts';
import { once } from './once.ts';
import { cut, type List, type PageArgs } from './page.ts';

/** Whether it is the beginning of the list as it stands there, of which no more is shown than was read. */
export function isBeginning(
  { searchesAddresses, ...conditions }: MembershipListFilter,
  { field, descending, backward, after, before }: PageArgs<MembershipOrderField>,
  needs: Needs,
): boolean {
  return (
    Object.values(conditions).every((condition) => condition == null) &&
    field === 'CREATED_AT' &&
    !(descending || backward || after || before || needs.places) &&
    (['membership', 'organization', 'role'] as const).every((table) => suffice(table, needs))
  );
}

/** Makes that list of what is `known`: all memberships, oldest first, each once for each of its roles. */
export function ownMemberships(
  known: readonly Accompanied[],
  args: PageArgs<MembershipOrderField>,
  companions: Companions,
): List<MembershipRow> {
  const listed = once(() =>
    companions.itemsOf(known.filter(({ membership }) => membership.status !== 'REMOVED')),
  );
  return {
    page: async () => cut(listed(), args),
    totalCount: async () => listed().length,
  };
}
