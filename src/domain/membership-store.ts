/** Writes what an act made of its memberships: a fixed number of statements, however many there are. */
import { actorId } from './actor.ts';
import type { InvitationRecord, MembershipRecord, Offer } from './membership-record.ts';
import type { Transaction } from './transaction.ts';

/**
 * Saves the records that are new or changed, with their roles and invitations. The first statement is sent at once, and
 * none waits for the answer to another.
 */
export async function saveMemberships(
  tx: Transaction,
  records: Iterable<MembershipRecord>,
): Promise<void> {
  const touched = [...records].filter((record) => record.isChanged);
  const created = touched.filter((record) => record.storedStatus === null);
  const changed = touched.filter((record) => record.storedStatus !== null);
  await Promise.all([
    created.length > 0 && insertMemberships(tx, created),
    changed.length > 0 && updateMemberships(tx, changed),
    removeRoles(tx, touched),
    insertRoles(tx, touched),
    closeInvitations(tx, touched),
    insertInvitations(tx, touched),
  ]);
}

async function insertMemberships(tx: Transaction, records: MembershipRecord[]): Promise<void> {
  await tx.db.$executeRaw`
    INSERT INTO membership (id, organization_id, user_id, status, status_reason, status_changed_at, status_deadline,
      single_user_id, name, external_id, metadata, untrusted_metadata, joined_at, provisioning_method,
      primary_identity_provider, name_key, email_key, search_text, created_at, updated_at)
    SELECT id, "organizationId", "userId", status, "statusReason", "statusChangedAt", "statusDeadline",
      "singleUserId", name, "externalId", metadata, "untrustedMetadata", "joinedAt", "provisioningMethod",
      "primaryIdentityProvider", "nameKey", "emailKey", "searchText", ${tx.now.toISOString()}::timestamptz,
      ${tx.now.toISOString()}::timestamptz
    FROM jsonb_to_recordset(${columns(records)}::jsonb) AS input(
      id uuid, "organizationId" uuid, "userId" uuid, status membership_status, "statusReason" text,
      "statusChangedAt" timestamptz, "statusDeadline" timestamptz, "singleUserId" uuid, name text, "externalId" text,
      metadata jsonb, "untrustedMetadata" jsonb, "joinedAt" timestamptz, "provisioningMethod" provisioning_method,
      "primaryIdentityProvider" text, "nameKey" text, "emailKey" text, "searchText" text)`;
}

async function updateMemberships(tx: Transaction, records: MembershipRecord[]): Promise<void> {
  const updated = await tx.db.$executeRaw`
    UPDATE membership SET status = input.status, status_reason = input."statusReason",
      status_changed_at = input."statusChangedAt", status_deadline = input."statusDeadline",
      single_user_id = input."singleUserId", name = input.name, external_id = input."externalId",
      metadata = input.metadata, untrusted_metadata = input."untrustedMetadata", joined_at = input."joinedAt",
      provisioning_method = input."provisioningMethod", primary_identity_provider = input."primaryIdentityProvider",
      name_key = coalesce(input."nameKey", name_key), search_text = coalesce(input."searchText", search_text),
      version = membership.version + 1,
      updated_at = ${tx.now.toISOString()}::timestamptz
    FROM jsonb_to_recordset(${columns(records)}::jsonb) AS input(
      id uuid, "storedStatus" membership_status, status membership_status, "statusReason" text,
      "statusChangedAt" timestamptz, "statusDeadline" timestamptz, "singleUserId" uuid, name text, "externalId" text,
      metadata jsonb, "untrustedMetadata" jsonb, "joinedAt" timestamptz, "provisioningMethod" provisioning_method,
      "primaryIdentityProvider" text, "nameKey" text, "searchText" text)
    WHERE membership.id = input.id AND membership.status = input."storedStatus"`;
  if (updated !== records.length) {
    throw new Error('A membership changed under the lock of its organization.');
  }
}

function columns(records: MembershipRecord[]): string {
  return JSON.stringify(
    records.map(
      ({ keys, roles: _roles, grantor: _grantor, invitations: _offers, isChanged: _, ...row }) => ({
        ...row,
        ...keys,
      }),
    ),
  );
}

async function removeRoles(tx: Transaction, records: MembershipRecord[]): Promise<void> {
  const replaced = records.filter(
    ({ roles, storedStatus }) => roles !== null && storedStatus !== null,
  );
  if (replaced.length > 0) {
    await tx.db.$executeRaw`
      DELETE FROM role_assignment WHERE membership_id = ANY(${replaced.map(({ id }) => id)}::uuid[])`;
  }
}

