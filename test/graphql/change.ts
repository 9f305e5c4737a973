/** How the tests of mutations on members ask, and what they look at afterwards. */
import { expect } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import type { TestDatabase } from '../support/database.ts';
import type { TestGateway } from '../support/gateway.ts';

/** The uuid of a membership, as `join` returns it. */
type Member = { membershipId: string };

const shown = `id version status name givenName familyName pictureUrl locale emailAddress emailVerified externalId
  metadata untrustedMetadata isBreakglass user { id } roleAssignments { source role { key } }`;

const payloads = {
  MembershipUpdate: `membership { ${shown} }`,
  MembershipRoleAssign: `membership { ${shown} }`,
  MembershipRoleUnassign: `membership { ${shown} }`,
  OwnershipTransfer: `fromMembership { ${shown} } toMembership { ${shown} }`,
};

// Every refusal may be asked of the interface, where a union refuses those that it does not have.
const refusal = `... on Error {
  code
  ... on ForbiddenError { permission }
  ... on InputError { issues { path message } }
  ... on ConflictError { currentVersion }
  ... on DuplicateError { field existing { id } }
  ... on InvalidTransitionError { status }
  ... on LastOwnerError { organizations { id } }
  ... on RoleTooHighError { permissions }
  ... on WrongIdentityModelError { identityModel }
}`;

/** What a mutation answers: its payload, or its refusal. */
export async function change(
  world: TestGateway,
  name: keyof typeof payloads,
  input: Record<string, unknown>,
  credential: string = world.key,
): Promise<unknown> {
  const field = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  const { data, errors } = await world.ask<{ result: unknown }>(
    `mutation ($input: ${name}Input!) {
      result: ${field}(input: $input) { ${refusal} ... on ${name}Payload { ${payloads[name]} } }
    }`,
    { input },
    credential,
  );
  expect(errors).toBeUndefined();
  return data?.result;
}

/** The TypeID of a membership. */
export function mbr({ membershipId }: Member): string {
  return encodeId('mbr', membershipId);
}

/** What is stored of a membership besides what the payload shows. */
export async function stored(world: TestDatabase, { membershipId }: Member) {
  const [row] = await world.query<{
    version: number;
    nameKey: string;
    emailKey: string;
    searchText: string;
    singleUserId: string | null;
  }>(
    `SELECT version, name_key AS "nameKey", email_key AS "emailKey", search_text AS "searchText",
       single_user_id AS "singleUserId"
     FROM membership WHERE id = $1`,
    [membershipId],
  );
  return row;
}

/** What happened to a membership besides moves from status to status, oldest first. */
export function eventsOf(
  world: TestDatabase,
  { membershipId }: Member,
): Promise<{ type: string; cause: string; userId: string; detail: unknown }[]> {
  return world.query(
    `SELECT type, cause, event.user_id AS "userId", detail
     FROM event LEFT JOIN event_detail ON event_id = id AND event_detail.user_id = event.user_id
       AND event_detail.membership_id = event.membership_id
     WHERE event.membership_id = $1 AND type <> 'MEMBERSHIP_STATUS_CHANGED' ORDER BY sequence`,
    [membershipId],
  );
}

/** Sets the model of an environment that has no memberships yet. */
export async function setModel(
  world: TestDatabase,
  identityModel: 'SHARED' | 'ISOLATED',
  membershipsPerUser: 'MANY' | 'ONE',
): Promise<void> {
  await world.query(
    `UPDATE environment SET identity_model = $1::identity_model,
       memberships_per_user = $2::memberships_per_user`,
    [identityModel, membershipsPerUser],
  );
}
