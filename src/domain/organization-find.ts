/** Organizations by whatever they are called. */
import type { Prisma } from '../db/generated/prisma/client.ts';
import { isStorableText } from './text.ts';

/** Exactly one of them: the uuid, a slug in any case, former ones too, or the external id. */
export type OrganizationNames = {
  id?: string | null;
  slug?: string | null;
  externalId?: string | null;
};

/** The uuid of the organization, or null when there is none. It may be gone before its lock is had. */
export async function findOrganizationId(
  db: Pick<Prisma.TransactionClient, '$queryRaw'>,
  { id, slug, externalId }: OrganizationNames,
): Promise<string | null> {
  if (![slug ?? '', externalId ?? ''].every(isStorableText)) {
    return null;
  }
  const rows =
    slug == null
      ? await db.$queryRaw<{ id: string }[]>`
          SELECT id FROM organization WHERE id = ${id ?? null}::uuid OR external_id = ${externalId ?? null}`
      : await db.$queryRaw<{ id: string }[]>`
          SELECT organization_id AS id FROM organization_slug WHERE slug = ${slug.toLowerCase()}`;
  return rows[0]?.id ?? null;
}
