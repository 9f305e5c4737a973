/** Past-tense facts: what the acts append, and how it is written at the end of the transaction. */
import type { EventCause, EventType, MembershipStatus } from '../db/generated/prisma/enums.ts';

/**
 * A JSON object. What stands in it so far, ids being uuids:
 * - of MEMBERSHIP_STATUS_CHANGED `roles` (`{ id, key, source }[]`: held, offered, or held until the removal) and, when it
 *   happened by the clock, `deadline` (ISO 8601);
 * - of MEMBERSHIP_ROLES_CHANGED `added` and `removed` (`{ id, key, source }[]`);
 * - of OWNERSHIP_TRANSFERRED `fromMembershipId` (the event's own membership is the new owner's);
 * - of IDENTITY_LINKED and IDENTITY_UNLINKED `issuer`;
 * - of ROLE_DELETED `key` and, if given, `reassignedToRoleId`;
 * - of PERMISSION_CREATED, _UPDATED and _DELETED `name`;
 * - of everything that was updated or created with values `changes` (`Change[]`);
 *   of MEMBERSHIP_UPDATED by EMAIL_CHANGED the two addresses, the event's own user being the one of the new address.
 */
export type EventDetail = { [key: string]: unknown };

/** Ids are uuids. */
export type NewEvent = {
  type: EventType;
  cause: EventCause;
  /** Left out for events of the environment. */
  organizationId?: string | null;
  membershipId?: string | null;
  userId?: string | null;
  invitationId?: string | null;
  roleId?: string | null;
  apiKeyId?: string | null;
  /** Of MEMBERSHIP_STATUS_CHANGED only; null when the membership is new. */
  previousStatus?: MembershipStatus | null;
  status?: MembershipStatus;
  /** Of MEMBERSHIP_DELETED only: the status it had. It is counted, and not kept. */
  lostStatus?: MembershipStatus;
  /** Instead of the transaction's actor, for what happens by itself. */
  actor?: { kind: 'SYSTEM' };
  /** Free text; goes to the detail row, with the person it is about. */
  reason?: string | null;
  /** Personal values and the like; goes to the detail row. */
  detail?: EventDetail;
};
