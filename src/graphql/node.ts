/** Any node by its id. */
import { brandWithType, type OutputRef } from '@pothos/core';
import { decodeId, type IdKind, kindOf } from '../domain/id.ts';
import {
  seesApiKey,
  seesEvent,
  seesInvitation,
  seesMembership,
  seesOrganization,
  seesRole,
  seesUser,
} from '../domain/visibility.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { invalidArgument } from './errors.ts';
import { eventObject } from './event-types.ts';
import { ifSeen } from './guard.ts';
import { ApiKey, Invitation, Membership, Organization, Role, User } from './nodes.ts';

type Find = (id: string, context: Context) => Promise<object | null>;

/** Without `type`, `find` marks what it finds. */
const finders: Record<IdKind, { type?: OutputRef; find: Find }> = {
  org: {
    type: Organization,
    find: async (id, { principal, loaders }) =>
      ifSeen(principal, seesOrganization, await loaders.organizations.byId(id)),
  },
  usr: {
    type: User,
    find: async (id, { principal, loaders }) =>
      ifSeen(principal, seesUser, await loaders.users.byId(id)),
  },
  mbr: {
    type: Membership,
    find: async (id, { principal, loaders }) =>
      ifSeen(principal, seesMembership, await loaders.memberships.byId(id)),
  },
  inv: {
    type: Invitation,
    find: async (id, { principal, loaders }) =>
      ifSeen(principal, seesInvitation, await loaders.invitations.byId(id)),
  },
  rol: {
    type: Role,
    find: async (id, { principal, loaders }) =>
      ifSeen(principal, seesRole, await loaders.roles.byId(id)),
  },
  key: {
    type: ApiKey,
    find: async (id, { principal, loaders }) =>
      ifSeen(principal, seesApiKey, await loaders.apiKeys.byId(id)),
  },
  evt: {
    find: async (id, { principal, loaders }) => {
      const event = ifSeen(principal, seesEvent, await loaders.events.byId(id));
      if (event !== null) {
        brandWithType(event, eventObject(event));
      }
      return event;
    },
  },
};

async function findNode(id: string, argument: string[], context: Context): Promise<object | null> {
  const kind = kindOf(id);
  const uuid = kind === null ? null : decodeId(kind, id);
  if (kind === null || uuid === null) {
    throw invalidArgument(argument, 'must be an id of Gatehouse, such as org_ and 26 characters');
  }
  return await seenNode(kind, uuid, context);
}

/** The node with this uuid, as far as the caller may see it. */
export async function seenNode(
  kind: IdKind,
  uuid: string,
  context: Context,
): Promise<object | null> {
  const { type, find } = finders[kind];
  const node = await find(uuid, context);
  if (node !== null && type !== undefined) {
    brandWithType(node, type);
  }
  return node;
}

const MOST_IDS = 100;

builder.queryFields((t) => ({
  node: t.field({
    type: builder.nodeInterfaceRef(),
    args: { id: t.arg.id({ required: true, description: 'The id.' }) },
    description: 'The object with this id. Null when there is none or it may not be seen.',
    resolve: (_root, { id }, context) => findNode(id, ['id'], context),
  }),
  nodes: t.field({
    type: [builder.nodeInterfaceRef()],
    nullable: { list: false, items: true },
    args: {
      ids: t.arg.idList({ required: true, description: `The ids, at most ${MOST_IDS}.` }),
    },
    description:
      'The objects with these ids, in their order. Null for each that is not there or may not be seen, and for a broken id with an error.',
    resolve: (_root, { ids }, context) => {
      if (ids.length > MOST_IDS) {
        throw invalidArgument(['ids'], `must be at most ${MOST_IDS} ids`);
      }
      return ids.map((id, index) => findNode(id, ['ids', String(index)], context));
    },
  }),
}));
