/** What the acts on members ask of their organizations: policy, default roles, seats. */
import type { EmailInvites, MembershipStatus } from '../db/generated/prisma/enums.ts';
import { emailDomain } from './email.ts';
import { countChange } from './event-flush.ts';
import { InvitePolicyError } from './invitation-errors.ts';
import { takesSeat } from './membership-status.ts';
import { can } from './permission.ts';
import type { Transaction } from './transaction.ts';

export type OrganizationRules = {
  /** uuid */
  id: string;
  emailInvites: EmailInvites;
  allowedDomains: string[];
  /** Null: the environment's. */
  creatorRoleId: string | null;
  memberRoleId: string | null;
  seatLimit: number | null;
  /** Known only where there is a limit. To be kept as the act goes on. */
  seatsUsed: number;
};

/** The highest limit that can be set. */
export const MAX_SEATS = 2_147_483_647;

type Row = Omit<OrganizationRules, 'seatsUsed'> & {
  activeCount: number;
  pendingCount: number;
  timedSuspensions: number;
};

/** Loads the organizations (uuids) by their ids. Overdue deadlines must have been settled. */
export async function loadOrganizationRules(
  tx: Transaction,
  organizationIds: string[],
): Promise<Map<string, OrganizationRules>> {
  const rows = await tx.db.$queryRaw<Row[]>`
    SELECT id, email_invites AS "emailInvites", allowed_domains AS "allowedDomains",
      creator_role_id AS "creatorRoleId", member_role_id AS "memberRoleId", seat_limit AS "seatLimit",
      active_count AS "activeCount", pending_count AS "pendingCount",
      CASE WHEN seat_limit IS NULL THEN 0 ELSE (
        SELECT count(*)::int FROM membership
        WHERE organization_id = organization.id AND status = 'SUSPENDED' AND status_deadline IS NOT NULL
      ) END AS "timedSuspensions"
    FROM organization WHERE id = ANY(${organizationIds}::uuid[])`;
  const counted = (row: Row, status: MembershipStatus, stored: number) =>
    row.seatLimit === null ? 0 : stored + countChange(tx.events, row.id, status);
  return new Map(
    rows.map((row) => {
      const { activeCount, pendingCount, timedSuspensions, ...rules } = row;
      const seatsUsed =
        counted(row, 'ACTIVE', activeCount) +
        counted(row, 'PENDING_INVITE', pendingCount) +
        timedSuspensions;
      return [row.id, { ...rules, seatsUsed }];
    }),
  );
}

/**
 * Notes that a membership goes from one status to another. Returns false, and notes nothing, when that would take a
 * seat that there is not.
 */
export function changeSeat(
  rules: OrganizationRules,
  from: { status: MembershipStatus; statusDeadline: Date | null } | null,
  to: { status: MembershipStatus; statusDeadline: Date | null },
): boolean {
  const before = from !== null && takesSeat(from.status, from.statusDeadline);
  const after = takesSeat(to.status, to.statusDeadline);
  if (after && !before && rules.seatLimit !== null && rules.seatsUsed >= rules.seatLimit) {
    return false;
  }
  rules.seatsUsed += Number(after) - Number(before);
  return true;
}

/**
 * Demands that the organization takes in this (normalized) address by invitation. Whoever may not read its settings is
 * not told which domains it allows.
 *
 * @throws InvitePolicyError
 */
export function demandInvitable(
  { principal }: Transaction,
  { id, emailInvites, allowedDomains }: OrganizationRules,
  email: string,
): void {
  if (emailInvites === 'NOT_ALLOWED') {
    throw new InvitePolicyError('INVITES_NOT_ALLOWED', []);
  }
  if (emailInvites === 'RESTRICTED' && !allowedDomains.includes(emailDomain(email))) {
    const shown = can(principal, 'organization:read', id) ? allowedDomains : [];
    throw new InvitePolicyError('DOMAIN_NOT_ALLOWED', shown);
  }
}
