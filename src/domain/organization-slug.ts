/** Which slugs are taken, and which one a new organization gets. */
import { DuplicateError } from './errors.ts';
import { encodeId } from './id.ts';
import type { Reader } from './input.ts';
import { isReservedSlug, isSlug, withSuffix } from './slug.ts';
import type { Transaction } from './transaction.ts';

/** Whose a slug is, or was. Ids are uuids. */
export type SlugHolder = { organizationId: string; isCurrent: boolean };

export type SlugRegister = {
  /** Whose it is now or was once: a former slug stays reserved for its organization. */
  holder(slug: string): SlugHolder | undefined;
  take(slug: string, holder: SlugHolder): void;
  /** The slug itself where it is free, else with the first suffix that is. */
  free(slug: string): string;
};

/** With more of the same name, suffixes are random. */
const LAST_NUMBER = 30;

const RANDOM_BYTES = 5;

/** Loads what is known about these slugs, and about their suffixes where they may be needed. */
export async function loadSlugs(tx: Transaction, slugs: string[]): Promise<SlugRegister> {
  const holders = new Map<string, SlugHolder>();
  const load = async (wanted: string[]) => {
    const rows = await tx.db.$queryRaw<(SlugHolder & { slug: string })[]>`
      SELECT organization_slug.slug, organization_id AS "organizationId",
        organization.slug = organization_slug.slug AS "isCurrent"
      FROM organization_slug JOIN organization ON organization.id = organization_id
      WHERE organization_slug.slug = ANY(${wanted}::text[])`;
    for (const { slug, ...holder } of rows) {
      holders.set(slug, holder);
    }
  };
  const once = new Set(slugs);
  await load([...once]);
  const contested = [...once].filter(
    (slug) =>
      holders.has(slug) || isReservedSlug(slug) || slugs.indexOf(slug) !== slugs.lastIndexOf(slug),
  );
  if (contested.length > 0) {
    await load(contested.flatMap(numbered));
  }
  const isFree = (slug: string) => !holders.has(slug) && !isReservedSlug(slug);
  return {
    holder: (slug) => holders.get(slug),
    take: (slug, holder) => {
      holders.set(slug, holder);
    },
    free: (slug) =>
      [slug, ...numbered(slug)].find(isFree) ??
      withSuffix(slug, Buffer.from(tx.randomBytes(RANDOM_BYTES)).toString('hex')),
  };
}

/** Reads a slug that is given, and must be exactly that. */
export function readSlug(read: Reader, given: unknown): string {
  const slug = typeof given === 'string' ? given.trim() : '';
  if (!isSlug(slug)) {
    read.fail('slug', 'must be a lower-case DNS label: letters, digits and hyphens, at most 63');
  } else if (isReservedSlug(slug)) {
    read.fail('slug', 'must not be one that the deployment needs for itself');
  }
  return slug;
}

/** The refusal of a slug that is taken. */
export function duplicateSlug({ organizationId, isCurrent }: SlugHolder): DuplicateError {
  return new DuplicateError(
    'DUPLICATE_SLUG',
    'slug',
    encodeId('org', organizationId),
    isCurrent
      ? 'Another organization has this slug.'
      : 'Another organization had this slug, and keeps it.',
  );
}

function numbered(slug: string): string[] {
  return Array.from({ length: LAST_NUMBER - 1 }, (_, index) => withSuffix(slug, String(index + 2)));
}
