/** The feed: what happens, as it happens, to those who may see it. */
import type { Read } from '../db/database.ts';
import { can } from '../domain/permission.ts';
import type { Principal } from '../domain/principal.ts';
import type { EventRow } from '../loaders/event.ts';
import { eventHorizons } from '../loaders/event-horizon.ts';
import type { EventPlace } from '../loaders/event-place.ts';
import type { FeedEnd, StreamEnd } from './end.ts';
import { PAGE, readNow, readPage } from './read.ts';
import { createSubscriber, type Subscriber } from './subscriber.ts';
import { type Batch, startTail } from './tail.ts';
import type { Topic } from './topic.ts';
import { createWatch, type RenewAll, type Watched } from './watch.ts';

export type Subscription = {
  /** Who listens, with the rights of this moment. With the same `print` the same is shown. */
  readonly caller: Readonly<Pick<Watched, 'principal' | 'print'>>;
  /** The events begin after it. */
  readonly begin: EventPlace;
  events: AsyncIterableIterator<EventRow | StreamEnd>;
};

export type SubscribeOptions = {
  topic: Topic;
  principal: Principal;
  /** When their token ends, in milliseconds. */
  expiresAt: number | undefined;
  /** The first event is the one after it. Left out: what happens from now on. */
  after?: EventPlace;
  isWanted(event: EventRow): boolean;
  /** Whether the stream ends by itself when the gateway stops, and not by the end of its connection. */
  endsAlone: boolean;
};

export type Feed = {
  /** Begins a stream, which must be closed by `return` when nobody listens any more. */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** Something was committed by this process. */
  wake(): void;
  /** How many subscriptions there are: of this principal, and of all. */
  count(principal: Principal): { own: number; all: number };
  /** Ends the streams that end alone. */
  drain(): void;
  stop(): Promise<void>;
};

type Member = Subscriber & { watched: Watched; caller: string; endsAlone: boolean };

/** How often the rights of those are looked at to whom nothing happens. */
const LOOK_MS = 500;

