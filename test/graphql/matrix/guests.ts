/** People with an open invitation to one of the organizations of the matrix, and the tokens of their mail. */
import { encodeId } from '../../../src/domain/id.ts';
import { inviteMembers } from '../../../src/domain/invitation.ts';
import { acceptInvitation } from '../../../src/domain/invitation-accept.ts';
import { single } from '../../../src/domain/outcome.ts';
import { act } from '../../domain/world.ts';
import type { TestDatabase } from '../../support/database.ts';
import { goodToken } from '../../support/invitation-token.ts';

export type Guest = {
  inv: string;
  mbr: string;
  email: string;
  /** Of the last sending. */
  token: string;
  /** Of an earlier one. */
  formerToken: string;
};

export const GUESTS = [
  /** Is to accept. */
  'accepting',
  'declining',
  /** Whoever has the token may accept it under an address of the organization's domain. */
  'anyAddress',
  /** Somebody signs in under the address that nobody has shown to be theirs. */
  'doubtful',
  /** Is offered the roles of owners. */
  'owning',
  /** Is offered the role of members, which somebody chose. */
  'chosen',
  /** Are sent again and revoked: the second when all else is done. */
  'waiting',
  'waitingLonger',
  /** Has accepted. */
  'accepted',
  /** Has an address of a domain that the organization does not take in by invitation. */
  'elsewhere',
  /** Were invited by those who may not, or no longer: one who was removed, a member, a key that was revoked. */
  'ofGone',
  'ofMember',
  'ofKey',
  /** Is offered the roles of owners by somebody who holds all that these give, and is no owner. */
  'ofManager',
] as const;

export type Guests = Record<(typeof GUESTS)[number], Guest>;

const ROLES: Partial<Record<(typeof GUESTS)[number], string[]>> = {
  owning: ['owner'],
  chosen: ['member'],
  ofManager: ['owner'],
};

type Inviter = { kind: 'USER' | 'API_KEY'; id: string };

/** Invites them to an organization (uuid), in the name of its owner unless others are said. */
export async function inviteGuests(
  world: TestDatabase,
  { organizationId, word }: { organizationId: string; word: string },
  { boss, ...others }: { boss: Inviter } & Partial<Record<keyof Guests, Inviter>>,
): Promise<Guests> {
  const guests: Partial<Guests> = {};
  for (const name of GUESTS) {
    const domain = name === 'elsewhere' ? `elsewhere-${word}.example` : `${word}.example`;
    const email = `${name.toLowerCase()}@${domain}`;
    await world.query('UPDATE organization SET email_invites = $2::email_invites WHERE id = $1', [
      organizationId,
      name === 'elsewhere' ? 'ALL_ALLOWED' : 'RESTRICTED',
    ]);
    const row = {
      organizationId,
      email,
      roleKeys: ROLES[name],
      message: 'Welcome.',
      allowAnyAddress: name === 'anyAddress',
    };
    const invited = single(
      await act(world, [organizationId], (tx) => inviteMembers(tx, [row], { isSent: false })),
    );
    const id = invited.invitationId ?? '';
    const inviter = others[name] ?? boss;
    await world.query(
      `UPDATE invitation SET inviter_kind = $2::actor_kind, inviter_id = $3, send_count = 2, sent_at = now()
       WHERE id = $1`,
      [id, inviter.kind, inviter.id],
    );
    if (name === 'doubtful') {
      await world.query(
        `INSERT INTO identity (id, user_id, issuer, subject, email, auth_method, created_at, last_used_at)
         SELECT gen_random_uuid(), id, 'https://issuer.example', email, email, 'PASSWORD', now(), now()
         FROM "user" WHERE email = $1`,
        [email],
      );
    }
    const token = await goodToken(world, id, { token: `token-${name}-${word}` });
    if (name === 'accepted') {
      await act(world, [organizationId], (tx) => acceptInvitation(tx, token));
    }
    guests[name] = {
      inv: encodeId('inv', id),
      mbr: encodeId('mbr', invited.membershipId),
      email,
      token,
      formerToken: await goodToken(world, id, { token: `former-${name}-${word}`, sendNumber: 1 }),
    };
  }
  return guests as Guests;
}
