/** One organization in memory while an act works on it. */
import { NotFoundError } from './errors.ts';
import { assertLocked } from './lock.ts';
import type { JsonObject } from './metadata.ts';
import type { OrganizationSettings } from './organization-settings.ts';
import { organizationKeys } from './organization-store.ts';
import type { Transaction } from './transaction.ts';

/** What is told about an organization besides its settings. */
export type OrganizationProfile = {
  displayName: string;
  slug: string;
  logoUrl: string | null;
  externalId: string | null;
  metadata: JsonObject;
  seatLimit: number | null;
};

export type OrganizationRecord = {
  profile: OrganizationProfile;
  settings: OrganizationSettings;
  version: number;
};

type Row = OrganizationProfile & OrganizationSettings & { version: number };

/**
 * Loads an organization (uuid), which is locked.
 *
 * @throws NotFoundError
 */
export async function loadOrganization(tx: Transaction, id: string): Promise<OrganizationRecord> {
  assertLocked(tx.locked, [id]);
  const rows = await tx.db.$queryRaw<Row[]>`
    SELECT display_name AS "displayName", slug, logo_url AS "logoUrl", external_id AS "externalId", metadata,
      seat_limit AS "seatLimit", email_invites AS "emailInvites", email_jit_provisioning AS "emailJitProvisioning",
      allowed_domains AS "allowedDomains", auth_methods AS "authMethods",
      allowed_auth_methods::text[] AS "allowedAuthMethods", mfa_policy AS "mfaPolicy",
      creator_role_id AS "creatorRoleId", member_role_id AS "memberRoleId", version
    FROM organization WHERE id = ${id}::uuid`;
  const [row] = rows;
  if (row === undefined) {
    throw new NotFoundError('organization');
  }
  const { displayName, slug, logoUrl, externalId, metadata, seatLimit, version, ...settings } = row;
  return {
    profile: { displayName, slug, logoUrl, externalId, metadata, seatLimit },
    settings,
    version,
  };
}

/** Writes what an act made of an organization (uuid): its version grows by one. */
export async function saveOrganization(
  tx: Transaction,
  id: string,
  { profile, settings }: OrganizationRecord,
): Promise<void> {
  const { nameKey, searchText } = organizationKeys(profile);
  const row = { ...profile, ...settings, nameKey, searchText };
  await tx.db.$executeRaw`
    UPDATE organization SET display_name = input."displayName", slug = input.slug, logo_url = input."logoUrl",
      external_id = input."externalId", metadata = input.metadata, seat_limit = input."seatLimit",
      email_invites = input."emailInvites", email_jit_provisioning = input."emailJitProvisioning",
      allowed_domains = input."allowedDomains", auth_methods = input."authMethods",
      allowed_auth_methods = input."allowedAuthMethods", mfa_policy = input."mfaPolicy",
      creator_role_id = input."creatorRoleId",
      creator_role_scope_id = (SELECT scope_id FROM role WHERE role.id = input."creatorRoleId"),
      member_role_id = input."memberRoleId",
      member_role_scope_id = (SELECT scope_id FROM role WHERE role.id = input."memberRoleId"),
      name_key = input."nameKey", search_text = input."searchText", version = version + 1,
      updated_at = ${tx.now.toISOString()}::timestamptz
    FROM jsonb_to_record(${JSON.stringify(row)}::jsonb) AS input(
      "displayName" text, slug text, "logoUrl" text, "externalId" text, metadata jsonb, "seatLimit" int,
      "emailInvites" email_invites, "emailJitProvisioning" jit_provisioning, "allowedDomains" text[],
      "authMethods" auth_method_rule, "allowedAuthMethods" auth_method[], "mfaPolicy" mfa_policy,
      "creatorRoleId" uuid, "memberRoleId" uuid, "nameKey" text, "searchText" text)
    WHERE organization.id = ${id}::uuid`;
}
