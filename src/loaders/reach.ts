/** Where a caller meets users. */
import { can, organizationsWhere } from '../domain/permission.ts';
import type { Principal } from '../domain/principal.ts';

/** The organizations (uuids) whose memberships the caller sees, and those where they see the details. Null: all. */
export type Reach = { seen: string[] | null; detailed: string[] | null };

/** Where the caller meets users; null for those who may read all of them. */
export function reachOf(principal: Principal): Reach | null {
  return can(principal, 'user:read')
    ? null
    : {
        seen: organizationsWhere(principal, 'membership:read'),
        detailed: organizationsWhere(principal, 'membership:read', 'membership:readDetails'),
      };
}

/** Whether the caller sees the memberships of the organization (uuid) with their details. */
export function isWithin(reach: Reach | null, organizationId: string): boolean {
  return (
    reach === null ||
    [reach.seen, reach.detailed].every((some) => some === null || some.includes(organizationId))
  );
}
