/** What the mail of an invitation says, and what came of sending it. */
import { createHash } from 'node:crypto';
import type { Prisma } from '../db/generated/prisma/client.ts';
import { SYSTEM } from './principal.ts';
import { inTransaction, type TransactionRunner } from './transaction.ts';

/** One sending of an invitation (uuid): a resend makes what is left of earlier ones void. */
export type Sending = { invitationId: string; sendNumber: number };

/** What is told to whom. */
export type InvitationLetter = Sending & {
  /** The normalized address that it goes to. */
  email: string;
  organizationName: string;
  organizationLogoUrl: string | null;
  /** What organizations are called here: "Workspace". */
  organizationLabel: string;
  /** Null when the inviter has no name, or is none of the people. */
  inviterName: string | null;
  message: string | null;
  /** A BCP 47 tag: that of the invitation, or else of the person. */
  locale: string | null;
  /** Where its link leads, if not to the page of the gateway. */
  redirectUrl: string | null;
  expiresAt: Date;
};

type Database = Pick<Prisma.TransactionClient, '$queryRaw' | '$executeRaw'>;

const MAX_ERROR_LENGTH = 1000;

/** What is kept of a token: 32 bytes. The token is 256 random bits, so nobody can guess what it was. */
export function tokenHash(token: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(token).digest());
}

/**
 * Makes the token good for the invitation, and returns the letter that may carry it now; null when the sending is void:
 * the invitation is answered, revoked, expired, erased, or was sent again.
 */
export async function prepareLetter(
  db: Database,
  { invitationId, sendNumber }: Sending,
  token: string,
): Promise<InvitationLetter | null> {
  const [letter] = await db.$queryRaw<Omit<InvitationLetter, keyof Sending>[]>`
    WITH good AS (
      INSERT INTO invitation_token (token_hash, invitation_id, send_number, created_at)
      SELECT ${tokenHash(token)}, id, send_count, now() FROM invitation
      WHERE id = ${invitationId}::uuid AND send_count = ${sendNumber} AND status = 'PENDING' AND expires_at > now()
      RETURNING invitation_id
    )
    SELECT i.email, o.display_name AS "organizationName", o.logo_url AS "organizationLogoUrl",
      e.organization_label_singular AS "organizationLabel", invitation_inviter_name(i.id) AS "inviterName", i.message,
      coalesce(i.locale, m.locale, u.locale) AS locale, i.redirect_url AS "redirectUrl", i.expires_at AS "expiresAt"
    FROM good JOIN invitation i ON i.id = good.invitation_id JOIN organization o ON o.id = i.organization_id
    JOIN membership m ON m.id = i.membership_id JOIN "user" u ON u.id = m.user_id CROSS JOIN environment e`;
  return letter === undefined ? null : { invitationId, sendNumber, ...letter };
}

/** Those of the invitations (uuids) that there are. */
export async function existingInvitations(
  db: Pick<Database, '$queryRaw'>,
  ids: string[],
): Promise<Set<string>> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM invitation WHERE id = ANY(${ids}::uuid[])`;
  return new Set(rows.map(({ id }) => id));
}

/** Notes that the mail has left. */
export async function noteSent(db: Database, sending: Sending): Promise<void> {
  await db.$executeRaw`
    UPDATE invitation SET sent_at = clock_timestamp(), delivery_failed_at = NULL, delivery_error = NULL
    WHERE id = ${sending.invitationId}::uuid AND send_count = ${sending.sendNumber}`;
}

/** Notes why the mail has not left yet. It is tried again. */
export async function noteDelay(db: Database, sending: Sending, reason: string): Promise<void> {
  await db.$executeRaw`
    UPDATE invitation SET delivery_error = ${storable(reason)}
    WHERE id = ${sending.invitationId}::uuid AND send_count = ${sending.sendNumber}`;
}

/** Notes that the mail cannot be delivered, and why, with the event of it. */
export async function failDelivery(
  runner: TransactionRunner,
  { invitationId, sendNumber }: Sending,
  reason: string,
): Promise<void> {
  const [place] = await runner.prisma.$queryRaw<{ organizationId: string }[]>`
    SELECT organization_id AS "organizationId" FROM invitation WHERE id = ${invitationId}::uuid`;
  if (place === undefined) {
    return;
  }
  const { organizationId } = place;
  await inTransaction(
    runner,
    { principal: SYSTEM, organizations: [organizationId] },
    async (tx) => {
      const [failed] = await tx.db.$queryRaw<{ membershipId: string; userId: string }[]>`
      UPDATE invitation SET delivery_failed_at = ${tx.now.toISOString()}::timestamptz,
        delivery_error = ${storable(reason)}, version = invitation.version + 1,
        updated_at = ${tx.now.toISOString()}::timestamptz
      FROM membership
      WHERE invitation.id = ${invitationId}::uuid AND send_count = ${sendNumber} AND delivery_failed_at IS NULL
        AND membership.id = membership_id
      RETURNING membership_id AS "membershipId", user_id AS "userId"`;
      if (failed !== undefined) {
        tx.append({
          type: 'INVITATION_DELIVERY_FAILED',
          cause: 'DELIVERY_FAILED',
          organizationId,
          invitationId,
          ...failed,
        });
      }
    },
  );
}

function storable(reason: string): string {
  return [...reason.toWellFormed().replaceAll('\0', '')].slice(0, MAX_ERROR_LENGTH).join('');
}
