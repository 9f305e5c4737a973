/** Members with roles of every kind, and what is explained of them. */
import { decodeId, encodeId, NIL_UUID } from '../../src/domain/id.ts';
import { fresh, join } from '../domain/world.ts';
import type { PeopleGateway } from '../support/people.ts';
import { makeRole, send, uuidOf } from './role-world.ts';

export type Explanation = {
  allowed: boolean;
  permission: string;
  grants: { role: { key: string }; through: { key: string }[]; source: string; matches: string }[];
  refusal: string | null;
};

/** The application's own permissions. */
export const OF_APPLICATION = ['invoice:approve', 'invoice:read', 'report:read'];

export async function addPermissions(world: PeopleGateway): Promise<void> {
  for (const name of OF_APPLICATION) {
    await send(world, 'permissionCreate', { name });
  }
}

export type Explained = {
  /** In the order that they were asked for. */
  explained: (Explanation | null)[];
  /** Of the membership, where they may be seen. */
  permissions: string[] | undefined;
  /** The caller's own there. */
  viewers: string[];
};

/** Explains permissions of a membership (TypeID), and tells what else says who has which. */
export async function explain(
  world: PeopleGateway,
  membershipId: string,
  permissions: readonly string[],
  credential?: string | null,
): Promise<Explained> {
  const asked = permissions.map(
    (_, at) => `p${at}: explainAccess(membershipId: $id, permission: $p${at}) { ...Explained }`,
  );
  const { data, errors } = await world.ask<
    {
      membership: { permissions: string[] } | null;
      viewer: { permissions: string[] };
    } & { [alias: `p${number}`]: Explanation | null }
  >(
    `query ($id: ID!, $organization: ID!, ${permissions.map((_, at) => `$p${at}: String!`).join(', ')}) {
      ${asked.join('\n')}
      membership(by: { id: $id }) { permissions }
      viewer { permissions(organizationId: $organization) }
    }
    fragment Explained on AccessExplanation {
      allowed permission grants { role { key } through { key } source matches } refusal
    }`,
    {
      id: membershipId,
      organization: await organizationOf(world, membershipId),
      ...Object.fromEntries(permissions.map((name, at) => [`p${at}`, name])),
    },
    credential,
  );
  if (!data || errors) {
    throw new Error(JSON.stringify(errors));
  }
  return {
    explained: permissions.map((_, at) => data[`p${at}`] ?? null),
    permissions: data.membership?.permissions,
    viewers: data.viewer.permissions,
  };
}

/** The TypeID of a membership's organization; of any, when there is no such membership. */
async function organizationOf(world: PeopleGateway, membershipId: string): Promise<string> {
  const [row] = await world.query<{ id: string }>(
    'SELECT organization_id AS id FROM membership WHERE id = $1',
    [decodeId('mbr', membershipId)],
  );
  return encodeId('org', row?.id ?? NIL_UUID);
}

/** A role of the organization (uuid): its permissions, and those of the roles that it extends, nearest first. */
export async function makeLine(
  world: PeopleGateway,
  organizationId: string,
  ...line: (string[] | { id: string })[]
): Promise<string> {
  let extendsRoleId: string | null = null;
  for (const link of line.toReversed()) {
    extendsRoleId = Array.isArray(link)
      ? await makeRole(world, {
          organizationId: encodeId('org', organizationId),
          key: fresh('role'),
          permissions: link,
          extendsRoleId,
        })
      : link.id;
  }
  return extendsRoleId ?? '';
}

export type Person = { membershipId: string; uuid: string; token: string };

/** A member with these roles (TypeIDs), and their token. */
export async function memberWith(
  world: PeopleGateway,
  organizationId: string,
  roleIds: string[],
  given: Parameters<typeof join>[2] = {},
): Promise<Person> {
  const member = await join(world, organizationId, { roleIds: roleIds.map(uuidOf), ...given });
  const { email, membershipId: uuid } = member;
  return { membershipId: encodeId('mbr', uuid), uuid, token: await world.tokenOf(email) };
}

/** Gives the role (TypeID) once more, from another source. */
export async function giveAgain(
  world: PeopleGateway,
  { uuid }: Person,
  roleId: string,
  source: string,
): Promise<void> {
  await world.query(
    `INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind,
       granted_at)
     SELECT m.organization_id, m.id, r.scope_id, r.id, $3::role_source, 'SYSTEM', now()
     FROM membership m, role r WHERE m.id = $1 AND r.id = $2`,
    [uuid, decodeId('rol', roleId), source],
  );
}
