/** The deletion of an organization, which erases everything that was known about it. */
import { ConflictError, InputError } from './errors.ts';
import { flushEvents } from './event-flush.ts';
import { loadOrganization } from './organization-record.ts';
import type { Transaction } from './transaction.ts';

export type OrganizationDeletion = {
  /** uuid */
  organizationId: string;
  /** Must be the slug that it has now. */
  confirmSlug: string;
  expectedVersion?: number | null;
};

/**
 * Deletes an organization, which is locked, with all that hangs on it: memberships, invitations, roles, keys, slugs.
 * Its users stay. Of its events stay ids, types, times and causes, and the last one tells of the deletion.
 *
 * @throws NotFoundError, ConflictError, InputError
 */
export async function deleteOrganization(
  tx: Transaction,
  { organizationId: id, confirmSlug, expectedVersion }: OrganizationDeletion,
): Promise<void> {
  const { profile, version } = await loadOrganization(tx, id);
  if (expectedVersion != null && expectedVersion !== version) {
    throw new ConflictError(version);
  }
  if (confirmSlug !== profile.slug) {
    throw new InputError([
      { path: ['confirmSlug'], message: 'must be the slug of the organization' },
    ]);
  }
  await uncountMembers(tx, id);
  tx.append({ type: 'ORGANIZATION_DELETED', cause: 'DELETED', organizationId: id });
  // Numbered in the organization, so before it goes.
  await flushEvents(tx);
  await tx.db.$executeRaw`
    DELETE FROM event_detail USING event
    WHERE event.id = event_detail.event_id AND event.organization_id = ${id}::uuid`;
  // Before its roles, which they hold.
  await tx.db.$executeRaw`DELETE FROM membership WHERE organization_id = ${id}::uuid`;
  await tx.db.$executeRaw`DELETE FROM organization WHERE id = ${id}::uuid`;
}

/** Takes the memberships out of the counts of their users, who are locked in the order of their ids. */
async function uncountMembers(tx: Transaction, organizationId: string): Promise<void> {
  await tx.db.$executeRaw`
    WITH counted AS (
      SELECT "user".id
      FROM membership JOIN "user" ON "user".id = user_id
      WHERE organization_id = ${organizationId}::uuid AND status <> 'REMOVED'
      ORDER BY "user".id FOR NO KEY UPDATE OF "user"
    )
    UPDATE "user" SET membership_count = membership_count - 1 FROM counted WHERE "user".id = counted.id`;
}
