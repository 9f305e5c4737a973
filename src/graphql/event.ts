/** What all events have in common. */
import { encodeId, type IdKind } from '../domain/id.ts';
import { can } from '../domain/permission.ts';
import type { Principal } from '../domain/principal.ts';
import { seesOrganization } from '../domain/visibility.ts';
import type { EventRow } from '../loaders/event.ts';
import { Actor, actorOf } from './actor.ts';
import { builder } from './builder.ts';
import { encodeEventCursor } from './event-cursor.ts';
import { EventCause, EventType, eventTypeName } from './event-enums.ts';
import { ifSeen } from './guard.ts';
import { Organization } from './nodes.ts';

/** Whether the caller may see what an event says of a person: values, and why. */
export function seesPersonal(principal: Principal, { organizationId }: EventRow): boolean {
  return organizationId === null
    ? can(principal, 'user:read')
    : can(principal, 'membership:readDetails', organizationId);
}

const actorKinds: Partial<Record<EventRow['actorKind'], IdKind>> = { USER: 'usr', API_KEY: 'key' };

export const Event = builder.interfaceRef<EventRow>('Event').implement({
  description:
    'A past-tense fact. Objects are null once they are erased, and for those who may not see them; their ids stay.',
  resolveType: ({ type }) => eventTypeName(type),
  fields: (t) => ({
    id: t.id({
      nullable: false,
      description: 'The id, evt_….',
      resolve: ({ id }) => encodeId('evt', id),
    }),
    cursor: t.string({
      nullable: false,
      description: 'Its place, for `after` and `before` of every list of events it stands in.',
      resolve: encodeEventCursor,
    }),
    type: t.field({
      type: EventType,
      nullable: false,
      description: 'What happened.',
      resolve: ({ type }) => type,
    }),
    organizationId: t.id({
      description: 'The organization, org_…. Null for events of the environment.',
      resolve: ({ organizationId }) =>
        organizationId === null ? null : encodeId('org', organizationId),
    }),
    organization: t.field({
      type: Organization,
      description: 'The organization. Null for events of the environment.',
      resolve: async ({ organizationId }, _args, { principal, loaders }) =>
        organizationId === null
          ? null
          : ifSeen(principal, seesOrganization, await loaders.organizations.byId(organizationId)),
    }),
    sequence: t.exposeInt('sequence', {
      description:
        'Its number in the organization: 1, 2, 3… without holes. Null for events of the environment.',
    }),
    actorId: t.id({
      description: 'Who did it, usr_… or key_…. Null when it was Gatehouse itself or is unknown.',
      resolve: ({ actorKind, actorId }) => {
        const kind = actorKinds[actorKind];
        return kind === undefined || actorId === null ? null : encodeId(kind, actorId);
      },
    }),
    actor: t.field({
      type: Actor,
      description: 'Who did it. Null when that is hidden or erased.',
      resolve: ({ actorKind, actorId }, _args, context) => actorOf(context, actorKind, actorId),
    }),
    cause: t.field({
      type: EventCause,
      nullable: false,
      description: 'By what it happened.',
      resolve: ({ cause }) => cause,
    }),
    reason: t.string({
      description:
        'Why, in the words of whoever did it. Null when nobody said, or when it was erased. Requires membership:readDetails, or user:read for events of the environment.',
      resolve: (event, _args, { principal }) =>
        seesPersonal(principal, event) ? event.reason : null,
    }),
    requestId: t.exposeString('requestId', {
      description: 'The request that did it. Null when it happened by itself.',
    }),
    occurredAt: t.expose('occurredAt', {
      type: 'DateTime',
      nullable: false,
      description: 'When it happened.',
    }),
  }),
});
