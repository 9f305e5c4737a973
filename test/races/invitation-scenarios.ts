/** Invitations that are answered, taken back and sent again at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fresh } from '../domain/world.ts';
import { addMember, foundOrganization, uuid } from './cast.ts';
import {
  accept,
  contradictions,
  decline,
  endNaively,
  endOf,
  invite,
  listen,
  noteNaively,
  resend,
  revoke,
} from './invitation-cast.ts';
import type { Scenario } from './scenario.ts';

/** How many accept one token at once. */
const CROWD = 50;

export const acceptedByMany: Scenario = {
  name: `one token is accepted ${CROWD} times at once: one membership, one event, the same answer to all`,
  answers: ['InvitationAcceptPayload'],
  async prepare(world) {
    const offer = await invite(world, await foundOrganization(world));
    const id = uuid('org', offer.organizationId);
    return {
      acts: Array.from({ length: CROWD }, () => accept(world, offer.token)),
      naive: Array.from({ length: 8 }, () => endNaively(offer, 'ACCEPTED')),
      async wrong() {
        const members = await world.query(
          `SELECT id FROM membership WHERE organization_id = $1 AND status = 'ACTIVE'`,
          [id],
        );
        const facts = await world.query(
          `SELECT id FROM event WHERE organization_id = $1 AND cause = 'ACCEPTED'`,
          [id],
        );
        return [
          ...(members.length === 1 && facts.length === 1 ? [] : [{ members, facts }]),
          ...(await contradictions(world, offer.organizationId)),
        ];
      },
    };
  },
};

export const acceptedOrRevoked: Scenario = {
  name: 'an invitation is accepted and revoked at once: one of them',
  answers: [
    'InvitationAcceptPayload',
    'INVITATION_REVOKED',
    'InvitationRevokePayload',
    'INVITATION_INVALID',
  ],
  async prepare(world, round) {
    const offer = await invite(world, await foundOrganization(world));
    const { acts, heard } = listen(round, [
      accept(world, offer.token),
      revoke(world, offer),
      accept(world, offer.token),
    ]);
    return {
      acts,
      naive: [endNaively(offer, 'ACCEPTED'), endNaively(offer, 'REVOKED')],
      async wrong() {
        const { status } = await endOf(world, offer);
        const isTold =
          heard.length === 0 ||
          heard.includes('InvitationRevokePayload') === (status === 'REVOKED');
        const isOver =
          status === 'ACCEPTED'
            ? !heard.includes('INVITATION_REVOKED')
            : status === 'REVOKED' && !heard.includes('InvitationAcceptPayload');
        return [
          ...(isTold && isOver ? [] : [{ status, heard }]),
          ...(await contradictions(world, offer.organizationId)),
        ];
      },
    };
  },
};

export const acceptedOrDeclined: Scenario = {
  name: 'an invitation is accepted and declined at once: one of them',
  answers: [
    'InvitationAcceptPayload',
    'INVITATION_DECLINED',
    'InvitationDeclinePayload',
    'INVITATION_INVALID',
  ],
  async prepare(world, round) {
    const offer = await invite(world, await foundOrganization(world));
    const { acts, heard } = listen(round, [
      accept(world, offer.token),
      decline(world, offer.token),
    ]);
    return {
      acts,
      naive: [endNaively(offer, 'ACCEPTED'), endNaively(offer, 'DECLINED')],
      async wrong() {
        const { status } = await endOf(world, offer);
        const done = heard.filter((said) => said.endsWith('Payload'));
        const expected =
          status === 'ACCEPTED' ? 'InvitationAcceptPayload' : 'InvitationDeclinePayload';
        return [
          ...(heard.length === 0 || (done.length === 1 && done[0] === expected)
            ? []
            : [{ status, heard }]),
          ...(await contradictions(world, offer.organizationId)),
        ];
      },
    };
  },
};

/** Between the times at which it is tried, in milliseconds. */
const TICK = 4;

