/** Connections of events: of the environment, of an organization, of a membership. */
import { GraphQLError } from 'graphql';
import { decodeId, kindOf, NIL_UUID } from '../domain/id.ts';
import { can } from '../domain/permission.ts';
import type { EventRow } from '../loaders/event.ts';
import type { EventListFilter, EventListKind } from '../loaders/event-list.ts';
import type { EventPlace } from '../loaders/event-place.ts';
import { idArgument, timeArgument } from './arguments.ts';
import { builder } from './builder.ts';
import {
  type Connection,
  connectionBy,
  connectionType,
  type GivenPage,
  pageArguments,
  readPlaces,
} from './connection.ts';
import type { Context } from './context.ts';
import { invalidArgument } from './errors.ts';
import { Event } from './event.ts';
import { decodeEventCursor, encodeEventCursor } from './event-cursor.ts';
import { EventCause, EventType } from './event-enums.ts';
import { Membership, Organization } from './nodes.ts';

export const EventConnection = connectionType<EventRow>('Event', Event, 'events');

export const EventFilter = builder.inputType('EventFilter', {
  description: 'Which events. All conditions must hold.',
  fields: (t) => ({
    types: t.field({ type: [EventType], description: 'Types of which it must have one.' }),
    causes: t.field({ type: [EventCause], description: 'Causes of which it must have one.' }),
    membershipId: t.id({ description: 'The membership that it must be about, mbr_….' }),
    userId: t.id({ description: 'The user that it must be about, usr_….' }),
    actorId: t.id({ description: 'Who must have done it, usr_… or key_….' }),
    since: t.field({ type: 'DateTime', description: 'When it must have happened, or later.' }),
    until: t.field({ type: 'DateTime', description: 'Before when it must have happened.' }),
  }),
});

/**
 * Reads a filter of events.
 *
 * @throws GraphQLError INVALID_INPUT for broken ids, and for times that no event can have.
 */
export function readEventFilter(
  filter: typeof EventFilter.$inferInput | null | undefined,
): EventListFilter {
  const { types, causes, membershipId, userId, actorId, since, until } = filter ?? {};
  return {
    types,
    causes,
    membershipId:
      membershipId == null ? null : idArgument('mbr', membershipId, ['filter', 'membershipId']),
    userId: userId == null ? null : idArgument('usr', userId, ['filter', 'userId']),
    actor: actorId == null ? null : readActor(actorId, ['filter', 'actorId']),
    since: timeArgument(since, ['filter', 'since']),
    until: timeArgument(until, ['filter', 'until']),
  };
}

function readActor(id: string, argument: string[]): EventListFilter['actor'] {
  const kind = kindOf(id);
  const uuid = kind === 'usr' || kind === 'key' ? decodeId(kind, id) : null;
  if (uuid === null) {
    throw invalidArgument(argument, 'must be the id of a user or an API key');
  }
  return { kind: kind === 'usr' ? 'USER' : 'API_KEY', id: uuid };
}

/**
 * Reads a cursor of an event.
 *
 * @throws GraphQLError INVALID_INPUT for anything else, and, with an organization (uuid), for events that are not its.
 */
export function readEventCursor(
  cursor: string,
  argument: string,
  organizationId?: string,
): EventPlace {
  const place = decodeEventCursor(cursor);
  if (place === null) {
    throw invalidArgument([argument], 'must be a cursor of an event');
  }
  if (organizationId !== undefined && place.organizationId !== organizationId) {
    throw invalidArgument([argument], 'must be a cursor of an event of this organization');
  }
  return place;
}

type Args = GivenPage & { filter?: typeof EventFilter.$inferInput | null };

type Source = {
  kind: EventListKind;
  /** uuid; of the environment, any. */
  parentId: string;
  /** The organization (uuid) whose events they are. */
  organizationId?: string;
};

/** The events of `source` for those who may read them, else null. */
async function eventsOf(
  { kind, parentId, organizationId }: Source,
  { filter, ...page }: Args,
  { principal, loaders }: Context,
): Promise<Connection<EventRow> | null> {
  if (!can(principal, 'event:read', organizationId)) {
    return null;
  }
  const places = readPlaces(page, (cursor, argument) =>
    readEventCursor(cursor, argument, organizationId),
  );
  const args = { ...places, field: 'POSITION', descending: false } as const;
  const list = loaders.eventsOf(kind, parentId, readEventFilter(filter), args);
  if (places.after !== undefined) {
    demandKept(await loaders.events.horizonBeyond(places.after, organizationId ?? null));
  }
  return connectionBy(list, encodeEventCursor);
}

/** @throws GraphQLError CURSOR_EXPIRED with the oldest cursor that works, unless there is nothing to go back to. */
function demandKept(horizon: EventPlace | null): void {
  if (horizon !== null) {
    throw new GraphQLError('Argument "after" is older than the events that are kept.', {
      extensions: {
        code: 'CURSOR_EXPIRED',
        argument: ['after'],
        cursor: encodeEventCursor(horizon),
      },
    });
  }
}

const listArguments = builder.args((t) => ({
  ...pageArguments,
  filter: t.field({ type: EventFilter, description: 'Which to list. All by default.' }),
}));

builder.prismaObjectField(Organization, 'events', (t) =>
  t.field({
    type: EventConnection,
    args: listArguments,
    description:
      'What happened in it, oldest first; the newest are had by `last`. Requires event:read.',
    resolve: ({ id }, args, context) =>
      eventsOf({ kind: 'organization', parentId: id, organizationId: id }, args, context),
  }),
);

builder.prismaObjectField(Membership, 'history', (t) =>
  t.field({
    type: EventConnection,
    args: listArguments,
    description: 'What happened to it, oldest first. Requires event:read.',
    resolve: ({ id, organizationId }, args, context) =>
      eventsOf({ kind: 'membership', parentId: id, organizationId }, args, context),
  }),
);

builder.queryField('events', (t) =>
  t.field({
    type: EventConnection,
    args: listArguments,
    description:
      'What happened in the environment and in all organizations, oldest first. An event stands here as soon as no older change is still being written. Null for keys of an organization. Requires event:read.',
    resolve: (_root, args, context) =>
      eventsOf({ kind: 'environment', parentId: NIL_UUID }, args, context),
  }),
);
