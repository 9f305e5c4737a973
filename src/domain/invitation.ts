/** Offers to join. */
import { readRow } from './input.ts';
import { enterMembers, type MemberOutcome } from './membership-enter.ts';
import type { Entrant } from './membership-entrant.ts';
import { type RoleNames, readRoleNames } from './role.ts';
import type { Transaction } from './transaction.ts';

/** Ids are uuids. Null and absent are the same. */
export type InvitationInput = RoleNames & {
  organizationId: string;
  email: string;
  /** What the organization calls the person. */
  name?: string | null;
  message?: string | null;
  /** 5 minutes to 30 days. @default the environment's */
  expiresInSeconds?: number | null;
  redirectUrl?: string | null;
  allowAnyAddress?: boolean | null;
  metadata?: Record<string, unknown> | null;
  untrustedMetadata?: Record<string, unknown> | null;
};

const MAX_MESSAGE_LENGTH = 2000;
const MIN_LIFETIME = 300;
const MAX_LIFETIME = 2_592_000;

/**
 * Invites people to organizations, which are locked. Nothing is mailed by this. The outcomes are in the order of the
 * rows; a refused row (InputError, NotFoundError, AlreadyMemberError, AlreadyInvitedError, InvalidTransitionError,
 * InvitePolicyError, SeatLimitError) changes nothing and stops no other.
 */
export function inviteMembers(tx: Transaction, rows: InvitationInput[]): Promise<MemberOutcome[]> {
  return enterMembers(
    tx,
    rows.map((row) =>
      readRow(
        (read): Entrant => ({
          ...readRoleNames(read, row),
          organizationId: row.organizationId,
          email: read.email('email', row.email),
          userId: null,
          userExternalId: null,
          act: { kind: 'invite' },
          name: read.text('name', row.name, 200),
          externalId: null,
          metadata: read.metadata('metadata', row.metadata),
          untrustedMetadata: read.metadata('untrustedMetadata', row.untrustedMetadata),
          joinedAt: null,
          primaryIdentityProvider: null,
          provisioningMethod: 'INVITATION',
          reason: null,
          invitation: {
            message: read.paragraph('message', row.message, MAX_MESSAGE_LENGTH),
            redirectUrl: read.url('redirectUrl', row.redirectUrl),
            allowAnyAddress: row.allowAnyAddress ?? false,
            lifetime: read.integer(
              'expiresInSeconds',
              row.expiresInSeconds,
              MIN_LIFETIME,
              MAX_LIFETIME,
            ),
          },
        }),
      ),
    ),
  );
}
