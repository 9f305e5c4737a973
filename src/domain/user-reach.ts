/** Who sees a user because of an organization that both are in. */
import type { Prisma } from '../db/generated/prisma/client.ts';
import { organizationsWhere } from './permission.ts';
import type { Principal } from './principal.ts';

/** Whether the user (uuid) has a membership in an organization whose memberships the caller sees. */
export async function sharesOrganization(
  db: Pick<Prisma.TransactionClient, '$queryRaw'>,
  principal: Principal,
  userId: string,
): Promise<boolean> {
  const organizationIds = organizationsWhere(principal, 'membership:read');
  if (organizationIds?.length === 0) {
    return false;
  }
  const rows = await db.$queryRaw<unknown[]>`
    SELECT FROM membership
    WHERE user_id = ${userId}::uuid
      AND (${organizationIds}::uuid[] IS NULL OR organization_id = ANY(${organizationIds}::uuid[])) LIMIT 1`;
  return rows.length > 0;
}
