/** Inviting people, and what they answer, in each combination. */
import { goodToken } from '../support/invitation-token.ts';
import { add, type Case, MANY_ONLY, type World } from './combination-world.ts';

const GIL = 'gil@example.com';
const HAL = 'hal@example.com';

/** Invites somebody to A, and keeps the id of the invitation and a token under the address. */
const invite =
  (email: string, input: object = {}) =>
  async (world: World) => {
    const answer = await world.send(
      'invitationCreate',
      { organizationId: world.ids.A, email, ...input },
      '... on InvitationCreatePayload { invitation { id } }',
    );
    const invitation = answer.invitation as { id: string } | undefined;
    if (invitation) {
      world.ids[email] = invitation.id;
      world.ids[`${email}'s token`] = await goodToken(world, invitation.id);
    }
    return answer;
  };

/** Answers the invitation to an address, as that person unless told otherwise. */
const answer =
  (mutation: 'invitationAccept' | 'invitationDecline', email: string, person = email) =>
  (world: World) =>
    world.send(mutation, { token: world.ids[`${email}'s token`] }, '', person);

/** In order, where the organizations A and B are there. */
export const invitationCases: Case[] = [
  [
    'invitationCreate',
    'done',
    invite(GIL, { name: 'Gil of A', metadata: { a: 1 }, roleKeys: ['admin'] }),
  ],
  ['invitationCreate, once more', 'ALREADY_INVITED', invite('GIL@example.com')],
  [
    'invitationAccept by somebody else',
    'WRONG_ACCOUNT',
    answer('invitationAccept', GIL, 'somebody@example.com'),
  ],
  ['invitationAccept', 'done', answer('invitationAccept', GIL)],
  ['invitationAccept, once more', 'done', answer('invitationAccept', GIL)],
  ['invitationCreate of a member', 'ALREADY_MEMBER', invite(GIL)],
  ['membershipCreate of who is to be invited elsewhere', 'done', add('B', HAL, 'hal')],
  // It would tell the organization that they are elsewhere.
  ['invitationCreate of who belongs elsewhere', 'done', invite(HAL)],
  ['invitationAccept of who belongs elsewhere', MANY_ONLY, answer('invitationAccept', HAL)],
  ['invitationCreate of who declines', 'done', invite('ida@example.com')],
  ['invitationDecline', 'done', answer('invitationDecline', 'ida@example.com')],
  [
    'invitationAccept, declined',
    'INVITATION_DECLINED',
    answer('invitationAccept', 'ida@example.com'),
  ],
  ['invitationCreate, declined', 'done', invite('ida@example.com')],
  [
    'invitationResend',
    'done',
    (world) => world.send('invitationResend', { invitationId: world.ids['ida@example.com'] }),
  ],
  [
    'invitationAccept, by the token of before',
    'INVITATION_INVALID',
    answer('invitationAccept', 'ida@example.com'),
  ],
  [
    'invitationRevoke',
    'done',
    (world) => world.send('invitationRevoke', { invitationId: world.ids['ida@example.com'] }),
  ],
  [
    'invitationBulkCreate',
    'done',
    (world) =>
      world.send('invitationBulkCreate', {
        organizationId: world.ids.A,
        rows: [{ email: 'jan@example.com' }, { email: HAL }, { email: GIL }],
      }),
  ],
];
