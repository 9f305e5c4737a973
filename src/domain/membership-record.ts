/** Memberships in memory while an act works on them. */
import type {
  InvitationStatus,
  MembershipStatus,
  ProvisioningMethod,
} from '../db/generated/prisma/enums.ts';
import type { Actor } from './actor.ts';
import type { JsonObject } from './metadata.ts';
import type { HeldRole } from './role.ts';
import type { Transaction } from './transaction.ts';

/** What a new invitation says. */
export type Offer = {
  email: string;
  message: string | null;
  redirectUrl: string | null;
  allowAnyAddress: boolean;
  locale: string | null;
  expiresAt: Date;
  roles: HeldRole[];
  searchText: string;
  /** How many times it is sent with this: once or not at all. */
  sendCount: 0 | 1;
};

/** An invitation that is open, or that the act makes. */
export type InvitationRecord = {
  /** uuid */
  id: string;
  status: InvitationStatus;
  /** Null: it is stored already. */
  offer: Offer | null;
};

/** What lists sort and search by. */
export type MembershipKeys = { nameKey: string; emailKey: string; searchText: string };

/** A membership as it was stored, and what the act makes of it. Ids are uuids. */
export type MembershipRecord = {
  id: string;
  organizationId: string;
  userId: string;
  /** Null: the act makes it. */
  storedStatus: MembershipStatus | null;
  status: MembershipStatus;
  statusReason: string | null;
  statusChangedAt: Date;
  statusDeadline: Date | null;
  singleUserId: string | null;
  name: string | null;
  externalId: string | null;
  metadata: JsonObject;
  untrustedMetadata: JsonObject;
  joinedAt: Date | null;
  provisioningMethod: ProvisioningMethod;
  primaryIdentityProvider: string | null;
  /** Only of a record whose user is locked, as they follow from the user too; null: they stay. */
  keys: MembershipKeys | null;
  /** As it was stored; it grows by one when the act changes it. */
  version: number;
  /** In place of those that it has; null: they stay. */
  roles: HeldRole[] | null;
  /** Who gives them; null: the caller. */
  grantor: Actor | null;
  /** The open one, and those that the act made. */
  invitations: InvitationRecord[];
  isChanged: boolean;
};

type Row = Omit<
  MembershipRecord,
  'storedStatus' | 'keys' | 'roles' | 'grantor' | 'invitations' | 'isChanged'
> & {
  invitationId: string | null;
};

/** The memberships of these users in these organizations, pair by pair; where there is none, there is no record. */
export async function loadMembershipsOf(
  tx: Transaction,
  pairs: { organizationId: string; userId: string }[],
): Promise<MembershipRecord[]> {
  if (pairs.length === 0) {
    return [];
  }
  const ids = await tx.db.$queryRaw<{ id: string }[]>`
    SELECT membership.id
    FROM unnest(${pairs.map((pair) => pair.organizationId)}::uuid[], ${pairs.map((pair) => pair.userId)}::uuid[])
      AS pair(organization_id, user_id)
    JOIN membership USING (organization_id, user_id)`;
  return loadMemberships(
    tx,
    ids.map(({ id }) => id),
  );
}

/** The memberships with these ids (uuids), as far as they exist. Overdue deadlines must have been settled. */
export async function loadMemberships(tx: Transaction, ids: string[]): Promise<MembershipRecord[]> {
  if (ids.length === 0) {
    return [];
  }
  const rows = await tx.db.$queryRaw<Row[]>`
    SELECT membership.id, membership.organization_id AS "organizationId", user_id AS "userId", membership.status,
      status_reason AS "statusReason", status_changed_at AS "statusChangedAt", status_deadline AS "statusDeadline",
      single_user_id AS "singleUserId", name, external_id AS "externalId", metadata,
      untrusted_metadata AS "untrustedMetadata", joined_at AS "joinedAt", provisioning_method AS "provisioningMethod",
      primary_identity_provider AS "primaryIdentityProvider", membership.version, invitation.id AS "invitationId"
    FROM membership
    LEFT JOIN invitation ON membership_id = membership.id AND invitation.status = 'PENDING'
    WHERE membership.id = ANY(${ids}::uuid[])`;
  return rows.map(({ invitationId, ...row }) => ({
    ...row,
    storedStatus: row.status,
    keys: null,
    roles: null,
    grantor: null,
    invitations:
      invitationId === null ? [] : [{ id: invitationId, status: 'PENDING', offer: null }],
    isChanged: false,
  }));
}
