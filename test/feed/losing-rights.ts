/** An organization whose events somebody follows, and the ways to lose the right to. */
import { encodeId } from '../../src/domain/id.ts';
import { fresh, join } from '../domain/world.ts';
import type { PeopleGateway } from '../support/people.ts';
import { change, place } from './feed-world.ts';

export type Person = { membershipId: string; userId: string; email: string; token: string };

/** Somebody who joins an organization (uuid) and signs in. */
export async function enter(
  world: PeopleGateway,
  organization: string,
  roleKeys: string[],
): Promise<Person> {
  const { membershipId, userId, email } = await join(world, organization, { roleKeys });
  const token = await world.tokenOf(email);
  // First sign-ins are events of the organization.
  await world.ask('{ __typename }', {}, token);
  return {
    membershipId: encodeId('mbr', membershipId),
    userId: encodeId('usr', userId),
    email,
    token,
  };
}

export type Case = {
  world: PeopleGateway;
  organizationId: string;
  uuid: string;
  owner: Person;
  watcher: Person;
  /** A role of the organization that lets follow its events; the watcher has it and no other. */
  roleId: string;
  /** One that does not. */
  heirId: string;
};

/** An organization with somebody who may follow its events, and who is about to lose that. */
export async function scene(world: PeopleGateway): Promise<Case> {
  const { uuid, id: organizationId } = await place(world);
  const owner = await enter(world, uuid, ['owner']);
  const make = async (key: string, permissions: string[]) => {
    const { role } = await change<{ role: { id: string } }>(
      world,
      'roleCreate',
      { organizationId, key, displayName: key, permissions },
      { selection: 'role { id }' },
    );
    return role.id;
  };
  const key = fresh('watcher');
  const roleId = await make(key, ['event:read', 'organization:read', 'membership:read']);
  const heirId = await make(fresh('heir'), ['organization:read']);
  const watcher = await enter(world, uuid, [key]);
  return { world, organizationId, uuid, owner, watcher, roleId, heirId };
}

/** Each way to lose the right, with the code that the stream ends with. */
type Ways = Record<string, [code: string, lose: (scene: Case) => Promise<unknown>]>;

/** Does it as the owner. */
export const by = ({ world, owner }: Case, name: string, input: object) =>
  change(world, name, input, { credential: owner.token });

export const byTheApi: Ways = {
  'is removed': [
    'FORBIDDEN',
    (at) => by(at, 'membershipRemove', { membershipId: at.watcher.membershipId }),
  ],
  'is suspended': [
    'FORBIDDEN',
    (at) => by(at, 'membershipSuspend', { membershipId: at.watcher.membershipId }),
  ],
  leaves: [
    'FORBIDDEN',
    ({ world, watcher }) =>
      change(
        world,
        'membershipLeave',
        { membershipId: watcher.membershipId },
        { credential: watcher.token },
      ),
  ],
  'loses the role': [
    'FORBIDDEN',
    (at) =>
      by(at, 'membershipRoleUnassign', {
        membershipId: at.watcher.membershipId,
        roleIds: [at.roleId],
      }),
  ],
  'has a role that is edited': [
    'FORBIDDEN',
    (at) =>
      by(at, 'roleUpdate', {
        roleId: at.roleId,
        permissions: ['organization:read', 'membership:read'],
      }),
  ],
  'has a role that goes to an heir': [
    'FORBIDDEN',
    (at) => by(at, 'roleDelete', { roleId: at.roleId, reassignToRoleId: at.heirId }),
  ],
  'has a membership that is deleted': [
    'FORBIDDEN',
    (at) =>
      by(at, 'membershipDelete', {
        membershipId: at.watcher.membershipId,
        confirmEmail: at.watcher.email,
      }),
  ],
  'is deleted': [
    'UNAUTHENTICATED',
    ({ world, watcher }) =>
      change(world, 'userDelete', { userId: watcher.userId, confirmEmail: watcher.email }),
  ],
  'loses the account': [
    'UNAUTHENTICATED',
    ({ world, watcher }) =>
      change(world, 'identityUnlink', {
        userId: watcher.userId,
        issuer: world.issuer.issuer,
        subject: watcher.email,
      }),
  ],
  'has an organization that is deleted': [
    'FORBIDDEN',
    async (at) => {
      const { data } = await at.world.ask<{ organization: { slug: string } }>(
        'query ($id: ID!) { organization(by: { id: $id }) { slug } }',
        { id: at.organizationId },
      );
      return by(at, 'organizationDelete', {
        organizationId: at.organizationId,
        confirmSlug: data?.organization.slug,
      });
    },
  ],
  'signed in by a way that is not allowed any more': [
    'AUTH_METHOD_NOT_ALLOWED',
    ({ world, organizationId }) =>
      change(world, 'organizationUpdate', {
        organization: { id: organizationId },
        settings: { authMethods: 'RESTRICTED', allowedAuthMethods: ['PASSWORD'] },
      }),
  ],
  'signed in without a second factor': [
    'MFA_REQUIRED',
    ({ world, organizationId }) =>
      change(world, 'organizationUpdate', {
        organization: { id: organizationId },
        settings: { mfaPolicy: 'REQUIRED' },
      }),
  ],
};

const uuidOf = (at: Case) => [at.watcher.email, at.uuid];
const OF_WATCHER = `user_id = (SELECT id FROM "user" WHERE email = $1) AND organization_id = $2`;

export const bySql: Ways = {
  'is removed': [
    'FORBIDDEN',
    (at) => at.world.query(`DELETE FROM membership WHERE ${OF_WATCHER}`, uuidOf(at)),
  ],
  'loses all roles': [
    'FORBIDDEN',
    (at) =>
      at.world.query(
        `DELETE FROM role_assignment WHERE membership_id IN (SELECT id FROM membership WHERE ${OF_WATCHER})`,
        uuidOf(at),
      ),
  ],
  'loses the account': [
    'UNAUTHENTICATED',
    ({ world, watcher }) => world.query('DELETE FROM identity WHERE subject = $1', [watcher.email]),
  ],
};
