/** Places with members of every kind, everybody who may look at them, and what their buttons do. */
import { decodeId, encodeId } from '../../src/domain/id.ts';
import type { OrganizationInput } from '../../src/domain/organization.ts';
import { BUILT_IN_ROLES } from '../../src/domain/permission.ts';
import { found, join } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import type { PeopleGateway } from '../support/people.ts';
import { makeRole, uuidOf } from './role-world.ts';

/** TypeIDs, but for the uuid. */
export type Place = {
  uuid: string;
  organizationId: string;
  roleId: string;
  /** Memberships by what they are. */
  targets: Record<string, string>;
};

/** Who looks: the credential, and their own membership there (TypeID), if they have one. */
export type Looker = { credential: string | null; own?: string };

export type MakeLooker = (world: PeopleGateway, place: Place) => Promise<Looker>;

/** An organization with settings, a role of its own, and a member of each kind. */
export async function makePlace(
  world: PeopleGateway,
  settings: OrganizationInput['settings'] = {},
): Promise<Place> {
  const uuid = await found(world, { settings });
  const organizationId = encodeId('org', uuid);
  const roleId = await makeRole(world, { organizationId });
  const targets: Record<string, string> = {};
  for (const [name, given] of Object.entries({
    owner: { roleKeys: ['owner'] },
    'suspended owner': { roleKeys: ['owner'], status: 'SUSPENDED' as const },
    admin: { roleKeys: ['admin'] },
    member: { roleKeys: ['member'] },
  })) {
    targets[name] = encodeId('mbr', (await join(world, uuid, given)).membershipId);
  }
  return { uuid, organizationId, roleId, targets };
}

/** A member there, by what `join` takes, with a token of these claims. */
export function person(given: Parameters<typeof join>[2], claims: object = {}): MakeLooker {
  return async (world, place) => {
    const { email, membershipId } = await join(world, place.uuid, given);
    const credential = await world.tokenOf(email, { ...claims });
    return { credential, own: encodeId('mbr', membershipId) };
  };
}

/** The same member, whom the organization's rules for signing in do not bind. */
export function breakglass(make: MakeLooker): MakeLooker {
  return async (world, place) => {
    const looker = await make(world, place);
    await world.query('UPDATE membership SET is_breakglass = true WHERE id = $1', [
      decodeId('mbr', looker.own ?? ''),
    ]);
    return looker;
  };
}

/** A member with a role of these permissions. */
export function personWith(...permissions: string[]): MakeLooker {
  return async (world, place) => {
    const roleId = await makeRole(world, { organizationId: place.organizationId, permissions });
    return person({ roleIds: [uuidOf(roleId)] })(world, place);
  };
}

/** A key of the environment, or of the organization. */
export function key(bound: 'environment' | 'organization', ...permissions: string[]): MakeLooker {
  return async (world, { uuid }) => ({
    credential: await keyWith(world, permissions, bound === 'organization' ? uuid : undefined),
  });
}

/** Somebody who owns another organization. */
export async function outsider(world: PeopleGateway): Promise<Looker> {
  const { credential } = await person({ roleKeys: ['owner'] })(world, await makePlace(world));
  return { credential };
}

/** A key that may do everything elsewhere. */
export async function foreignKey(world: PeopleGateway): Promise<Looker> {
  return key('organization', ...BUILT_IN_ROLES.owner)(world, await makePlace(world));
}

/** No row ever gets to this version, so that nothing changes. */
const NEVER = 'expectedVersion: 2147483647';

type Button = {
  /** What it takes. */
  permission: string;
  /** What it does: acts, with what else is in their inputs. */
  acts: Record<string, string>;
};

export const MEMBERSHIP_BUTTONS: Record<string, Button> = {
  viewerCanUpdate: { permission: 'membership:update', acts: { membershipUpdate: 'name: "New"' } },
  viewerCanSuspend: {
    permission: 'membership:suspend',
    acts: { membershipSuspend: '', membershipReinstate: '' },
  },
  viewerCanRemove: {
    permission: 'membership:remove',
    acts: { membershipRemove: '', membershipReactivate: '' },
  },
  viewerCanAssignRoles: {
    permission: 'role:assign',
    acts: {
      membershipRoleAssign: 'roleKeys: ["member"]',
      membershipRoleUnassign: 'roleKeys: ["member"]',
    },
  },
};