export const acceptedOrExpired: Scenario = {
  name: 'an invitation is accepted while it expires: in time, or not at all',
  answers: [
    'InvitationAcceptPayload',
    'INVITATION_EXPIRED',
    'MembershipCreatePayload',
    'InvitationResendPayload',
  ],
  async prepare(world, round) {
    const offer = await invite(world, await foundOrganization(world));
    // Some tries are before it, some after; on the way somebody else writes, who settles what is overdue.
    await world.query(
      `WITH deadline AS (SELECT date_trunc('milliseconds', clock_timestamp()) + interval '1 ms' * $3 AS at), i AS (
         UPDATE invitation SET expires_at = at FROM deadline WHERE id = $1)
       UPDATE membership SET status_deadline = at FROM deadline WHERE id = $2`,
      [
        uuid('inv', offer.invitationId),
        uuid('mbr', offer.membershipId),
        TICK * (2 + (round % 5) * 3),
      ],
    );
    const { acts, heard } = listen(
      round,
      Array.from({ length: 5 }, (_, tick) => async (gateway: number) => {
        await sleep(tick * 2 * TICK);
        return tick === 2
          ? world.mutate(gateway, 'membershipCreate', {
              organization: { id: offer.organizationId },
              user: { email: `${fresh('r')}@example.com` },
            })
          : accept(world, offer.token)(gateway);
      }),
    );
    const later =
      (number: number, act: ReturnType<typeof endNaively>): typeof act =>
      async (client) => {
        await sleep(number * TICK);
        await act(client);
      };
    return {
      acts,
      naive: Array.from({ length: 12 }, (_, number) =>
        later(number / 2, endNaively(offer, number % 2 ? 'EXPIRED' : 'ACCEPTED')),
      ),
      async wrong() {
        const { status, isLate } = await endOf(world, offer);
        const isAccepted = heard.includes('InvitationAcceptPayload');
        return [
          ...(!isLate && (heard.length === 0 || isAccepted === (status === 'ACCEPTED'))
            ? []
            : [{ status, isLate, heard }]),
          ...(await contradictions(world, offer.organizationId)),
        ];
      },
    };
  },
};

export const acceptedOrResent: Scenario = {
  name: 'an invitation is accepted and sent again at once: the token of before is good, or the new one is made',
  answers: ['InvitationAcceptPayload', 'INVITATION_INVALID', 'InvitationResendPayload'],
  async prepare(world, round) {
    const offer = await invite(world, await foundOrganization(world));
    const id = uuid('inv', offer.invitationId);
    const { acts, heard } = listen(round, [accept(world, offer.token), resend(world, offer)]);
    return {
      acts,
      naive: [
        endNaively(offer, 'ACCEPTED'),
        async (client) => {
          const { rowCount } = await client.query(
            `SELECT FROM invitation WHERE id = $1 AND status = 'PENDING'`,
            [id],
          );
          if (rowCount === 1) {
            await client.query('UPDATE invitation SET send_count = send_count + 1 WHERE id = $1', [
              id,
            ]);
            await noteNaively(client, uuid('org', offer.organizationId), {
              type: 'INVITATION_SENT',
              cause: 'RESENT',
              invitation_id: id,
            });
          }
        },
      ],
      async wrong() {
        const { status, sends } = await endOf(world, offer);
        const sent = await world.query(
          `SELECT id FROM event WHERE invitation_id = $1 AND type = 'INVITATION_SENT'`,
          [id],
        );
        // What is on its way of the first mail may come after the second was made, and is good for nothing.
        const old = sends > 1 && heard.length > 0 ? await accept(world, offer.token)(0) : undefined;
        const isEither =
          status === 'ACCEPTED'
            ? sends === 1 && !heard.includes('InvitationResendPayload')
            : sends === 2 && !heard.includes('InvitationAcceptPayload');
        return [
          ...(isEither && sent.length === sends ? [] : [{ status, sends, heard }]),
          ...(old === undefined || old.code === 'INVITATION_INVALID' ? [] : [old]),
          ...(await contradictions(world, offer.organizationId)),
        ];
      },
    };
  },
};

