/** People who are invited, added and imported at once, and who accept in several organizations at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fresh } from '../domain/world.ts';
import { goodToken } from '../support/invitation-token.ts';
import {
  addMember,
  createUser,
  foundOrganization,
  importMember,
  insertMember,
  uuid,
} from './cast.ts';
import { accept, contradictions, endNaively, invite, listen } from './invitation-cast.ts';
import type { Scenario } from './scenario.ts';
import type { TwoGateways } from './two-gateways.ts';

const SEATS = 3;

/** Invites many in one request. */
const inviteMany =
  (world: TwoGateways, organizationId: string, emails: string[]) => (gateway: number) =>
    world.mutate(gateway, 'invitationBulkCreate', {
      organizationId,
      rows: emails.map((email) => ({ email })),
    });

const inviteOne =
  (world: TwoGateways, organizationId: string, email: string) => (gateway: number) =>
    world.mutate(gateway, 'invitationCreate', { organizationId, email });

export const lastSeatInvited: Scenario = {
  name: 'many are invited and added at the last seats: no more than there are',
  answers: [
    'InvitationCreatePayload',
    'InvitationBulkCreatePayload',
    'MembershipCreatePayload',
    'SEAT_LIMIT',
  ],
  async prepare(world, round) {
    const organizationId = await foundOrganization(world, { seatLimit: SEATS });
    const id = uuid('org', organizationId);
    const people = await Promise.all(Array.from({ length: 7 }, () => createUser(world)));
    const emails = people.map(({ email }) => email);
    const taken = `SELECT id FROM membership WHERE organization_id = $1 AND status IN ('ACTIVE', 'PENDING_INVITE')`;
    const { acts } = listen(round, [
      ...emails.slice(0, 4).map((email) => inviteOne(world, organizationId, email)),
      inviteMany(world, organizationId, emails.slice(4, 6)),
      (gateway) =>
        world.mutate(gateway, 'membershipCreate', {
          organization: { id: organizationId },
          user: { email: emails[6] },
        }),
    ]);
    return {
      acts,
      naive: people.map((person) => async (client) => {
        const { rowCount } = await client.query(taken, [id]);
        if (Number(rowCount) < SEATS) {
          await client.query(insertMember, [id, uuid('usr', person.id)]);
        }
      }),
      async wrong() {
        const members = await world.query(taken, [id]);
        return members.length === SEATS ? [] : members;
      },
    };
  },
};

export const everyWayIn: Scenario = {
  name: 'one person is invited, added and imported at once: one membership',
  answers: [
    'InvitationCreatePayload',
    'InvitationBulkCreatePayload',
    'ALREADY_INVITED',
    'ALREADY_MEMBER',
    'MembershipCreatePayload',
    'created',
    'changed',
    'unchanged',
  ],
  sabotage: 'DROP INDEX IF EXISTS membership_organization_id_user_id_key',
  async prepare(world, round) {
    const organizationId = await foundOrganization(world);
    // Nobody knows them yet, so that they are made by whoever is first.
    const email = `${fresh('every')}@example.com`;
    const id = uuid('org', organizationId);
    const { acts } = listen(round, [
      inviteOne(world, organizationId, email),
      (gateway) =>
        world.mutate(gateway, 'membershipCreate', {
          organization: { id: organizationId },
          user: { email },
        }),
      () => importMember(world, id, email),
      inviteMany(world, organizationId, [email, email.toUpperCase()]),
      inviteOne(world, organizationId, email),
    ]);
    const those = `SELECT membership.status FROM membership JOIN "user" ON "user".id = user_id
      WHERE organization_id = $1 AND email = $2`;
    const user = await world.query<{ id: string }>(
      `INSERT INTO "user" (id, email, name_key, search_text, created_at, updated_at)
       SELECT gen_random_uuid(), $1, '', '', now(), now() RETURNING id`,
      [`naive-${email}`],
    );
    return {
      acts,
      naive: Array.from({ length: 4 }, () => async (client) => {
        const { rowCount } = await client.query(those, [id, `naive-${email}`]);
        if (rowCount === 0) {
          await client.query(insertMember, [id, user[0]?.id]);
        }
      }),
      async wrong() {
        const memberships = await world.query(
          `SELECT status FROM membership WHERE organization_id = $1`,
          [id],
        );
        const open = await world.query(
          `SELECT id FROM invitation WHERE organization_id = $1 AND status <> 'ACCEPTED'`,
          [id],
        );
        return [
          ...(memberships.length === 1 && memberships[0]?.status === 'ACTIVE' ? [] : memberships),
          ...open,
        ];
      },
    };
  },
};

