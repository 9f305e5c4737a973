/** New organizations: many at once, of which one is a set of one. */
import { defaultRoleIds } from './default-role.ts';
import { DuplicateError } from './errors.ts';
import { NIL_UUID } from './id.ts';
import { type Reader, readRow } from './input.ts';
import { MAX_SEATS } from './organization-rules.ts';
import {
  DEFAULT_SETTINGS,
  type OrganizationSettingsInput,
  readSettings,
} from './organization-settings.ts';
import { duplicateSlug, loadSlugs, readSlug, type SlugRegister } from './organization-slug.ts';
import {
  duplicateExternalId,
  insertOrganizations,
  loadExternalIds,
  type OrganizationDraft,
} from './organization-store.ts';
import { type Done, type Outcome, refused } from './outcome.ts';
import { loadRoles, type RoleBook } from './role.ts';
import { isReservedSlug, isSlug, toSlug } from './slug.ts';
import type { Transaction } from './transaction.ts';

/** Null and absent are the same: this is about new organizations. */
export type OrganizationInput = {
  displayName: string;
  slug?: string | null;
  externalId?: string | null;
  metadata?: Record<string, unknown> | null;
  logoUrl?: string | null;
  settings?: OrganizationSettingsInput | null;
  seatLimit?: number | null;
};

export type AddOrganizationsOptions = {
  act: 'create' | 'import';
  /** What a row is that names an organization that is there already. @default 'refuse' */
  existing?: 'refuse' | 'unchanged';
  /** Whether a slug that is no DNS label is made one, with a note. @default false */
  convertSlug?: boolean;
};

/**
 * Creates organizations, each with its event and with a slug derived from its name where none is given. The outcomes
 * are in the order of the rows; a refused row (InputError, DuplicateError) stops no other. With `existing: 'unchanged'`
 * an organization is known by its external id, or, in a row without one, by its slug.
 */
export async function addOrganizations(
  tx: Transaction,
  rows: OrganizationInput[],
  options: AddOrganizationsOptions,
): Promise<Outcome[]> {
  const { act, existing = 'refuse', convertSlug = false } = options;
  // What is new has no roles of its own yet.
  const roles = await loadRoles(
    tx,
    [],
    [],
    rows.flatMap(({ settings }) => defaultRoleIds(settings ?? {})),
  );
  const drafts = rows.map((row) =>
    readRow((read) => readOrganization(read, row, roles, convertSlug)),
  );
  const valid = drafts.filter((draft) => 'slug' in draft);
  const slugs = await loadSlugs(
    tx,
    valid.map(({ slug }) => slug),
  );
  const externalIds = await loadExternalIds(tx, valid);
  const created: (OrganizationDraft & { id: string })[] = [];
  const outcomes = drafts.map((draft): Outcome => {
    if ('outcome' in draft) {
      return draft;
    }
    const present = findPresent(draft, slugs, externalIds, existing);
    if (present instanceof DuplicateError) {
      return refused(present);
    }
    if (present !== null) {
      return { outcome: 'unchanged', id: present };
    }
    const organization = { ...draft, id: tx.newId(), slug: slugs.free(draft.slug) };
    const { id, slug, externalId } = organization;
    slugs.take(slug, { organizationId: id, isCurrent: true });
    if (externalId !== null) {
      externalIds.set(externalId, id);
    }
    created.push(organization);
    tx.locked.add(id);
    tx.append({
      type: 'ORGANIZATION_CREATED',
      cause: act === 'import' ? 'IMPORTED' : 'CREATED',
      organizationId: id,
    });
    const notes = draft.slugFrom === 'converted' ? [`The slug was made "${slug}".`] : undefined;
    return { outcome: 'created', id, ...(notes && { notes }) } satisfies Done;
  });
  if (created.length > 0) {
    await insertOrganizations(tx, created);
  }
  return outcomes;
}

/** The organization (uuid) that the row means, or what it collides with; null when it is new. */
function findPresent(
  { slug, slugFrom, externalId }: OrganizationDraft,
  slugs: SlugRegister,
  externalIds: Map<string, string>,
  existing: 'refuse' | 'unchanged',
): string | DuplicateError | null {
  const known = externalId === null ? undefined : externalIds.get(externalId);
  if (known !== undefined) {
    return existing === 'unchanged' ? known : duplicateExternalId(known);
  }
  const holder = slugFrom === 'name' ? undefined : slugs.holder(slug);
  if (holder === undefined) {
    return null;
  }
  if (existing === 'unchanged' && externalId === null && holder.isCurrent) {
    return holder.organizationId;
  }
  return slugFrom === 'converted' ? null : duplicateSlug(holder);
}

/** Reads a row. `convertSlug`: a slug that is none is made one, instead of being refused. */
function readOrganization(
  read: Reader,
  row: OrganizationInput,
  roles: RoleBook,
  convertSlug: boolean,
): OrganizationDraft {
  const displayName = read.requiredText('displayName', row.displayName, 200);
  return {
    displayName,
    ...chooseSlug(read, row, displayName, convertSlug),
    externalId: read.text('externalId', row.externalId, 255),
    metadata: read.metadata('metadata', row.metadata),
    logoUrl: read.url('logoUrl', row.logoUrl),
    settings: readSettings(read, row.settings ?? {}, DEFAULT_SETTINGS, (id) =>
      roles.byId(NIL_UUID, id),
    ),
    seatLimit: read.integer('seatLimit', row.seatLimit, 0, MAX_SEATS),
  };
}

function chooseSlug(
  read: Reader,
  row: OrganizationInput,
  displayName: string,
  convert: boolean,
): Pick<OrganizationDraft, 'slug' | 'slugFrom'> {
  if (row.slug == null) {
    return { slug: toSlug(displayName), slugFrom: 'name' };
  }
  if (!convert) {
    return { slug: readSlug(read, row.slug), slugFrom: 'given' };
  }
  const slug = read.text('slug', row.slug, 255) ?? '';
  return isSlug(slug) && !isReservedSlug(slug)
    ? { slug, slugFrom: 'given' }
    : { slug: toSlug(slug), slugFrom: 'converted' };
}
