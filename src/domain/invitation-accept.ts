/** How people answer an invitation with yes: by its token, whoever they are. */
import { emailDomain } from './email.ts';
import { verifyAddress } from './email-verification.ts';
import { isOwnerRole } from './environment.ts';
import { InvitationStateError, InvitePolicyError, WrongAccountError } from './invitation-errors.ts';
import { demandOpen, findByToken, type StoredInvitation } from './invitation-find.ts';
import { handOver } from './invitation-hand-over.ts';
import { loadOffer } from './invitation-offer.ts';
import { inviterStandsBy } from './inviter.ts';
import { enterMembers } from './membership-enter.ts';
import { NO_INVITATION } from './membership-entrant.ts';
import { endBreakglass, showVerified } from './membership-self.ts';
import { loadOrganizationRules } from './organization-rules.ts';
import { single } from './outcome.ts';
import type { UserPrincipal } from './principal.ts';
import type { HeldRole } from './role.ts';
import type { Transaction } from './transaction.ts';
import { lockUserIds } from './user-directory.ts';

/** What accepting led to; the membership is named by its uuid. */
export type Acceptance = {
  membershipId: string;
  status: StoredInvitation['accepted']['status'];
  organizationName: string;
};

/** Ends an acceptance whose inviter no longer stands by it. Whoever accepts is told that it was revoked. */
export class AbandonedError extends InvitationStateError {
  readonly invitationId: string;

  constructor(invitationId: string) {
    super('REVOKED');
    this.invitationId = invitationId;
  }
}

/**
 * Makes a member of whoever accepts the invitation of the token, whose organization is locked and has no overdue
 * deadlines: the caller when they are signed in, or else whoever has the address that it was sent to, which the token
 * shows to be theirs. Who has accepted it before gets the same answer.
 *
 * @throws InvitationStateError, InvitationExpiredError, WrongAccountError, InvitePolicyError, InvalidTransitionError,
 *   SingleMembershipError, SeatLimitError; AbandonedError
 */
export async function acceptInvitation(tx: Transaction, token: string): Promise<Acceptance> {
  const invitation = await findByToken(tx.db, token);
  if (invitation === null) {
    throw new InvitationStateError(null);
  }
  const { organizationId, organizationName, userId, accepted } = invitation;
  if (invitation.status === 'ACCEPTED') {
    if (tx.principal.kind === 'user' && tx.principal.id !== accepted.userId) {
      throw new WrongAccountError();
    }
    const { membershipId, status } = accepted;
    return { membershipId, status, organizationName };
  }
  demandOpen(invitation);
  const acceptor = acceptorOf(tx, invitation);
  await lockUserIds(tx, [userId, acceptor]);
  const roles = await loadOffer(tx, invitation.id);
  if (!(await inviterStandsBy(tx, invitation, roles))) {
    throw new AbandonedError(invitation.id);
  }
  const person = await loadPerson(tx, acceptor);
  const isAddressed = person.email === invitation.email;
  if (!isAddressed) {
    await demandDomain(tx, organizationId, person);
  }
  if (acceptor === userId) {
    demandMailbox(tx, isAddressed && (person.emailVerified || !person.signsIn));
  } else {
    await handOver(tx, invitation, acceptor);
  }
  const { outcome, membershipId } = await enter(tx, invitation, acceptor, roles);
  if (membershipId !== invitation.membershipId) {
    const { id } = invitation;
    await tx.db.invitation.update({ where: { id }, data: { acceptedMembershipId: membershipId } });
  }
  if (acceptor === userId && isAddressed) {
    await verifyAddress(tx, userId);
  }
  if (outcome !== 'unchanged') {
    await showVerified(tx, membershipId);
    await endBreakglass(tx, organizationId, membershipId, acceptor);
  }
  return { membershipId, status: 'ACTIVE', organizationName };
}