export const sameRowsTwice: Scenario = {
  name: 'the same new people are invited by two lists in two organizations at once: each once in each',
  answers: ['InvitationBulkCreatePayload'],
  sabotage: `DROP INDEX IF EXISTS membership_organization_id_user_id_key`,
  async prepare(world) {
    const organizations = await Promise.all([foundOrganization(world), foundOrganization(world)]);
    const emails = Array.from({ length: 5 }, () => `${fresh('list')}@example.com`);
    const people = await Promise.all([createUser(world), createUser(world)]);
    const all = [...emails, ...people.map(({ email }) => email)];
    const ids = organizations.map((id) => uuid('org', id));
    return {
      acts: [all, all.toReversed()].flatMap((list) =>
        organizations.map((id) => inviteMany(world, id, list)),
      ),
      naive: [people, people.toReversed()].map((list) => async (client) => {
        for (const { id } of list) {
          const { rowCount } = await client.query(
            'SELECT FROM membership WHERE organization_id = $1 AND user_id = $2',
            [ids[0], uuid('usr', id)],
          );
          if (rowCount === 0) {
            await client.query(insertMember, [ids[0], uuid('usr', id)]);
          }
        }
      }),
      async wrong() {
        const rows = await world.query(
          `SELECT email, organization_id, count(*)::int FROM membership JOIN "user" ON "user".id = user_id
           WHERE organization_id = ANY($1::uuid[]) GROUP BY 1, 2`,
          [ids],
        );
        const invited = await world.query(
          'SELECT id FROM invitation WHERE organization_id = ANY($1::uuid[])',
          [ids],
        );
        const isRight =
          rows.length === invited.length ? rows.length === 2 * all.length : invited.length === 0;
        return [...rows.filter(({ count }) => count > 1), ...(isRight ? [] : [{ rows }])];
      },
    };
  },
};

export const acceptedInTwoPlaces: Scenario = {
  name: 'one person who may have one membership accepts in two organizations at once: in one',
  answers: ['InvitationAcceptPayload', 'SINGLE_MEMBERSHIP'],
  setting: `UPDATE environment SET memberships_per_user = 'ONE'`,
  async prepare(world, round) {
    const organizations = await Promise.all([foundOrganization(world), foundOrganization(world)]);
    const { email, id } = await createUser(world);
    const offers = await Promise.all(organizations.map((place) => invite(world, place, { email })));
    const counting = `SELECT id FROM membership WHERE user_id = $1 AND status IN ('ACTIVE', 'SUSPENDED')`;
    const { acts, heard } = listen(
      round,
      offers.flatMap(({ token }) => [accept(world, token), accept(world, token)]),
    );
    return {
      acts,
      naive: offers.map((offer) => async (client) => {
        const { rowCount } = await client.query(counting, [uuid('usr', id)]);
        if (rowCount === 0) {
          await endNaively(offer, 'ACCEPTED')(client);
        }
      }),
      async wrong() {
        const memberships = await world.query(counting, [uuid('usr', id)]);
        const done = heard.filter((said) => said === 'InvitationAcceptPayload');
        const found = await Promise.all(organizations.map((place) => contradictions(world, place)));
        return [
          ...(memberships.length === 1 && (heard.length === 0 || done.length === 2)
            ? []
            : [{ memberships, heard }]),
          ...found.flat(),
        ];
      },
    };
  },
};

