/** What invitations can refuse. */
import {
  AlreadyInvitedError,
  InvitationExpiredError,
  InvitationStateError,
  RateLimitedError,
  WrongAccountError,
} from '../domain/invitation-errors.ts';
import { builder } from './builder.ts';
import { interfaces, nodeOf } from './error-interface.ts';
import { InvitationStatus } from './invitation.ts';
import { Invitation } from './nodes.ts';

builder.objectType(AlreadyInvitedError, {
  name: 'AlreadyInvitedError',
  description: 'The person has an open invitation already, which can be sent again.',
  interfaces,
  fields: (t) => ({
    invitation: t.field({
      type: Invitation,
      description: 'The invitation. Null for those who may not see it.',
      resolve: ({ invitationId }, _args, context) => nodeOf(invitationId, context) as never,
    }),
  }),
});

builder.objectType(InvitationStateError, {
  name: 'InvitationStateError',
  description: 'The invitation came to something else, or there is none.',
  interfaces,
  fields: (t) => ({
    status: t.field({
      type: InvitationStatus,
      description: 'What became of it. Null when the token is good for no invitation.',
      resolve: ({ status }) => status,
    }),
  }),
});

builder.objectType(InvitationExpiredError, {
  name: 'InvitationExpiredError',
  description: 'The invitation was not answered in time. It can be sent again.',
  interfaces,
  fields: (t) => ({
    expiredAt: t.expose('expiredAt', {
      type: 'DateTime',
      nullable: false,
      description: 'Until when it could be answered.',
    }),
  }),
});

builder.objectType(WrongAccountError, {
  name: 'WrongAccountError',
  description:
    'The invitation is for somebody else than whoever is signed in, or for an account that has to sign in first.',
  interfaces,
});

builder.objectType(RateLimitedError, {
  name: 'RateLimitedError',
  description: 'So many invitations were sent of late that there is no more for a while.',
  interfaces,
  fields: (t) => ({
    retryAfterMs: t.exposeInt('retryAfterMs', {
      nullable: false,
      description: 'After how many milliseconds to try again.',
    }),
  }),
});
