/** How many invitations are sent, where many are at once. */
import { fresh } from '../domain/world.ts';
import { foundOrganization, uuid } from './cast.ts';
import { createInviter, invite, listen, noteNaively, resend } from './invitation-cast.ts';
import type { Round, Scenario } from './scenario.ts';
import type { TwoGateways } from './two-gateways.ts';

const PER_INVITER = 4;
const PER_ORGANIZATION = 3;
const PER_RECIPIENT = 2;

/** With which the gateways are started. */
export const LIMITS = {
  GATEHOUSE_INVITATIONS_PER_INVITER: String(PER_INVITER),
  GATEHOUSE_INVITATIONS_PER_ORGANIZATION: String(PER_ORGANIZATION),
  GATEHOUSE_INVITATIONS_PER_RECIPIENT: String(PER_RECIPIENT),
};

const answers = [
  'InvitationCreatePayload',
  'InvitationBulkCreatePayload',
  'InvitationResendPayload',
  'RATE_LIMITED',
];

const sentBy = `SELECT id FROM event WHERE type = 'INVITATION_SENT' AND actor_id = $1`;
const sentFrom = `SELECT id FROM event WHERE type = 'INVITATION_SENT' AND organization_id = $1`;
const sentTo = `SELECT event.id FROM event WHERE type = 'INVITATION_SENT' AND user_id = $1`;

const inviteAs =
  (world: TwoGateways, credential: string, organizationId: string, email: string) =>
  (gateway: number) =>
    world.mutate(gateway, 'invitationCreate', { organizationId, email }, '', credential);

const newcomer = () => `${fresh('guest')}@example.com`;

/** Sends where fewer than `most` are found to be sent. */
function sendNaively(
  found: string,
  of: string,
  most: number,
  organizationId: string,
  event: Record<string, string>,
): Round['naive'][number] {
  return async (client) => {
    const { rowCount } = await client.query(found, [of]);
    if (Number(rowCount) < most) {
      await noteNaively(client, uuid('org', organizationId), {
        type: 'INVITATION_SENT',
        cause: 'INVITED',
        ...event,
      });
    }
  };
}

async function beyond(world: TwoGateways, found: string, of: string, most: number) {
  const sent = await world.query(found, [of]);
  return sent.length === most ? [] : sent;
}

export const inviterLimit: Scenario = {
  name: 'one inviter sends from several organizations at once: no more than one may',
  answers,
  async prepare(world, round) {
    const inviter = await createInviter(world);
    const places = await Promise.all(Array.from({ length: 3 }, () => foundOrganization(world)));
    const [first = ''] = places;
    const offer = await invite(world, first, {}, inviter.secret);
    const { acts } = listen(round, [
      ...places.map((place) => inviteAs(world, inviter.secret, place, newcomer())),
      resend(world, offer, inviter.secret),
      ...places.map(
        (organizationId) => (gateway: number) =>
          world.mutate(
            gateway,
            'invitationBulkCreate',
            { organizationId, rows: [{ email: newcomer() }, { email: newcomer() }] },
            '',
            inviter.secret,
          ),
      ),
    ]);
    return {
      acts,
      naive: Array.from({ length: 6 }, (_, n) =>
        sendNaively(sentBy, inviter.id, PER_INVITER, places[n % 3] ?? '', {
          actor_kind: 'API_KEY',
          actor_id: inviter.id,
        }),
      ),
      wrong: () => beyond(world, sentBy, inviter.id, PER_INVITER),
    };
  },
};

export const organizationLimit: Scenario = {
  name: 'two inviters send from one organization at once: no more than it may',
  answers,
  async prepare(world, round) {
    const organizationId = await foundOrganization(world);
    const id = uuid('org', organizationId);
    const inviters = await Promise.all([createInviter(world), createInviter(world)]);
    const { acts } = listen(
      round,
      inviters.flatMap(({ secret }) =>
        [1, 2, 3].map(() => inviteAs(world, secret, organizationId, newcomer())),
      ),
    );
    return {
      acts,
      naive: Array.from({ length: 6 }, () =>
        sendNaively(sentFrom, id, PER_ORGANIZATION, organizationId, {}),
      ),
      wrong: () => beyond(world, sentFrom, id, PER_ORGANIZATION),
    };
  },
};

export const recipientLimit: Scenario = {
  name: 'one person is invited by several organizations at once: no more often than anybody may be',
  answers,
  async prepare(world, round) {
    const places = await Promise.all(Array.from({ length: 4 }, () => foundOrganization(world)));
    const inviters = await Promise.all([createInviter(world), createInviter(world)]);
    const email = newcomer();
    const { acts } = listen(
      round,
      places.map((place, n) => inviteAs(world, inviters[n % 2]?.secret ?? '', place, email)),
    );
    const [user] = await world.query<{ id: string }>('SELECT gen_random_uuid() AS id');
    const stranger = user?.id ?? '';
    let isNaive = false;
    return {
      acts,
      naive: Array.from({ length: 6 }, (_, n) => async (client) => {
        isNaive = true;
        const place = places[n % 4] ?? '';
        await sendNaively(sentTo, stranger, PER_RECIPIENT, place, { user_id: stranger })(client);
      }),
      async wrong() {
        if (isNaive) {
          return beyond(world, sentTo, stranger, PER_RECIPIENT);
        }
        const [invited] = await world.query<{ id: string }>(
          'SELECT id FROM "user" WHERE email = $1',
          [email],
        );
        return beyond(world, sentTo, invited?.id ?? stranger, PER_RECIPIENT);
      },
    };
  },
};
