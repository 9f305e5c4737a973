/** The mutations of users, asked with everything that their results can say. */
import type { TestGateway } from '../support/gateway.ts';

const userPayload =
  'user { id email emailVerified externalId name givenName familyName pictureUrl locale metadata untrustedMetadata version identities { issuer subject email authMethod } }';

const payloads = {
  userCreate: userPayload,
  userUpdate: userPayload,
  userDelete: 'deletedUserId',
  identityLink: userPayload,
  identityUnlink: userPayload,
};

const refusals = {
  InputError: 'issues { path message }',
  ForbiddenError: 'permission',
  ConflictError: 'currentVersion',
  DuplicateError: 'field existing { id }',
  LastOwnerError: 'organizations { id }',
  WrongIdentityModelError: 'identityModel',
};

type Refusal = keyof typeof refusals;

const everywhere: Refusal[] = ['InputError', 'ForbiddenError'];

const refusalsOf: Record<keyof typeof payloads, Refusal[]> = {
  userCreate: ['DuplicateError', 'WrongIdentityModelError'],
  userUpdate: ['ConflictError', 'DuplicateError', 'WrongIdentityModelError'],
  userDelete: ['ConflictError', 'LastOwnerError'],
  identityLink: ['ConflictError', 'DuplicateError'],
  identityUnlink: ['ConflictError'],
};

export type UserFields = {
  id: string;
  email: string;
  emailVerified: boolean;
  externalId: string | null;
  name: string | null;
  metadata: Record<string, unknown>;
  version: number;
  identities: { issuer: string; subject: string }[];
};

export type Said = {
  __typename: string;
  /** Of a refusal. */
  code?: string;
  message?: string;
  issues?: { path: string[]; message: string }[];
  existing?: { id: string } | null;
  organizations?: { id: string }[];
  user?: UserFields | null;
  deletedUserId?: string;
};

/** What a mutation answers. Throws the errors that are no refusals. */
export async function say(
  world: TestGateway,
  name: keyof typeof payloads,
  input: Record<string, unknown>,
  credential: string | null = world.key,
): Promise<Said> {
  const type = name.charAt(0).toUpperCase() + name.slice(1);
  const parts = [...everywhere, ...refusalsOf[name]].map(
    (refusal) => `... on ${refusal} { ${refusals[refusal]} }`,
  );
  const { data, errors } = await world.ask<Record<string, Said>>(
    `mutation ($input: ${type}Input!) { ${name}(input: $input) {
      __typename ... on ${type}Payload { ${payloads[name]} } ... on Error { code message } ${parts.join(' ')} } }`,
    { input },
    credential,
  );
  const said = data?.[name];
  if (errors !== undefined || said === undefined) {
    throw new Error(JSON.stringify(errors));
  }
  return said;
}

/** The user that a mutation shows, when it is not refused. */
export async function sayUser(
  world: TestGateway,
  name: Exclude<keyof typeof payloads, 'userDelete'>,
  input: Record<string, unknown>,
): Promise<UserFields> {
  const { user, ...refusal } = await say(world, name, input);
  if (!user) {
    throw new Error(JSON.stringify(refusal));
  }
  return user;
}

/** The events about a user (uuid), in their order, with what stands in their details. */
export function eventsOf(world: TestGateway, userId: string) {
  return world.query<{
    type: string;
    cause: string;
    organization_id: string | null;
    actor_kind: string;
    detail: Record<string, unknown> | null;
  }>(
    `SELECT type, cause, organization_id, actor_kind, detail FROM event LEFT JOIN event_detail ON event_id = event.id
     WHERE event.user_id = $1 ORDER BY position`,
    [userId],
  );
}
