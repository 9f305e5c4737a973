/** Members that come and go at once. */
import type pg from 'pg';
import { fresh } from '../domain/world.ts';
import {
  addMember,
  createUser,
  foundOrganization,
  importMember,
  insertMember,
  uuid,
} from './cast.ts';
import type { Scenario } from './scenario.ts';

const waysOut = ['membershipRemove', 'membershipSuspend', 'membershipDelete', 'unassign'] as const;

export const ownersLeave: Scenario = {
  name: 'two owners go at once, in every pair of ways: one remains',
  answers: [
    'LastOwnerError',
    'MembershipRemovePayload',
    'MembershipSuspendPayload',
    'MembershipDeletePayload',
    'MembershipRoleUnassignPayload',
  ],
  async prepare(world, round) {
    const organizationId = await foundOrganization(world);
    const ends = [waysOut[round % 4], waysOut[Math.floor(round / 4) % 4]];
    const owners = await Promise.all(
      ends.map(async (way) => {
        const email = `${fresh('owner')}@example.com`;
        const id = await addMember(world, organizationId, {
          user: { email },
          roleKeys: ['owner'],
        });
        return { id, email, way };
      }),
    );
    const owned = `
      SELECT membership.id FROM membership JOIN role_assignment ON membership_id = membership.id
      JOIN role ON role.id = role_id
      WHERE membership.organization_id = $1 AND status = 'ACTIVE' AND key = 'owner' AND source = 'DIRECT'`;
    return {
      acts: owners.map(({ id, email, way }) => (gateway) => {
        const membershipId = id;
        return way === 'unassign'
          ? world.mutate(gateway, 'membershipRoleUnassign', { membershipId, roleKeys: ['owner'] })
          : world.mutate(gateway, way ?? '', {
              membershipId,
              ...(way === 'membershipDelete' && { confirmEmail: email }),
            });
      }),
      naive: owners.map(({ id }) => async (client) => {
        const { rowCount } = await client.query(owned, [uuid('org', organizationId)]);
        if (Number(rowCount) > 1) {
          await client.query(`UPDATE membership SET status = 'REMOVED' WHERE id = $1`, [
            uuid('mbr', id),
          ]);
        }
      }),
      async wrong() {
        const owners = await world.query(owned, [uuid('org', organizationId)]);
        return owners.length > 0 ? [] : [{ organizationId }];
      },
    };
  },
};

const SEATS = 3;

export const lastSeat: Scenario = {
  name: 'many are added at the last seats: no more than there are',
  answers: ['MembershipCreatePayload', 'SeatLimitError'],
  async prepare(world) {
    const organizationId = await foundOrganization(world, { seatLimit: SEATS });
    const id = uuid('org', organizationId);
    const taken = `SELECT id FROM membership WHERE organization_id = $1 AND status = 'ACTIVE'`;
    const people = await Promise.all(Array.from({ length: 6 }, () => createUser(world)));
    return {
      acts: people.map(
        ({ email }) =>
          (gateway) =>
            world.mutate(gateway, 'membershipCreate', {
              organization: { id: organizationId },
              user: { email },
            }),
      ),
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

export const onePerUser: Scenario = {
  name: 'two organizations add one person who may have one membership: one gets them',
  answers: ['MembershipCreatePayload', 'SingleMembershipError'],
  setting: `UPDATE environment SET memberships_per_user = 'ONE'`,
  async prepare(world) {
    const organizations = await Promise.all([foundOrganization(world), foundOrganization(world)]);
    const person = await createUser(world);
    const counting = `SELECT id FROM membership WHERE user_id = $1 AND status IN ('ACTIVE', 'SUSPENDED')`;
    const userId = uuid('usr', person.id);
    return {
      acts: organizations.map(
        (id) => (gateway) =>
          world.mutate(gateway, 'membershipCreate', {
            organization: { id },
            user: { email: person.email },
          }),
      ),
      naive: organizations.map((id) => async (client) => {
        const { rowCount } = await client.query(counting, [userId]);
        if (rowCount === 0) {
          await client.query(insertMember, [uuid('org', id), userId]);
        }
      }),
      async wrong() {
        const memberships = await world.query(counting, [userId]);
        return memberships.length === 1 ? [] : memberships;
      },
    };
  },
};

export const addedTwice: Scenario = {
  name: 'one person is added and imported at once: one membership',
  answers: ['MembershipCreatePayload', 'AlreadyMemberError', 'created', 'unchanged'],
  sabotage: 'DROP INDEX membership_organization_id_user_id_key',
  async prepare(world) {
    const organizationId = await foundOrganization(world);
    const person = await createUser(world);
    const ids = [uuid('org', organizationId), uuid('usr', person.id)];
    const those = 'SELECT id FROM membership WHERE organization_id = $1 AND user_id = $2';
    return {
      acts: Array.from(
        { length: 4 },
        (_, index) => (gateway: number) =>
          index < 2
            ? world.mutate(gateway, 'membershipCreate', {
                organization: { id: organizationId },
                user: { email: person.email.toUpperCase() },
              })
            : importMember(world, ids[0] ?? '', person.email),
      ),
      naive: Array.from({ length: 4 }, () => async (client: pg.Client) => {
        const { rowCount } = await client.query(those, ids);
        if (rowCount === 0) {
          await client.query(insertMember, ids);
        }
      }),
      async wrong() {
        const memberships = await world.query(those, ids);
        return memberships.length === 1 ? [] : memberships;
      },
    };
  },
};
