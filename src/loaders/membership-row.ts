/** Memberships as they are read. */
import type { RawBuilder } from 'kysely';
import type { Membership } from '../db/generated/prisma/client.ts';
import { type RowOf, rowOf } from '../db/tables.ts';
import { fieldsOf, type Needs } from './needs.ts';

export type MembershipRow = RowOf<Membership>;

/** A membership as it is now, nested in the rows of the statement: what is overdue has happened at its deadline, whether or not it is settled yet. */
export function membershipColumns(alias: string, needs: Needs): RawBuilder<unknown> {
  const overdue = `${alias}.status_deadline <= now()`;
  const computed = {
    status: `membership_status_at(${alias}.status, ${alias}.status_deadline, now())`,
    statusChangedAt: `CASE WHEN ${overdue} THEN ${alias}.status_deadline ELSE ${alias}.status_changed_at END`,
    statusReason: `CASE WHEN ${overdue} THEN NULL ELSE ${alias}.status_reason END`,
    statusDeadline: `CASE WHEN ${overdue} THEN NULL ELSE ${alias}.status_deadline END`,
  };
  return rowOf('membership', alias, {
    computed,
    only: fieldsOf('membership', needs),
    isNested: true,
  });
}