async function insertRoles(tx: Transaction, records: MembershipRecord[]): Promise<void> {
  const rows = records.flatMap(({ id, organizationId, roles, grantor }) =>
    (roles ?? []).map((role) => ({
      organizationId,
      membershipId: id,
      scopeId: role.scopeId,
      roleId: role.id,
      source: role.source,
      grantorKind: (grantor ?? tx.actor).kind,
      grantorId: actorId(grantor ?? tx.actor),
    })),
  );
  if (rows.length === 0) {
    return;
  }
  await tx.db.$executeRaw`
    INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind,
      granted_by_id, granted_at)
    SELECT "organizationId", "membershipId", "scopeId", "roleId", source, "grantorKind", "grantorId",
      ${tx.now.toISOString()}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS input(
      "organizationId" uuid, "membershipId" uuid, "scopeId" uuid, "roleId" uuid, source role_source,
      "grantorKind" actor_kind, "grantorId" uuid)`;
}

async function closeInvitations(tx: Transaction, records: MembershipRecord[]): Promise<void> {
  const now = tx.now.toISOString();
  const closed = records
    .flatMap(({ invitations }) => invitations)
    .filter(({ offer, status }) => offer === null && status !== 'PENDING');
  if (closed.length > 0) {
    await tx.db.$executeRaw`
      UPDATE invitation SET status = input.status, version = version + 1, updated_at = ${now}::timestamptz,
        accepted_at = CASE input.status WHEN 'ACCEPTED' THEN ${now}::timestamptz END,
        declined_at = CASE input.status WHEN 'DECLINED' THEN ${now}::timestamptz END,
        revoked_at = CASE input.status WHEN 'REVOKED' THEN ${now}::timestamptz END
      FROM jsonb_to_recordset(${JSON.stringify(closed)}::jsonb) AS input(id uuid, status invitation_status)
      WHERE invitation.id = input.id AND invitation.status IN ('PENDING', 'EXPIRED')`;
  }
}

async function insertInvitations(tx: Transaction, records: MembershipRecord[]): Promise<void> {
  const made = records.flatMap(({ id: membershipId, organizationId, invitations }) =>
    invitations.flatMap(({ id, status, offer }) =>
      offer === null ? [] : [{ ...offer, id, status, organizationId, membershipId }],
    ),
  );
  if (made.length > 0) {
    await Promise.all([insertOffers(tx, made), insertOfferedRoles(tx, made)]);
  }
}

type Made = Offer &
  Pick<InvitationRecord, 'id' | 'status'> & { organizationId: string; membershipId: string };

async function insertOffers(tx: Transaction, made: Made[]): Promise<void> {
  const now = tx.now.toISOString();
  const rows = made.map(({ roles: _, ...row }) => ({
    ...row,
    acceptedAt: row.status === 'ACCEPTED' ? now : null,
    revokedAt: row.status === 'REVOKED' ? now : null,
  }));
  await tx.db.$executeRaw`
    INSERT INTO invitation (id, organization_id, membership_id, email, status, inviter_kind, inviter_id, message,
      locale, allow_any_address, redirect_url, send_count, expires_at, accepted_at, revoked_at, search_text, created_at, updated_at)
    SELECT id, "organizationId", "membershipId", email, status, ${tx.actor.kind}::actor_kind, ${actorId(tx.actor)}::uuid,
      message, locale, "allowAnyAddress", "redirectUrl", "sendCount", "expiresAt", "acceptedAt", "revokedAt", "searchText",
      ${now}::timestamptz, ${now}::timestamptz
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS input(
      id uuid, "organizationId" uuid, "membershipId" uuid, email text, status invitation_status, message text,
      locale text, "allowAnyAddress" boolean, "redirectUrl" text, "sendCount" int, "expiresAt" timestamptz, "acceptedAt" timestamptz,
      "revokedAt" timestamptz, "searchText" text)`;
}

async function insertOfferedRoles(tx: Transaction, made: Made[]): Promise<void> {
  const rows = made.flatMap(({ id, organizationId, roles }) =>
    roles.map((role) => ({
      organizationId,
      invitationId: id,
      scopeId: role.scopeId,
      roleId: role.id,
      source: role.source,
    })),
  );
  if (rows.length > 0) {
    await tx.db.$executeRaw`
      INSERT INTO invitation_role (organization_id, invitation_id, role_scope_id, role_id, source)
      SELECT "organizationId", "invitationId", "scopeId", "roleId", source
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS input("organizationId" uuid, "invitationId" uuid, "scopeId" uuid, "roleId" uuid, source role_source)`;
  }
}
