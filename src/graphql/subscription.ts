/** Subscriptions: what happens, as it happens. */
import { GraphQLError } from 'graphql';
import { can } from '../domain/permission.ts';
import type { Principal } from '../domain/principal.ts';
import { seesOrganization } from '../domain/visibility.ts';
import type { Topic } from '../feed/topic.ts';
import type { EventRow } from '../loaders/event.ts';
import type { EventListFilter } from '../loaders/event-list.ts';
import { idArgument } from './arguments.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { Event } from './event.ts';
import { EventFilter, readEventCursor, readEventFilter } from './event-list.ts';
import { eventObject } from './event-types.ts';

type Args = { organizationId?: string | null; after?: string | null };

builder.subscriptionType({
  description:
    'What happens, as it happens, by WebSocket or server-sent events. A stream that ends by itself says why in the `extensions.code` of an error, for example FORBIDDEN or RESUME_REQUIRED, and where to go on in `extensions.cursor`. One that is over without an error, as when a gateway stops, goes on by subscribing again after the last cursor.',
});

const listening = builder.args((t) => ({
  organizationId: t.id({
    description:
      'The organization whose events to follow, org_…. Left out: for a key of the environment those of all, for a key of an organization its own, and for a person those about themselves, wherever they are a member.',
  }),
  after: t.string({
    description:
      'The cursor of the last event that you have, from this stream or from the list of the same events: what happened since comes first, then what happens. Left out: what happens from now on.',
  }),
}));

builder.subscriptionFields((t) => ({
  membershipStatusChanged: t.field({
    type: eventObject({ type: 'MEMBERSHIP_STATUS_CHANGED' }),
    nullable: false,
    args: listening,
    description:
      'Every change of the status of a membership, its beginning included: what `events` tells with the type MEMBERSHIP_STATUS_CHANGED, in the same order. Requires event:read, or that they are your own.',
    subscribe: (_root, args, context) =>
      listen(context, args, ({ type }) => type === 'MEMBERSHIP_STATUS_CHANGED'),
    resolve: (event) => event,
  }),
  events: t.field({
    type: Event,
    nullable: false,
    args: {
      ...listening,
      filter: t.arg({ type: EventFilter, description: 'Which events to tell. All by default.' }),
    },
    description:
      'Every event once it is committed: of one organization in the order of `sequence`, otherwise in the order of the list of all events, which waits for changes that began before. Requires event:read, or that it is about yourself.',
    subscribe: (_root, { filter, ...args }, context) => {
      const isWanted = wantedBy(readEventFilter(filter));
      return listen(context, args, isWanted);
    },
    resolve: (event) => event,
  }),
}));

async function listen(
  context: Context,
  { organizationId, after }: Args,
  isWanted: (event: EventRow) => boolean,
): Promise<AsyncIterable<EventRow>> {
  const { principal } = context;
  const topic = await topicOf(context, organizationId);
  const ofOrganization = topic.kind === 'organization' ? topic.organizationId : undefined;
  const place = after == null ? undefined : readEventCursor(after, 'after', ofOrganization);
  // An organization's own single sign-on reaches no further.
  const within =
    topic.kind === 'person' && principal.kind === 'user' ? principal.signIn.organizationId : null;
  const stream = await context.listen({
    topic,
    after: place,
    isWanted: (event) => (within === null || event.organizationId === within) && isWanted(event),
  });
  return stream as AsyncIterable<EventRow>;
}

/** @throws GraphQLError INVALID_INPUT, NOT_FOUND, FORBIDDEN, AUTH_METHOD_NOT_ALLOWED or MFA_REQUIRED */
async function topicOf(
  { principal, loaders }: Context,
  given: string | null | undefined,
): Promise<Topic> {
  const own = principal.kind === 'apiKey' ? principal.organizationId : null;
  const organizationId = given == null ? own : idArgument('org', given, ['organizationId']);
  if (organizationId !== null) {
    const organization = await loaders.organizations.byId(organizationId);
    if (organization === null || !seesOrganization(principal, organization)) {
      throw refused('NOT_FOUND', 'There is no such organization.');
    }
    demandEvents(principal, organizationId);
    return { kind: 'organization', organizationId };
  }
  if (principal.kind === 'user') {
    return { kind: 'person', userId: principal.id };
  }
  demandEvents(principal);
  return { kind: 'environment' };
}

function demandEvents(principal: Principal, organizationId?: string): void {
  if (can(principal, 'event:read', organizationId)) {
    return;
  }
  const rights =
    principal.kind === 'user' && organizationId !== undefined
      ? principal.rights.get(organizationId)
      : undefined;
  throw rights?.refusal
    ? refused(rights.refusal, 'You did not sign in as the organization asks for.')
    : refused('FORBIDDEN', 'This needs the permission event:read.', { permission: 'event:read' });
}

function refused(code: string, message: string, more: object = {}): GraphQLError {
  return new GraphQLError(message, { extensions: { code, ...more } });
}

/** The conditions of a filter, as lists have them. */
function wantedBy(filter: EventListFilter): (event: EventRow) => boolean {
  const { types, causes, membershipId, userId, actor, since, until } = filter;
  return (event) =>
    (types == null || types.includes(event.type)) &&
    (causes == null || causes.includes(event.cause)) &&
    (membershipId == null || event.membershipId === membershipId) &&
    (userId == null || event.userId === userId) &&
    (actor == null || (event.actorKind === actor.kind && event.actorId === actor.id)) &&
    (since == null || event.occurredAt >= new Date(since)) &&
    (until == null || event.occurredAt < new Date(until));
}