export const acceptedByTwo: Scenario = {
  name: 'two people accept one token that is for anybody: one of them is the member',
  answers: ['InvitationAcceptPayload', 'WRONG_ACCOUNT'],
  async prepare(world, round) {
    const organizationId = await foundOrganization(world);
    const offer = await invite(world, organizationId, { allowAnyAddress: true });
    const people = ['a', 'b'].map((name) => `${fresh(name)}@example.com`);
    // One of them may have been a member, and come back.
    const former = round % 2 ? { user: { email: people[0] } } : undefined;
    if (former) {
      const membershipId = await addMember(world, organizationId, former);
      await world.mutate(0, 'membershipRemove', { membershipId });
    }
    const tokens = await Promise.all(people.map((email) => world.tokenOf(email)));
    await Promise.all(tokens.map((token, n) => world.ask(n, '{ viewer { kind } }', {}, token)));
    const { acts, heard } = listen(
      round >> 1,
      tokens.map((credential) => accept(world, offer.token, credential)),
    );
    return {
      acts,
      naive: [endNaively(offer, 'ACCEPTED'), endNaively(offer, 'ACCEPTED')],
      async wrong() {
        const members = await world.query(
          `SELECT email FROM membership JOIN "user" ON "user".id = user_id
           WHERE organization_id = $1 AND status = 'ACTIVE'`,
          [uuid('org', organizationId)],
        );
        const done = heard.filter((said) => said === 'InvitationAcceptPayload');
        return [
          ...(members.length === 1 && (heard.length === 0 || done.length === 1)
            ? []
            : [{ members, heard }]),
          ...(await contradictions(world, organizationId)),
        ];
      },
    };
  },
};

export const inviterGoes: Scenario = {
  name: 'an inviter is removed with all offers while these are accepted: none is left open',
  answers: [
    'InvitationAcceptPayload',
    'INVITATION_REVOKED',
    'MembershipRemovePayload',
    'InvitationCreatePayload',
    'FORBIDDEN',
    'NOT_FOUND',
  ],
  async prepare(world, round) {
    const organizationId = await foundOrganization(world);
    const email = `${fresh('inviter')}@example.com`;
    const membershipId = await addMember(world, organizationId, {
      user: { email },
      roleKeys: ['admin'],
    });
    const credential = await world.tokenOf(email);
    const first = await invite(world, organizationId, {}, credential);
    const second = await invite(world, organizationId, {}, credential);
    const { acts, heard } = listen(round, [
      (gateway) =>
        world.mutate(gateway, 'membershipRemove', { membershipId, revokeInvitations: true }),
      accept(world, first.token),
      accept(world, second.token),
      (gateway) =>
        world.mutate(
          gateway,
          'invitationCreate',
          { organizationId, email: `${fresh('guest')}@example.com` },
          '',
          credential,
        ),
    ]);
    const id = uuid('mbr', membershipId);
    return {
      acts,
      naive: [
        async (client) => {
          const { rows } = await client.query(
            `SELECT id FROM invitation WHERE status = 'PENDING' AND organization_id = $1`,
            [uuid('org', organizationId)],
          );
          const open = [first, second].filter(({ invitationId }) =>
            rows.some((row) => row.id === uuid('inv', invitationId)),
          );
          await client.query(`UPDATE membership SET status = 'REMOVED' WHERE id = $1`, [id]);
          for (const offer of open) {
            await endNaively(offer, 'REVOKED')(client);
          }
        },
        endNaively(first, 'ACCEPTED'),
        endNaively(second, 'ACCEPTED'),
      ],
      async wrong() {
        const open = await world.query(
          `SELECT invitation.id FROM membership inviter JOIN invitation ON inviter_id = user_id
           WHERE inviter.id = $1 AND invitation.status = 'PENDING'`,
          [id],
        );
        const ends = await Promise.all([first, second].map((offer) => endOf(world, offer)));
        const accepted = ends.filter(({ status }) => status === 'ACCEPTED');
        const told = heard.filter((said) => said === 'InvitationAcceptPayload');
        return [
          ...(heard.length === 0 ? [] : open),
          ...(heard.length === 0 || accepted.length === told.length ? [] : [{ ends, heard }]),
          ...(await contradictions(world, organizationId)),
        ];
      },
    };
  },
};
