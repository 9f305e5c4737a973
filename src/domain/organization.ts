/** New organizations: many at once, of which one is a set of one. */
import type {
  AuthMethod,
  AuthMethodRule,
  EmailInvites,
  JitProvisioning,
  MfaPolicy,
} from '../db/generated/prisma/enums.ts';
import { normalizeDomain } from './email.ts';
import { DuplicateError } from './errors.ts';
import { encodeId } from './id.ts';
import { type Reader, readRow } from './input.ts';
import type { JsonObject } from './metadata.ts';
import { loadSlugs, type SlugRegister } from './organization-slug.ts';
import {
  insertOrganizations,
  loadExternalIds,
  type OrganizationDraft,
} from './organization-store.ts';
import { type Done, type Outcome, refused } from './outcome.ts';
import { isReservedSlug, isSlug, toSlug } from './slug.ts';
import type { Transaction } from './transaction.ts';

export type OrganizationSettingsInput = {
  emailInvites?: EmailInvites;
  emailJitProvisioning?: JitProvisioning;
  allowedDomains?: string[];
  authMethods?: AuthMethodRule;
  allowedAuthMethods?: AuthMethod[];
  mfaPolicy?: MfaPolicy;
};

/** Null and absent are the same: this is about new organizations. */
export type OrganizationInput = {
  displayName: string;
  slug?: string | null;
  externalId?: string | null;
  metadata?: JsonObject | null;
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

const MAX_ALLOWED_DOMAINS = 100;
const MAX_SEATS = 2_147_483_647;

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
  const drafts = rows.map((row) => readRow((read) => readOrganization(read, row, convertSlug)));
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
    return existing === 'unchanged'
      ? known
      : new DuplicateError(
          'DUPLICATE_EXTERNAL_ID',
          'externalId',
          encodeId('org', known),
          'Another organization has this external id.',
        );
  }
  const holder = slugFrom === 'name' ? undefined : slugs.holder(slug);
  if (holder === undefined) {
    return null;
  }
  if (existing === 'unchanged' && externalId === null && holder.isCurrent) {
    return holder.organizationId;
  }
  return slugFrom === 'converted'
    ? null
    : new DuplicateError(
        'DUPLICATE_SLUG',
        'slug',
        encodeId('org', holder.organizationId),
        holder.isCurrent
          ? 'Another organization has this slug.'
          : 'Another organization had this slug, and keeps it.',
      );
}

/** Reads a row. `convertSlug`: a slug that is none is made one, instead of being refused. */
function readOrganization(
  read: Reader,
  row: OrganizationInput,
  convertSlug: boolean,
): OrganizationDraft {
  const displayName = read.requiredText('displayName', row.displayName, 200);
  return {
    displayName,
    ...readSlug(read, row, displayName, convertSlug),
    externalId: read.text('externalId', row.externalId, 255),
    metadata: read.metadata('metadata', row.metadata),
    logoUrl: read.url('logoUrl', row.logoUrl),
    settings: readSettings(read, row.settings ?? {}),
    seatLimit: read.integer('seatLimit', row.seatLimit, 0, MAX_SEATS),
  };
}

function readSlug(
  read: Reader,
  row: OrganizationInput,
  displayName: string,
  convert: boolean,
): Pick<OrganizationDraft, 'slug' | 'slugFrom'> {
  const slug = read.text('slug', row.slug, 255);
  if (slug === null) {
    return { slug: toSlug(displayName), slugFrom: 'name' };
  }
  if (isSlug(slug) && !isReservedSlug(slug)) {
    return { slug, slugFrom: 'given' };
  }
  if (!convert) {
    read.fail(
      'slug',
      isSlug(slug)
        ? 'must not be one that the deployment needs for itself'
        : 'must be a lower-case DNS label: letters, digits and hyphens, at most 63',
    );
  }
  return { slug: toSlug(slug), slugFrom: 'converted' };
}

function readSettings(
  read: Reader,
  settings: OrganizationSettingsInput,
): Required<OrganizationSettingsInput> {
  const { authMethods = 'ALL_ALLOWED', allowedAuthMethods = [] } = settings;
  if (authMethods === 'RESTRICTED' && allowedAuthMethods.length === 0) {
    read.fail(
      ['settings', 'allowedAuthMethods'],
      'must name a method where methods are restricted',
    );
  }
  const domains = (settings.allowedDomains ?? []).map((domain, index) => {
    const normal = normalizeDomain(domain);
    if (normal === null) {
      read.fail(['settings', 'allowedDomains', String(index)], 'must be a mail domain');
    }
    return normal ?? '';
  });
  if (domains.length > MAX_ALLOWED_DOMAINS) {
    read.fail(['settings', 'allowedDomains'], `must be at most ${MAX_ALLOWED_DOMAINS}`);
  }
  return {
    emailInvites: settings.emailInvites ?? 'ALL_ALLOWED',
    emailJitProvisioning: settings.emailJitProvisioning ?? 'NOT_ALLOWED',
    allowedDomains: [...new Set(domains)],
    authMethods,
    allowedAuthMethods: [...new Set(allowedAuthMethods)],
    mfaPolicy: settings.mfaPolicy ?? 'OPTIONAL',
  };
}
