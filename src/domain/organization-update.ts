/** Changes of an organization: what it is called, what the product keeps with it, what it has decided. */
import { changesBetween } from './change.ts';
import { defaultRoleIds, demandToHoldDefaults } from './default-role.ts';
import { ConflictError, InputError } from './errors.ts';
import { encodeId } from './id.ts';
import { type Reader, readInput, refuseNulls } from './input.ts';
import { type JsonObject, mergeMetadata } from './metadata.ts';
import {
  loadOrganization,
  type OrganizationProfile,
  type OrganizationRecord,
  saveOrganization,
} from './organization-record.ts';
import { MAX_SEATS } from './organization-rules.ts';
import {
  demandWayIn,
  type OrganizationSettings,
  type OrganizationSettingsInput,
  readSettings,
} from './organization-settings.ts';
import { duplicateSlug, loadSlugs, readSlug } from './organization-slug.ts';
import { duplicateExternalId, loadExternalIds } from './organization-store.ts';
import { loadRoles, type RoleBook } from './role.ts';
import type { Transaction } from './transaction.ts';

/** Absent leaves. Null clears the logo, the external id, the metadata, the limit of seats and a role. */
export type OrganizationChanges = {
  displayName?: string | null;
  slug?: string | null;
  logoUrl?: string | null;
  externalId?: string | null;
  metadata?: Record<string, unknown> | null;
  seatLimit?: number | null;
  settings?: OrganizationSettingsInput | null;
};

/** The settings that cannot be cleared. */
const KEPT_SETTINGS = [
  'emailInvites',
  'emailJitProvisioning',
  'allowedDomains',
  'authMethods',
  'allowedAuthMethods',
  'mfaPolicy',
] as const satisfies (keyof OrganizationSettings)[];

/**
 * Changes an organization (uuid), which is locked. A limit below the seats that are taken throws nobody out. A former
 * slug stays with the organization, and can be taken back.
 *
 * @throws NotFoundError, ConflictError, InputError, DuplicateError, RoleTooHighError
 */
export async function updateOrganization(
  tx: Transaction,
  id: string,
  input: OrganizationChanges & { expectedVersion?: number | null },
): Promise<void> {
  const before = await loadOrganization(tx, id);
  if (input.expectedVersion != null && input.expectedVersion !== before.version) {
    throw new ConflictError(before.version);
  }
  const roles = await loadRoles(tx, [id], [], defaultRoleIds(input.settings ?? {}));
  const after = readInput((read) => readChanges(read, id, input, before, roles));
  if (after instanceof InputError) {
    throw after;
  }
  const changes = changesBetween(before.profile, after.profile);
  const settingsChanges = changesBetween(told(before.settings), told(after.settings));
  if (changes.length === 0 && settingsChanges.length === 0) {
    return;
  }
  if (settingsChanges.length > 0) {
    demandWayIn(tx.principal, id, after.settings);
  }
  await demandToHoldDefaults(tx, before.settings, after.settings, id);
  await claimExternalId(tx, before.profile, after.profile);
  await claimSlug(tx, id, before.profile, after.profile);
  await saveOrganization(tx, id, after);
  if (changes.length > 0) {
    tx.append({
      type: 'ORGANIZATION_UPDATED',
      cause: 'UPDATED',
      organizationId: id,
      detail: { changes },
    });
  }
  if (settingsChanges.length > 0) {
    tx.append({
      type: 'ORGANIZATION_SETTINGS_CHANGED',
      cause: 'SETTINGS_CHANGED',
      organizationId: id,
      detail: { changes: settingsChanges },
    });
  }
}

function readChanges(
  read: Reader,
  id: string,
  input: OrganizationChanges,
  { profile, settings, version }: OrganizationRecord,
  roles: RoleBook,
): OrganizationRecord {
  if (input.settings === null) {
    read.fail('settings', 'must not be null');
  }
  refuseNulls(read, input.settings ?? {}, KEPT_SETTINGS, ['settings']);
  const given = <Value>(value: unknown, current: Value, readIt: () => Value): Value =>
    value === undefined ? current : readIt();
  return {
    profile: {
      displayName: given(input.displayName, profile.displayName, () =>
        read.requiredText('displayName', input.displayName, 200),
      ),
      slug: given(input.slug, profile.slug, () => readSlug(read, input.slug)),
      logoUrl: given(input.logoUrl, profile.logoUrl, () => read.url('logoUrl', input.logoUrl)),
      externalId: given(input.externalId, profile.externalId, () =>
        read.text('externalId', input.externalId, 255),
      ),
      metadata: given(input.metadata, profile.metadata, () =>
        mergeInto(read, profile.metadata, input.metadata),
      ),
      seatLimit: given(input.seatLimit, profile.seatLimit, () =>
        read.integer('seatLimit', input.seatLimit, 0, MAX_SEATS),
      ),
    },
    settings: readSettings(read, input.settings ?? {}, settings, (role) => roles.byId(id, role)),
    version,
  };
}

function mergeInto(
  read: Reader,
  current: JsonObject,
  patch: Record<string, unknown> | null | undefined,
): JsonObject {
  const merged = patch == null ? {} : mergeMetadata(current, patch);
  if (typeof merged !== 'string') {
    return merged;
  }
  read.fail('metadata', `${merged}, with what is there already`);
  return current;
}

/** Settings as events tell them. */
function told({ creatorRoleId, memberRoleId, ...settings }: OrganizationSettings) {
  const publicId = (id: string | null) => (id === null ? null : encodeId('rol', id));
  return {
    ...settings,
    creatorRoleId: publicId(creatorRoleId),
    memberRoleId: publicId(memberRoleId),
  };
}

async function claimExternalId(
  tx: Transaction,
  before: OrganizationProfile,
  after: OrganizationProfile,
): Promise<void> {
  const { externalId } = after;
  if (externalId === null || externalId === before.externalId) {
    return;
  }
  const holder = (await loadExternalIds(tx, [after])).get(externalId);
  if (holder !== undefined) {
    throw duplicateExternalId(holder);
  }
}

async function claimSlug(
  tx: Transaction,
  id: string,
  before: OrganizationProfile,
  { slug }: OrganizationProfile,
): Promise<void> {
  if (slug === before.slug) {
    return;
  }
  const holder = (await loadSlugs(tx, [slug])).holder(slug);
  if (holder === undefined) {
    await tx.db.$executeRaw`
      INSERT INTO organization_slug (slug, organization_id, created_at)
      VALUES (${slug}, ${id}::uuid, ${tx.now.toISOString()}::timestamptz)`;
  } else if (holder.organizationId !== id) {
    throw duplicateSlug(holder);
  }
}
