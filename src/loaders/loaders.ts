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
  const reach = reachOf(principal);
  const lists = new Map<string, unknown>();
  // The same field with the same arguments under many parents is one batch, so its lists come from one place.
  const shared = <Lists>(key: unknown[], make: () => Lists): Lists => {
    const name = JSON.stringify(key);
    if (!lists.has(name)) {
      lists.set(name, make());
    }
    return lists.get(name) as Lists;
  };
  const invitations = invitationLoaders(read);
  const apiKeys = apiKeyLoaders(read);
  const organizations = organizationLoaders(read, needs);
  const users = userLoaders(read, reach, needs);
  if (self !== undefined && needs.narrow.has('user')) {
    users.byId.prime(self.id, self as UserRow);
  }
  const memberships = membershipLoaders(read, needs);
  const companions = companionsOf(needs, reach, { organizations, users, memberships });
  return {
    environment: environmentLoaders(read),
    organizations,
    discovered: (by: Discovery) => shared(['discovered', by], () => discover(read, by)),
    users,
    roles: roleLoaders(read),
    access: accessLoaders(read),
    memberships: {
      ...memberships,
      of: (
        kind: 'organization' | 'user',
        parentId: string,
        filter: MembershipListFilter,
        args: PageArgs<MembershipOrderField>,
      ) =>
        shared(['memberships', kind, filter, args], () =>
          membershipLists(read, kind, filter, args, companions),
        )(parentId),
    },
    invitations: {
      ...invitations,
      of: (organizationId: string, ...args: Parameters<typeof invitations.listsOf>) =>
        shared(['invitations', ...args], () => invitations.listsOf(...args))(organizationId),
    },
    events: {
      ...eventLoaders(read),
      horizonBeyond: eventHorizons(read),
      of: (kind: EventListKind, parentId: string, filter: EventListFilter, args: EventPageArgs) =>
        shared(['events', kind, filter, args], () => eventLists(read, kind, filter, args))(
          parentId,
        ),
    },
    apiKeys: {
      ...apiKeys,
      of: (scopeId: string, ...args: Parameters<typeof apiKeys.listsOf>) =>
        shared(['apiKeys', ...args], () => apiKeys.listsOf(...args))(scopeId),
    },
  };
}
