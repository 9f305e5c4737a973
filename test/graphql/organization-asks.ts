/** The mutations of organizations, asked in full. */
import { encodeId } from '../../src/domain/id.ts';
import type { TestGateway } from '../support/gateway.ts';

type Input = Record<string, unknown>;

/** What came of a mutation: the payload or the refusal, with `__typename`. */
export type Result = { __typename: string; code?: string } & Record<string, unknown>;

const REFUSALS = `__typename ... on Error { code } ... on ForbiddenError { permission }
  ... on InputError { issues { path message } } ... on BusyError { retryAfterMs }`;

const ORGANIZATION = `organization {
  id displayName slug logoUrl externalId metadata version seats { limit used }
  settings {
    emailInvites emailJitProvisioning allowedDomains authMethods allowedAuthMethods mfaPolicy
    creatorRole { key } memberRole { key }
  }
}`;

const MUTATIONS = {
  organizationCreate: `${REFUSALS} ... on DuplicateError { field existing { id } }
    ... on RoleTooHighError { permissions } ... on SeatLimitError { seatLimit }
    ... on OrganizationCreatePayload {
      ${ORGANIZATION} membership { status provisioningMethod emailAddress roles { key } roleAssignments { source } }
    }`,
  organizationUpdate: `${REFUSALS} ... on DuplicateError { field existing { id } }
    ... on RoleTooHighError { permissions } ... on ConflictError { currentVersion }
    ... on OrganizationUpdatePayload { ${ORGANIZATION} }`,
  organizationDelete: `${REFUSALS} ... on ConflictError { currentVersion }
    ... on OrganizationDeletePayload { deletedOrganizationId }`,
  environmentUpdate: `${REFUSALS} ... on RoleTooHighError { permissions } ... on ConflictError { currentVersion }
    ... on MembershipsExistError { memberships }
    ... on EnvironmentUpdatePayload {
      environment {
        identityModel membershipsPerUser organizationLabel { singular plural } organizationCreation
        invitationLifetime creatorRole { key } memberRole { key } version
      }
    }`,
};

/** Does one mutation. Throws when the answer has errors besides what the union holds. */
export async function change(
  world: TestGateway,
  name: keyof typeof MUTATIONS,
  input: Input,
  credential?: string | null,
): Promise<Result> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const { data, errors } = await world.ask<Record<string, Result>>(
    `mutation ($input: ${type}!) { ${name}(input: $input) { ${MUTATIONS[name]} } }`,
    { input },
    credential,
  );
  const result = data?.[name];
  if (errors !== undefined || result === undefined) {
    throw new Error(`${name} failed: ${JSON.stringify(errors)}`);
  }
  return result;
}

/** The paths of the issues of an InputError, else what the result is. */
export function wrong(result: Result): string[] {
  return result.__typename === 'InputError'
    ? (result.issues as { path: string[] }[]).map(({ path }) => path.join('.'))
    : [result.__typename];
}

/** The events of an organization (uuid), or of the environment for null, with what they tell. */
export async function told(
  world: TestGateway,
  organizationId: string | null,
): Promise<{ type: string; cause: string; detail: unknown }[]> {
  return await world.query(
    `SELECT type, cause, detail FROM event LEFT JOIN event_detail ON event_id = event.id
     WHERE organization_id IS NOT DISTINCT FROM $1 ORDER BY sequence, position`,
    [organizationId],
  );
}

/** A new role's uuid and id; without an organization (uuid) one of the environment. */
export async function makeRole(
  world: TestGateway,
  key: string,
  permissions: string[],
  organizationId: string | null = null,
): Promise<{ uuid: string; id: string }> {
  const [role] = await world.query<{ id: string }>(
    `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
     VALUES (gen_random_uuid(), coalesce($2::uuid, '00000000-0000-0000-0000-000000000000'), $2, $1, $1, $3, now(), now())
     RETURNING id`,
    [key, organizationId, permissions],
  );
  const uuid = role?.id ?? '';
  return { uuid, id: encodeId('rol', uuid) };
}
