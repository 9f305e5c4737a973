/** Invitations as they are stored, found by id or by a token. */
import type { Prisma } from '../db/generated/prisma/client.ts';
import type {
  ActorKind,
  InvitationStatus,
  MembershipStatus,
} from '../db/generated/prisma/enums.ts';
import { InvitationExpiredError, InvitationStateError } from './invitation-errors.ts';
import { tokenHash } from './invitation-mail.ts';

/** Ids are uuids. */
export type StoredInvitation = {
  id: string;
  organizationId: string;
  organizationName: string;
  membershipId: string;
  /** Whose membership it is: who was invited, or who accepted it under another address. */
  userId: string;
  email: string;
  /** As stored: overdue deadlines must have been settled. */
  status: InvitationStatus;
  expiresAt: Date;
  sendCount: number;
  inviterKind: ActorKind;
  inviterId: string | null;
  allowAnyAddress: boolean;
  /** Whether no later one was made for the membership. */
  isLatest: boolean;
  /** The membership that accepting it led to, or would lead to. */
  accepted: { membershipId: string; userId: string; status: MembershipStatus };
};

type Queries = Pick<Prisma.TransactionClient, '$queryRaw'>;

type Row = Omit<StoredInvitation, 'accepted'> & {
  acceptedId: string;
  acceptedUserId: string;
  acceptedStatus: MembershipStatus;
};

/** The invitation with this id (uuid). */
export function findInvitation(db: Queries, id: string): Promise<StoredInvitation | null> {
  return find(db, { id });
}

/** The invitation that the token is good for, in whatever state: the tokens of earlier sendings are good for nothing. */
export function findByToken(db: Queries, token: string): Promise<StoredInvitation | null> {
  return find(db, { hash: tokenHash(token) });
}

/**
 * Demands that an invitation can still be answered.
 *
 * @throws InvitationStateError or InvitationExpiredError
 */
export function demandOpen({ status, expiresAt }: StoredInvitation): void {
  if (status === 'EXPIRED') {
    throw new InvitationExpiredError(expiresAt);
  }
  if (status !== 'PENDING') {
    throw new InvitationStateError(status);
  }
}

async function find(
  db: Queries,
  { id = null, hash = null }: { id?: string | null; hash?: Uint8Array | null },
): Promise<StoredInvitation | null> {
  const [row] = await db.$queryRaw<Row[]>`
    SELECT i.id, i.organization_id AS "organizationId", o.display_name AS "organizationName",
      i.membership_id AS "membershipId", m.user_id AS "userId", i.email, i.status, i.expires_at AS "expiresAt",
      i.send_count AS "sendCount", i.inviter_kind AS "inviterKind", i.inviter_id AS "inviterId",
      i.allow_any_address AS "allowAnyAddress",
      NOT EXISTS (
        SELECT FROM invitation later
        WHERE later.membership_id = i.membership_id AND (later.created_at, later.id) > (i.created_at, i.id)
      ) AS "isLatest",
      a.id AS "acceptedId", a.user_id AS "acceptedUserId", a.status AS "acceptedStatus"
    FROM invitation i JOIN organization o ON o.id = i.organization_id JOIN membership m ON m.id = i.membership_id
    LEFT JOIN membership other ON other.id = i.accepted_membership_id
    JOIN membership a ON a.id = coalesce(other.id, m.id)
    WHERE i.id = coalesce(${id}::uuid, (
      SELECT t.invitation_id FROM invitation_token t JOIN invitation sent ON sent.id = t.invitation_id
      WHERE t.token_hash = ${hash} AND t.send_number = sent.send_count
    ))`;
  if (row === undefined) {
    return null;
  }
  const { acceptedId, acceptedUserId, acceptedStatus, ...invitation } = row;
  return {
    ...invitation,
    accepted: { membershipId: acceptedId, userId: acceptedUserId, status: acceptedStatus },
  };
}
