/** All reads of one request. */
import type { Read } from '../db/database.ts';
import type { Principal } from '../domain/principal.ts';
import { accessLoaders } from './access.ts';
import { apiKeyLoaders } from './api-key.ts';
import { type Discovery, discover } from './discovery.ts';
import { environmentLoaders } from './environment.ts';
import { eventLoaders } from './event.ts';
import { eventHorizons } from './event-horizon.ts';
import {
  type EventListFilter,
  type EventListKind,
  type EventPageArgs,
  eventLists,
} from './event-list.ts';
import { invitationLoaders } from './invitation.ts';
import { membershipLoaders } from './membership.ts';
import { companionsOf } from './membership-companions.ts';
import {
  type MembershipListFilter,
  type MembershipOrderField,
  membershipLists,
} from './membership-list.ts';
import { ALL, type Needs } from './needs.ts';
import { once } from './once.ts';
import { organizationLoaders } from './organization.ts';
import type { PageArgs } from './page.ts';
import { reachOf } from './reach.ts';
import { roleLoaders } from './role.ts';
import { type UserRow, userLoaders } from './user.ts';

export type Loaders = ReturnType<typeof createLoaders>;

/**
 * Makes the loaders of one request. What one of them has read is remembered until the request ends. Users come with
 * whether the principal meets them somewhere. `needs`: what will be asked of them; `self`: the
 * few columns of the principal, where they are known already.
 */
export function createLoaders(
  read: Read,
  principal: Principal,
  needs: Needs = ALL,
  self?: Pick<UserRow, 'id'>,
) {
  const reach = once(() => reachOf(principal));
  const lists = new Map<string, unknown>();
  // The same field with the same arguments under many parents is one batch, so its lists come from one place.
  const shared = <Lists>(key: unknown[], make: () => Lists): Lists => {
    const name = JSON.stringify(key);
    if (!lists.has(name)) {
      lists.set(name, make());
    }
    return lists.get(name) as Lists;
  };
  const users = once(() => {
    const made = userLoaders(read, reach(), needs);
    if (self !== undefined && needs.narrow.has('user')) {
      made.keep(self as UserRow);
    }
    return made;
  });
  const organizations = once(() => organizationLoaders(read, needs));
  const membershipsByKey = once(() => membershipLoaders(read, needs));
  const companions = once(() =>
    companionsOf(needs, reach(), {
      users: users(),
      organizations: organizations(),
      memberships: membershipsByKey(),
    }),
  );
  const memberships = once(() => ({
    ...membershipsByKey(),
    of: (
      kind: 'organization' | 'user',
      parentId: string,
      filter: MembershipListFilter,
      args: PageArgs<MembershipOrderField>,
    ) =>
      shared(['memberships', kind, filter, args], () =>
        membershipLists(read, kind, filter, args, companions()),
      )(parentId),
  }));
  const invitations = once(() => {
    const made = invitationLoaders(read);
    return {
      ...made,
      of: (organizationId: string, ...args: Parameters<typeof made.listsOf>) =>
        shared(['invitations', ...args], () => made.listsOf(...args))(organizationId),
    };
  });
  const events = once(() => ({
    ...eventLoaders(read),
    horizonBeyond: eventHorizons(read),
    of: (kind: EventListKind, parentId: string, filter: EventListFilter, args: EventPageArgs) =>
      shared(['events', kind, filter, args], () => eventLists(read, kind, filter, args))(parentId),
  }));
  const apiKeys = once(() => {
    const made = apiKeyLoaders(read);
    return {
      ...made,
      of: (scopeId: string, ...args: Parameters<typeof made.listsOf>) =>
        shared(['apiKeys', ...args], () => made.listsOf(...args))(scopeId),
    };
  });
  const environment = once(() => environmentLoaders(read));
  const roles = once(() => roleLoaders(read));
  const access = once(() => accessLoaders(read));
  // Each is made when it is asked for the first time: most queries ask two or three.
  return {
    get environment() {
      return environment();
    },
    get organizations() {
      return organizations();
    },
    discovered: (by: Discovery) => shared(['discovered', by], () => discover(read, by)),
    get users() {
      return users();
    },
    get roles() {
      return roles();
    },
    get access() {
      return access();
    },
    get memberships() {
      return memberships();
    },
    get invitations() {
      return invitations();
    },
    get events() {
      return events();
    },
    get apiKeys() {
      return apiKeys();
    },
  };
}
