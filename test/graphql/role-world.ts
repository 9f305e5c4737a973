/** What the tests of roles, permissions and keys have in common. */
import { settleDeadlines } from '../../src/domain/deadline.ts';
import { decodeId } from '../../src/domain/id.ts';
import { inviteMembers } from '../../src/domain/invitation.ts';
import { single } from '../../src/domain/outcome.ts';
import { act, fresh } from '../domain/world.ts';
import type { TestDatabase } from '../support/database.ts';
import type { TestGateway } from '../support/gateway.ts';

/** What a mutation answered: `__typename` and what was asked of it. */
export type Result = { __typename: string; [field: string]: unknown };

const payloads: Record<string, string> = {
  roleCreate: 'role { id key displayName description permissions effectivePermissions version }',
  roleUpdate: 'role { id displayName description permissions effectivePermissions version }',
  roleDelete: 'deletedRoleId',
  permissionCreate: 'permission { name description isBuiltIn }',
  permissionUpdate: 'permission { name description isBuiltIn }',
  permissionDelete: 'deletedPermissionName',
  apiKeyCreate: 'secret apiKey { id name permissions expiresAt organization { id } }',
  apiKeyRevoke: 'apiKey { id revokedAt }',
};

const refusals: Record<string, string> = {
  roleCreate:
    '... on RoleTooHighError { permissions } ... on DuplicateError { field existing { id } }',
  roleUpdate: '... on RoleTooHighError { permissions } ... on ConflictError { currentVersion }',
  roleDelete: `... on RoleInUseError { memberships invitations roles defaults }
    ... on RoleTooHighError { permissions } ... on ConflictError { currentVersion }`,
  permissionCreate: '... on DuplicateError { field existing { id } }',
  permissionDelete: '... on PermissionInUseError { roles apiKeys }',
  apiKeyCreate: '... on RoleTooHighError { permissions }',
};

/** Sends a mutation, with the first key unless another is given, and returns what came of it. */
export async function send(
  world: TestGateway,
  name: keyof typeof payloads,
  input: Record<string, unknown>,
  key?: string | null,
): Promise<Result> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const { data, errors } = await world.ask<{ result: Result }>(
    `mutation ($input: ${type}Input!) { result: ${name}(input: $input) {
      __typename
      ... on ${type}Payload { ${payloads[name]} }
      ... on Error { code message }
      ... on InputError { issues { path message } }
      ... on ForbiddenError { needed: permission }
      ${refusals[name] ?? ''}
    } }`,
    { input },
    key,
  );
  if (!data) {
    throw new Error(JSON.stringify(errors));
  }
  return data.result;
}

/** Makes a role and returns its TypeID. */
export async function makeRole(
  world: TestGateway,
  input: Record<string, unknown> = {},
): Promise<string> {
  const made = await send(world, 'roleCreate', {
    key: fresh('role'),
    displayName: 'A role',
    permissions: [],
    ...input,
  });
  const { role } = made as { role?: { id: string } };
  if (role === undefined) {
    throw new Error(JSON.stringify(made));
  }
  return role.id;
}

/** The effective permissions of a role, as everybody with its TypeID in hand reads them. */
export async function givenBy(world: TestGateway, id: string): Promise<string[]> {
  const { data } = await world.ask<{ node: { effectivePermissions: string[] } }>(
    'query ($id: ID!) { node(id: $id) { ... on Role { effectivePermissions } } }',
    { id },
  );
  return data?.node.effectivePermissions ?? [];
}

/** The paths that an InputError complains of, and what else the result is. */
export function complaints(result: Result): string[] {
  const { issues = [] } = result as { issues?: { path: string[] }[] };
  return result.__typename === 'InputError'
    ? issues.map(({ path }) => path.join('.'))
    : [result.__typename];
}

/** How many events of callers there are: the sweeper writes some of its own whenever it comes by. */
export async function countEvents(world: TestDatabase): Promise<number> {
  const [row] = await world.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM event WHERE actor_kind <> 'SYSTEM'`,
  );
  return row?.count ?? 0;
}

/** The latest events of callers, newest first. */
export function latestEvents(world: TestDatabase, count: number) {
  return world.query<{
    type: string;
    cause: string;
    organization_id: string | null;
    role_id: string | null;
    api_key_id: string | null;
    actor_kind: string;
    detail: Record<string, unknown> | null;
  }>(
    `SELECT type, cause, organization_id, role_id, api_key_id, actor_kind, detail
     FROM event LEFT JOIN event_detail ON event_id = event.id WHERE actor_kind <> 'SYSTEM'
     ORDER BY transaction_id DESC, position DESC LIMIT $1`,
    [count],
  );
}

/** Invites somebody with these roles (uuids); returns the uuid of the invitation, and whom it is for. */
export async function invite(
  world: TestDatabase,
  organizationId: string,
  roleIds: string[],
): Promise<{ id: string; email: string }> {
  const email = `${fresh('invited')}@example.com`;
  const { membershipId } = single(
    await act(world, [organizationId], (tx) =>
      inviteMembers(tx, [{ organizationId, email, roleIds }], { isSent: false }),
    ),
  );
  const [row] = await world.query<{ id: string }>(
    'SELECT id FROM invitation WHERE membership_id = $1',
    [membershipId],
  );
  return { id: row?.id ?? '', email };
}

/** Lets the invitations of the organization (uuid) expire that are open, and says so in their rows. */
export async function expireInvitations(
  world: TestDatabase,
  organizationId: string,
): Promise<void> {
  const later = 31 * 24 * 3_600_000;
  await act(world, [organizationId], (tx) => settleDeadlines(tx, [organizationId]), later);
}

/** The uuid of a role's TypeID. */
export function uuidOf(roleId: string): string {
  return decodeId('rol', roleId) ?? '';
}
