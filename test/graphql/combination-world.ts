/** What the cases of the combinations are told with. */
import type { PeopleGateway } from '../support/people.ts';

export type Result = { __typename: string; code?: string } & Record<string, unknown>;

/** One deployment with two organizations, as the cases go through it from first to last. */
export type World = PeopleGateway & {
  /** With the first key, or as the person with that address. */
  send(mutation: string, input: object, selection?: string, person?: string): Promise<Result>;
  ids: Record<string, string>;
};

/** What came of a case: `done` for a payload, else the code; in all combinations, or in each. */
export type Expected =
  | string
  | [sharedMany: string, sharedOne: string, isolatedMany: string, isolatedOne: string];

export type Case = [name: string, expected: Expected, run: (world: World) => Promise<Result>];

export const MANY_ONLY: Expected = ['done', 'SINGLE_MEMBERSHIP', 'done', 'SINGLE_MEMBERSHIP'];

/** Sends a mutation of one of the memberships. */
export const change =
  (mutation: string, member: string, input: object = {}) =>
  (world: World) =>
    world.send(mutation, { membershipId: world.ids[member], ...input });

/** Adds somebody to an organization, and keeps the ids of both under `name`. */
export const add = (organization: string, email: string, name: string, input: object = {}) => {
  const selection = '... on MembershipCreatePayload { membership { id user { id } } }';
  return async (world: World) => {
    const answer = await world.send(
      'membershipCreate',
      { organization: { id: world.ids[organization] }, user: { email }, ...input },
      selection,
    );
    const membership = answer.membership as { id: string; user: { id: string } } | undefined;
    if (membership) {
      world.ids[name] = membership.id;
      world.ids[`${name}'s user`] = membership.user.id;
    }
    return answer;
  };
};

/** Creates an organization as a person, and keeps the ids of both it and the membership, with `'s founder`. */
export const start = (email: string, name: string, input: object = {}) => {
  const selection =
    '... on OrganizationCreatePayload { organization { id } membership { id roles { key } } }';
  return async (world: World) => {
    const given = { displayName: name, ...input };
    const answer = await world.send('organizationCreate', given, selection, email);
    const made = answer as { organization?: { id: string }; membership?: { id: string } };
    world.ids[name] = made.organization?.id ?? '';
    world.ids[`${name}'s founder`] = made.membership?.id ?? '';
    return answer;
  };
};

/** Creates something, and keeps its id under `name`. */
export const create =
  (mutation: string, field: string, name: string, input: object | ((world: World) => object)) =>
  async (world: World) => {
    const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Payload`;
    const given = typeof input === 'function' ? input(world) : input;
    const answer = await world.send(mutation, given, `... on ${type} { ${field} { id } }`);
    world.ids[name] = (answer[field] as { id: string } | undefined)?.id ?? '';
    return answer;
  };

async function personOf(world: World, member: string) {
  const { data } = await world.ask<{ membership: { user: { id: string; email: string } } }>(
    'query ($id: ID!) { membership(by: { id: $id }) { user { id email } } }',
    { id: world.ids[member] },
  );
  return data?.membership.user;
}

/** The id of the user of a membership. */
export const userOf = async (world: World, member: string) => (await personOf(world, member))?.id;
/** The address of the user of a membership. */
export const addressOf = async (world: World, member: string) =>
  (await personOf(world, member))?.email;