export const switchedToOne: Scenario = {
  name: 'one person is invited and accepts in two organizations while one becomes the most: in one then',
  answers: [
    'InvitationAcceptPayload',
    'SINGLE_MEMBERSHIP',
    'EnvironmentUpdatePayload',
    'MEMBERSHIPS_EXIST',
  ],
  async prepare(world, round) {
    // While there are memberships it cannot be switched.
    await world.query('DELETE FROM organization');
    await world.query('DELETE FROM event_detail');
    await world.query('UPDATE "user" SET membership_count = 0');
    await world.query(`UPDATE environment SET memberships_per_user = 'MANY'`);
    const organizations = await Promise.all([foundOrganization(world), foundOrganization(world)]);
    const { email, id } = await createUser(world);
    const { acts, heard } = listen(round, [
      ...organizations.map((organizationId) => async (gateway: number) => {
        const { token } = await inviteBy(world, gateway, organizationId, email);
        return accept(world, token)(gateway);
      }),
      async (gateway) => {
        await sleep(round % 8);
        return world.mutate(gateway, 'environmentUpdate', { membershipsPerUser: 'ONE' });
      },
    ]);
    return {
      acts,
      naive: [
        ...organizations.map(
          (place): ((client: import('pg').Client) => Promise<void>) =>
            async (client) => {
              const { rows } = await client.query('SELECT memberships_per_user FROM environment');
              if (rows[0].memberships_per_user === 'MANY') {
                await client.query(insertMember, [uuid('org', place), uuid('usr', id)]);
              }
            },
        ),
        async (client) => {
          const { rowCount } = await client.query('SELECT FROM membership');
          if (rowCount === 0) {
            await client.query(`UPDATE environment SET memberships_per_user = 'ONE'`);
          }
        },
      ],
      async wrong() {
        const wrong = await world.query(
          `SELECT membership.id FROM membership CROSS JOIN environment
           WHERE status = 'ACTIVE' AND (single_user_id IS NOT NULL) <> (memberships_per_user = 'ONE')`,
        );
        const [row] = await world.query<{ most: number; count: number }>(
          `SELECT CASE memberships_per_user WHEN 'ONE' THEN 1 ELSE 2 END AS most,
             (SELECT count(*)::int FROM membership WHERE status = 'ACTIVE') AS count FROM environment`,
        );
        return [
          ...wrong,
          ...(heard.length === 0 || row?.count === row?.most ? [] : [{ ...row, heard }]),
        ];
      },
    };
  },
};

async function inviteBy(
  world: TwoGateways,
  gateway: number,
  organizationId: string,
  email: string,
): Promise<{ token: string }> {
  const { invitation } = await world.mutate(
    gateway,
    'invitationCreate',
    { organizationId, email },
    '... on InvitationCreatePayload { invitation { id } }',
  );
  return { token: await goodToken(world, (invitation as { id: string }).id) };
}

export const crossedUsers: Scenario = {
  name: 'an inviter goes with what they offered, while both of them are invited elsewhere: nobody waits in a circle',
  answers: ['MembershipRemovePayload', 'InvitationBulkCreatePayload', 'InvitationAcceptPayload'],
  sabotage: 'DROP INDEX IF EXISTS membership_organization_id_user_id_key',
  async prepare(world, round) {
    const [here = '', there = ''] = await Promise.all([
      foundOrganization(world),
      foundOrganization(world),
    ]);
    // Whoever is known first is locked first.
    const guest = await createUser(world);
    const inviter = await createUser(world);
    const membershipId = await addMember(world, here, {
      user: { id: inviter.id },
      roleKeys: ['admin'],
    });
    const credential = await world.tokenOf(inviter.email);
    await invite(world, here, { email: guest.email }, credential);
    const { acts } = listen(round, [
      (gateway) =>
        world.mutate(gateway, 'membershipRemove', { membershipId, revokeInvitations: true }),
      inviteMany(world, there, [guest.email, inviter.email]),
    ]);
    const ids = [uuid('org', there), uuid('usr', guest.id)];
    const those = 'SELECT id FROM membership WHERE organization_id = $1 AND user_id = $2';
    return {
      acts,
      naive: Array.from({ length: 3 }, () => async (client) => {
        const { rowCount } = await client.query(those, ids);
        if (rowCount === 0) {
          await client.query(insertMember, ids);
        }
      }),
      async wrong() {
        const invited = await world.query(those, ids);
        return invited.length === 1 ? [] : [{ invited }];
      },
    };
  },
};