export const ORGANIZATION_BUTTONS: Record<string, string[]> = {
  viewerCanUpdate: ['organizationUpdate'],
  viewerCanInvite: ['invitationCreate'],
  viewerCanDelete: ['organizationDelete'],
  viewerCanManageRoles: ['roleCreate', 'roleUpdate', 'roleDelete'],
};

/** What is allowed ends in one of these, and what is not in one of those: a third code is a mistake of this table. */
export const ALLOWED = ['CONFLICT', 'INVALID_INPUT'];
export const REFUSED = ['FORBIDDEN', 'NOT_FOUND', 'AUTH_METHOD_NOT_ALLOWED', 'MFA_REQUIRED'];

export type Buttons = Record<string, boolean>;

export type Seen = {
  organization:
    | (Omit<Buttons, 'viewerMembership'> & { viewerMembership: { id: string } | null })
    | null;
  permissions: string[];
  memberships: Record<string, Buttons | null>;
};

/** What the looker is shown of the organization and of the targets. */
export async function look(
  world: PeopleGateway,
  { organizationId }: Place,
  credential: string | null,
  targets: Record<string, string>,
): Promise<Seen> {
  const fields = Object.keys(MEMBERSHIP_BUTTONS).join(' ');
  const names = Object.keys(targets);
  const asked = names.map(
    (name, at) => `t${at}: membership(by: { id: "${targets[name]}" }) { ${fields} }`,
  );
  const { data, errors } = await world.ask<
    { viewer: { permissions: string[] }; organization: Seen['organization'] } & {
      [alias: `t${number}`]: Buttons | null;
    }
  >(
    `{ organization(by: { id: "${organizationId}" }) {
        viewerCanUpdate viewerCanInvite viewerCanDelete viewerCanManageRoles viewerMembership { id }
      }
      viewer { permissions(organizationId: "${organizationId}") }
      ${asked.join('\n')} }`,
    {},
    credential,
  );
  if (!data || errors) {
    throw new Error(JSON.stringify(errors));
  }
  const { organization, viewer } = data;
  const memberships = names.map((name, at) => [name, data[`t${at}`] ?? null]);
  return { organization, ...viewer, memberships: Object.fromEntries(memberships) };
}

/**
 * The code that each act ends in, by `<target> | <button> | <act>`: the first act of each button, or all of them. None
 * changes anything: the version is wrong, or the input.
 */
export async function tryActs(
  world: PeopleGateway,
  { organizationId, roleId }: Place,
  credential: string | null,
  targets: Record<string, string>,
  isThorough: boolean,
): Promise<Record<string, string | undefined>> {
  const some = <Act>(acts: Act[]) => (isThorough ? acts : acts.slice(0, 1));
  const inputs: Record<string, string> = {
    organizationUpdate: `organization: { id: "${organizationId}" }, displayName: "Another", ${NEVER}`,
    organizationDelete: `organizationId: "${organizationId}", confirmSlug: "another", ${NEVER}`,
    invitationCreate: `organizationId: "${organizationId}", email: ""`,
    roleCreate: `organizationId: "${organizationId}", key: "", displayName: "", permissions: []`,
    roleUpdate: `roleId: "${roleId}", displayName: "Another", ${NEVER}`,
    roleDelete: `roleId: "${roleId}", ${NEVER}`,
  };
  const acts = [
    ...Object.entries(ORGANIZATION_BUTTONS).flatMap(([button, names]) =>
      some(names).map((act) => [`organization | ${button} | ${act}`, act, inputs[act]]),
    ),
    ...Object.entries(targets).flatMap(([target, id]) =>
      Object.entries(MEMBERSHIP_BUTTONS).flatMap(([button, does]) =>
        some(Object.entries(does.acts)).map(([act, input]) => [
          `${target} | ${button} | ${act}`,
          act,
          `membershipId: "${id}", ${input}, ${NEVER}`,
        ]),
      ),
    ),
  ];
  const asked = acts.map(
    ([, act, input], at) => `a${at}: ${act}(input: { ${input} }) { ... on Error { code } }`,
  );
  const { data, errors } = await world.ask<Record<string, { code?: string }>>(
    `mutation { ${asked.join('\n')} }`,
    {},
    credential,
  );
  if (!data || errors) {
    throw new Error(JSON.stringify(errors));
  }
  return Object.fromEntries(acts.map(([name], at) => [name, data[`a${at}`]?.code]));
}