/** Starts the feed of a process. It asks the database nothing while nobody listens. */
export function startFeed(options: {
  read: Read;
  renewAll: RenewAll;
  onError(error: Error): void;
}): Feed {
  const { read, renewAll, onError } = options;
  const watch = createWatch(renewAll);
  const members = new Set<Member>();
  const byTopic = new Map<string, Set<Member>>();
  const counts = new Map<string, number>();

  /** Ends those who may not listen any more; whoever is left may. */
  const expel = (some: Iterable<Member>) => {
    const now = Date.now();
    for (const member of some) {
      const end = endOf(member, now);
      if (end !== undefined) {
        member.end(end, { atOnce: true });
      }
    }
  };

  /** Ends a stream that is behind what is kept. Asked after what was read, so that none of it is missing unnoticed. */
  const demandKept = async (member: Member, from: EventPlace) => {
    const { topic } = member;
    const organizationId = topic.kind === 'organization' ? topic.organizationId : null;
    const horizon = await eventHorizons(read)(from, organizationId);
    if (horizon !== null) {
      member.end('CURSOR_EXPIRED', { atOnce: true, place: horizon });
    }
  };

  const hand = async ({ stream, events }: Batch) => {
    const topicsOf = stream === 'organizations' ? organizationTopic : environmentTopics;
    const told = events.map((event) => ({
      event,
      to: topicsOf(event).flatMap((name) => [...(byTopic.get(name) ?? [])]),
    }));
    const concerned = new Set(told.flatMap(({ to }) => to));
    if (concerned.size === 0) {
      return;
    }
    await watch.look(new Set([...concerned].map(({ watched }) => watched)));
    expel(concerned);
    for (const { event, to } of told) {
      for (const member of to) {
        member.take(event);
      }
    }
  };

  const wants = () => {
    const kinds = new Set([...byTopic.keys()].map((name) => name.split(' ', 1)[0]));
    return {
      organizations: kinds.has('organization'),
      environment: kinds.has('environment') || kinds.has('person'),
    };
  };

  const tail = startTail({ read, wants, hand, onError });

  // After a look that took long comes a pause as long: with very many people, rights are not all that is read.
  let looking: NodeJS.Timeout;
  const lookAgain = async () => {
    const begin = performance.now();
    try {
      await watch.look();
      expel(members);
    } catch {
      // Nobody is told anything while rights cannot be read: the next look will.
    }
    lookAfter(Math.max(LOOK_MS, performance.now() - begin));
  };
  const lookAfter = (pause: number) => {
    looking = isStopped ? looking : setTimeout(lookAgain, pause).unref();
  };
  let isStopped = false;
  lookAfter(LOOK_MS);

  let isDraining = false;

  const count = ({ caller }: Member, change: number) => {
    const number = (counts.get(caller) ?? 0) + change;
    if (number === 0) {
      counts.delete(caller);
    } else {
      counts.set(caller, number);
    }
  };
  const enter = (member: Member, name: string) => {
    members.add(member);
    count(member, 1);
    byTopic.set(name, (byTopic.get(name) ?? new Set()).add(member));
  };
  const leave = (member: Member, name: string) => {
    members.delete(member);
    count(member, -1);
    const others = byTopic.get(name);
    others?.delete(member);
    if (others?.size === 0) {
      byTopic.delete(name);
    }
  };

  return {
    async subscribe({ topic, principal, expiresAt, after, isWanted, endsAlone }) {
      const name = nameOf(topic);
      const { watched, leave: unwatch } = watch.join(principal, expiresAt);
      const subscriber = createSubscriber({
        topic,
        isWanted,
        admits: admitsTo(topic),
        async readPage(from) {
          const events = await readPage(read, topic, from);
          if (events.length > 0) {
            // After the events, so that none is told to whom it took the right.
            await watch.look([watched]);
            expel([member]);
          }
          if (after !== undefined) {
            await demandKept(member, from);
          }
          return { events, isLast: events.length < PAGE };
        },
        onClose() {
          unwatch();
          leave(member, name);
        },
      });
      const caller = callerOf(principal);
      const member: Member = { ...subscriber, watched, caller, endsAlone };
      enter(member, name);
      if (isDraining && endsAlone) {
        member.end('DRAINING');
      }
      let begin: EventPlace;
      try {
        await tail.ready();
        begin = after ?? (await readNow(read, topic));
        subscriber.begin(begin);
      } catch (error) {
        await subscriber.events.return?.();
        throw error;
      }
      return {
        caller: watched,
        begin,
        events: subscriber.events,
      };
    },
    wake: () => tail.wake(),
    count: (principal) => ({ own: counts.get(callerOf(principal)) ?? 0, all: members.size }),
    drain() {
      isDraining = true;
      for (const member of members) {
        if (member.endsAlone) {
          member.end('DRAINING');
        }
      }
    },
    async stop() {
      isStopped = true;
      clearTimeout(looking);
      await tail.stop();
    },
  };
}

function nameOf(topic: Topic): string {
  switch (topic.kind) {
    case 'organization':
      return `organization ${topic.organizationId}`;
    case 'environment':
      return 'environment';
    case 'person':
      return `person ${topic.userId}`;
  }
}

function organizationTopic({ organizationId }: EventRow): string[] {
  return organizationId === null ? [] : [nameOf({ kind: 'organization', organizationId })];
}

function environmentTopics({ userId }: EventRow): string[] {
  return [
    nameOf({ kind: 'environment' }),
    ...(userId === null ? [] : [nameOf({ kind: 'person', userId })]),
  ];
}

/** Whether a principal may listen to the topic. */
export function admitsTo(topic: Topic): (principal: Principal) => boolean {
  return (principal) => {
    switch (topic.kind) {
      case 'organization':
        return can(principal, 'event:read', topic.organizationId);
      case 'environment':
        return can(principal, 'event:read');
      case 'person':
        return principal.kind === 'user' && principal.id === topic.userId;
    }
  };
}

function endOf({ watched, admits, topic }: Member, now: number): FeedEnd | undefined {
  const { principal, expiresAt } = watched;
  if (principal.kind === 'anonymous' || (expiresAt !== undefined && expiresAt <= now)) {
    return 'UNAUTHENTICATED';
  }
  if (admits(principal)) {
    return undefined;
  }
  const rights =
    principal.kind === 'user' && topic.kind === 'organization'
      ? principal.rights.get(topic.organizationId)
      : undefined;
  return rights?.refusal ?? 'FORBIDDEN';
}

function callerOf(principal: Principal): string {
  return `${principal.kind} ${'id' in principal ? principal.id : ''}`;
}
