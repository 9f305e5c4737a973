/** Offers to join. */
import { type Reader, readRow } from './input.ts';
import { enterMembers, type MemberOutcome } from './membership-enter.ts';
import type { Entrant } from './membership-entrant.ts';
import { isAllowedRedirect } from './redirect-url.ts';
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
  /** Whether somebody who is signed in under another address may accept it. @default false */
  allowAnyAddress?: boolean | null;
  /** The language of the mail, as a BCP 47 tag. @default the person's */
  locale?: string | null;
  metadata?: Record<string, unknown> | null;
  untrustedMetadata?: Record<string, unknown> | null;
};

const MAX_MESSAGE_LENGTH = 2000;
export const MIN_LIFETIME = 300;
export const MAX_LIFETIME = 2_592_000;

/**
 * Invites people to organizations, which are locked, and leaves the mail to be sent. The outcomes are in the order of
 * the rows; a refused row (InputError, NotFoundError, ForbiddenError, RoleTooHighError, AlreadyMemberError,
 * AlreadyInvitedError, InvalidTransitionError, InvitePolicyError, SeatLimitError, RateLimitedError) changes nothing and
 * stops no other. `isSent`: false makes invitations that are resent later, or never.
 */
export function inviteMembers(
  tx: Transaction,
  rows: InvitationInput[],
  { isSent }: { isSent: boolean },
): Promise<MemberOutcome[]> {
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
            redirectUrl: readRedirectUrl(tx, read, row.redirectUrl),
            allowAnyAddress: row.allowAnyAddress ?? false,
            locale: read.locale('locale', row.locale),
            lifetime: read.integer(
              'expiresInSeconds',
              row.expiresInSeconds,
              MIN_LIFETIME,
              MAX_LIFETIME,
            ),
            isSent,
          },
        }),
      ),
    ),
  );
}

/** The mail would else lead wherever an inviter likes. */
function readRedirectUrl(
  { invitations }: Transaction,
  read: Reader,
  given: string | null | undefined,
): string | null {
  const url = read.url('redirectUrl', given);
  if (url && !isAllowedRedirect(url, invitations.redirectUrls)) {
    read.fail('redirectUrl', 'must be below a URL that the operator allows links to lead to');
  }
  return url;
}
