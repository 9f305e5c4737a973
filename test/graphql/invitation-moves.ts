/** People who were invited, in every state that this can lead to, and what is done to them and by them. */
import { settleDeadlines } from '../../src/domain/deadline.ts';
import { encodeId } from '../../src/domain/id.ts';
import { inviteMembers } from '../../src/domain/invitation.ts';
import { acceptInvitation } from '../../src/domain/invitation-accept.ts';
import { declineInvitation, revokeInvitation } from '../../src/domain/invitation-end.ts';
import { findByToken } from '../../src/domain/invitation-find.ts';
import { removeMembers, suspendMembers } from '../../src/domain/membership.ts';
import { single } from '../../src/domain/outcome.ts';
import { act, fresh } from '../domain/world.ts';
import type { TestDatabase } from '../support/database.ts';
import { goodToken } from '../support/invitation-token.ts';

export type Guest = {
  membershipId: string;
  email: string;
  /** That of the first invitation, a uuid. */
  invitationId: string;
  /** What that is answered with. */
  token: string;
};

type Step = (db: TestDatabase, organizationId: string, guest: Guest) => Promise<unknown>;

const AN_HOUR = 3_600_000;

const accept: Step = (db, organizationId, { token }) =>
  act(db, [organizationId], (tx) => acceptInvitation(tx, token));

const decline: Step = (db, organizationId, { token }) =>
  act(db, [organizationId], (tx) => declineInvitation(tx, token, {}));

const revoke: Step = (db, organizationId, { token }) =>
  act(db, [organizationId], async (tx) => {
    const invitation = await findByToken(tx.db, token);
    if (invitation !== null) {
      await revokeInvitation(tx, invitation, {});
    }
  });

const remove: Step = (db, organizationId, { membershipId }) =>
  act(db, [organizationId], async (tx) => single(await removeMembers(tx, [{ membershipId }])));

const suspend =
  (until?: Date): Step =>
  (db, organizationId, { membershipId }) =>
    act(db, [organizationId], async (tx) =>
      single(await suspendMembers(tx, [{ membershipId, until }])),
    );

const inAnHour = () => new Date(Date.now() + AN_HOUR);

/** Lets the deadline pass, past all rules. */
const outlast: Step = (db, _, { membershipId, invitationId }) =>
  db.query(
    `WITH expired AS (UPDATE invitation SET expires_at = now() WHERE id = $2 AND status = 'PENDING')
     UPDATE membership SET status_deadline = now() WHERE id = $1`,
    [membershipId, invitationId],
  );

const settle: Step = (db, organizationId) =>
  act(db, [organizationId], (tx) => settleDeadlines(tx, [organizationId]));

/** What happens after the invitation, until they are in the state. */
const ways = {
  PENDING_INVITE: [],
  'PENDING_INVITE, overdue': [outlast],
  INVITE_EXPIRED: [outlast, settle],
  ACTIVE: [accept],
  SUSPENDED: [accept, suspend()],
  'SUSPENDED, timed': [accept, (...of) => suspend(inAnHour())(...of)],
  'SUSPENDED, overdue': [accept, (...of) => suspend(inAnHour())(...of), outlast],
  REMOVED: [accept, remove],
  'REMOVED before they answered': [remove],
  'REMOVED, as it was revoked': [revoke],
  'REMOVED, as they declined': [decline],
} satisfies Record<string, Step[]>;

export type GuestState = keyof typeof ways;

export const guestStates = Object.keys(ways) as GuestState[];

/** Somebody new in that state, whom the system invited to the organization (uuid). */
export async function guestIn(
  state: GuestState,
  db: TestDatabase,
  organizationId: string,
): Promise<Guest> {
  const email = `${fresh('guest')}@example.com`;
  const row = { organizationId, email };
  // Its token is made here: there is no mail to wait for.
  const runner = { ...db.runner, enqueue: () => Promise.resolve() };
  const { membershipId, invitationId = '' } = single(
    await act({ ...db, runner }, [organizationId], (tx) =>
      inviteMembers(tx, [row], { isSent: true }),
    ),
  );
  const guest = { membershipId, email, invitationId, token: await goodToken(db, invitationId) };
  for (const step of ways[state] as Step[]) {
    await step(db, organizationId, guest);
  }
  return guest;
}

/** Somebody who was never invited, in the shape of a guest. */
export function uninvited(): Guest {
  const id = crypto.randomUUID();
  const email = `${fresh('uninvited')}@example.com`;
  return { membershipId: id, invitationId: id, email, token: `none${id}` };
}

const named = ({ invitationId }: Guest) => ({ invitationId: encodeId('inv', invitationId) });
const byToken = ({ token }: Guest) => ({ token });

/** The mutations with their inputs: those of the organization, and those of the person. */
export const guestMoves = {
  invitationCreate: ({ email }: Guest, organizationId: string) => ({
    organizationId: encodeId('org', organizationId),
    email,
  }),
  invitationResend: named,
  invitationRevoke: named,
  invitationAccept: byToken,
  invitationDecline: byToken,
} as const;

export type GuestMove = keyof typeof guestMoves;

export function isOfGuest(move: GuestMove): boolean {
  return move === 'invitationAccept' || move === 'invitationDecline';
}
