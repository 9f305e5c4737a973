/** Organizations on their way into the database. */
import { DuplicateError } from './errors.ts';
import { encodeId, NIL_UUID } from './id.ts';
import type { JsonObject } from './metadata.ts';
import type { OrganizationSettings } from './organization-settings.ts';
import { foldText } from './text.ts';
import type { Transaction } from './transaction.ts';

/** A row that is valid in itself. */
export type OrganizationDraft = {
  displayName: string;
  slug: string;
  /** How the slug came about: `given` must be exactly that, the others may get a suffix. */
  slugFrom: 'given' | 'converted' | 'name';
  externalId: string | null;
  metadata: JsonObject;
  logoUrl: string | null;
  /** Its roles are the environment's. */
  settings: OrganizationSettings;
  seatLimit: number | null;
};

/** The organizations (uuids) that have these external ids, by external id. */
export async function loadExternalIds(
  tx: Transaction,
  drafts: { externalId: string | null }[],
): Promise<Map<string, string>> {
  const wanted = drafts.map(({ externalId }) => externalId).filter((id) => id !== null);
  if (wanted.length === 0) {
    return new Map();
  }
  const rows = await tx.db.$queryRaw<{ id: string; externalId: string }[]>`
    SELECT id, external_id AS "externalId" FROM organization WHERE external_id = ANY(${wanted}::text[])`;
  return new Map(rows.map(({ id, externalId }) => [externalId, id]));
}

/** The refusal of an external id that the organization (uuid) has. */
export function duplicateExternalId(organizationId: string): DuplicateError {
  return new DuplicateError(
    'DUPLICATE_EXTERNAL_ID',
    'externalId',
    encodeId('org', organizationId),
    'Another organization has this external id.',
  );
}

/** What lists sort and search an organization by. */
export function organizationKeys({ displayName, slug }: { displayName: string; slug: string }): {
  nameKey: string;
  searchText: string;
} {
  const nameKey = foldText(displayName);
  return { nameKey, searchText: `${nameKey}\n${slug}` };
}

/** Inserts organizations in the order of their slugs, so that two transactions that want the same ones do not wait for each other. */
export async function insertOrganizations(
  tx: Transaction,
  created: (OrganizationDraft & { id: string })[],
): Promise<void> {
  const now = tx.now.toISOString();
  const rows = created
    .toSorted((a, b) => (a.slug < b.slug ? -1 : 1))
    .map(({ settings, ...row }) => ({
      ...row,
      ...settings,
      ...organizationKeys(row),
    }));
  await tx.db.$executeRaw`
    INSERT INTO organization (id, display_name, slug, external_id, logo_url, metadata, email_invites,
      email_jit_provisioning, allowed_domains, auth_methods, allowed_auth_methods, mfa_policy, creator_role_id,
      creator_role_scope_id, member_role_id, member_role_scope_id, seat_limit, name_key, search_text, created_at,
      updated_at)
    SELECT id, "displayName", slug, "externalId", "logoUrl", metadata, "emailInvites", "emailJitProvisioning",
      "allowedDomains", "authMethods", "allowedAuthMethods", "mfaPolicy", "creatorRoleId",
      CASE WHEN "creatorRoleId" IS NOT NULL THEN ${NIL_UUID}::uuid END, "memberRoleId",
      CASE WHEN "memberRoleId" IS NOT NULL THEN ${NIL_UUID}::uuid END, "seatLimit", "nameKey", "searchText",
      ${now}::timestamptz, ${now}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS input(
      id uuid, "displayName" text, slug text, "externalId" text, "logoUrl" text, metadata jsonb,
      "emailInvites" email_invites, "emailJitProvisioning" jit_provisioning, "allowedDomains" text[],
      "authMethods" auth_method_rule, "allowedAuthMethods" auth_method[], "mfaPolicy" mfa_policy, "creatorRoleId" uuid,
      "memberRoleId" uuid, "seatLimit" int, "nameKey" text, "searchText" text)`;
  await tx.db.$executeRaw`
    INSERT INTO organization_slug (slug, organization_id, created_at)
    SELECT slug, id, ${now}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS input(id uuid, slug text)`;
}