/**
 * The user (uuid) who accepts. The token says that whoever brings it reads the mail of the address; that somebody is
 * signed in as another person says that the mail was not meant for them.
 *
 * @throws WrongAccountError
 */
function acceptorOf({ principal }: Transaction, invitation: StoredInvitation): string {
  const { organizationId, userId, allowAnyAddress } = invitation;
  if (principal.kind !== 'user' || principal.id === userId) {
    return userId;
  }
  if (!allowAnyAddress || !reaches(principal, organizationId)) {
    throw new WrongAccountError();
  }
  return principal.id;
}

/** An organization's own single sign-on does not vouch for the whole person elsewhere. */
function reaches({ signIn }: UserPrincipal, organizationId: string): boolean {
  return signIn.organizationId === null || signIn.organizationId === organizationId;
}

/** Who accepts, as they are until the transaction ends. */
type Person = {
  email: string;
  emailVerified: boolean;
  /** Whether there is an account that signs in as them. */
  signsIn: boolean;
};

/** The user (uuid), who is locked. @throws WrongAccountError when they were deleted meanwhile. */
async function loadPerson({ db }: Transaction, userId: string): Promise<Person> {
  const [person] = await db.$queryRaw<Person[]>`
    SELECT email, email_verified AS "emailVerified",
      EXISTS (SELECT FROM identity WHERE user_id = "user".id) AS "signsIn"
    FROM "user" WHERE id = ${userId}::uuid`;
  if (person === undefined) {
    throw new WrongAccountError('The account that you signed in with is gone.');
  }
  return person;
}

/**
 * Whoever reads the mail may not be the user: when somebody signs in under an address that was never shown to be
 * theirs, or when the user has another address by now. Then the membership would be the wrong person's. Signed in as
 * that user, they are one and the same.
 *
 * @throws WrongAccountError
 */
function demandMailbox({ principal }: Transaction, isTheirs: boolean): void {
  if (!isTheirs && !(principal.kind === 'user' && principal.signIn.organizationId === null)) {
    throw new WrongAccountError(
      'The link alone does not show that the account is yours: sign in to it, and accept from there.',
    );
  }
}

/**
 * Else an invitation would lead past the domains that an organization takes in: under any address, or under one that
 * they only say is theirs.
 *
 * @throws InvitePolicyError
 */
async function demandDomain(
  tx: Transaction,
  organizationId: string,
  { email, emailVerified }: Person,
): Promise<void> {
  const rules = (await loadOrganizationRules(tx, [organizationId])).get(organizationId);
  const isTakenIn = emailVerified && rules?.allowedDomains.includes(emailDomain(email));
  if (rules?.emailInvites === 'RESTRICTED' && !isTakenIn) {
    throw new InvitePolicyError('DOMAIN_NOT_ALLOWED', []);
  }
}

async function enter(
  tx: Transaction,
  invitation: StoredInvitation,
  userId: string,
  roles: HeldRole[],
) {
  const { organizationId, inviterKind, inviterId } = invitation;
  const { principal } = tx;
  const entrant = {
    organizationId,
    userId,
    email: null,
    userExternalId: null,
    act: { kind: 'accept' as const },
    name: null,
    externalId: null,
    metadata: {},
    untrustedMetadata: {},
    joinedAt: null,
    primaryIdentityProvider:
      principal.kind === 'user' && reaches(principal, organizationId)
        ? principal.signIn.provider
        : null,
    provisioningMethod: 'INVITATION' as const,
    reason: null,
    invitation: NO_INVITATION,
    offer: {
      // Nobody becomes an owner by derivation: whoever invited one was an owner, who makes them one.
      roles: roles.map((role) =>
        isOwnerRole(role) ? { ...role, source: 'DIRECT' as const } : role,
      ),
      grantor:
        inviterKind === 'USER' || inviterKind === 'API_KEY'
          ? { kind: inviterKind, id: inviterId ?? '' }
          : { kind: inviterKind },
    },
  };
  return single(await enterMembers(tx, [entrant]));
}
