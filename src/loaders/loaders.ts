/** All reads of one request. */
import type { Read } from '../db/database.ts';
import { isSelf, type Principal } from '../domain/principal.ts';
import { unreadRightsOf } from '../domain/unread-rights.ts';
import { accessLoaders } from './access.ts';
import { type ApiKeyRow, apiKeyLoaders } from './api-key.ts';
import { type Discovery, discover } from './discovery.ts';
import { environmentLoaders } from './environment.ts';
import { eventLoaders } from './event.ts';
import {
  type EventListFilter,
  type EventListKind,
  type EventPageArgs,
  eventLists,
} from './event-list.ts';
import { type InvitationListFilter, type InvitationRow, invitationLoaders } from './invitation.ts';
import { membershipLoaders } from './membership.ts';
import { type Accompanied, companionsOf } from './membership-companions.ts';
import {
  type MembershipListFilter,
  type MembershipOrderField,
  membershipLists,
} from './membership-list.ts';
import type { MembershipRow } from './membership-row.ts';
import { ALL, type Needs, suffice } from './needs.ts';
import { type OrganizationRow, organizationLoaders } from './organization.ts';
import { isBeginning, ownMemberships } from './own-memberships.ts';
import type { List, PageArgs } from './page.ts';
import { isWithin, type Reach, reachOf } from './reach.ts';
import { roleLoaders } from './role.ts';
import { type UserRow, userLoaders } from './user.ts';

/**
 * Rows of which only what most answers show was read: the principal, and all their memberships, once for each role;
 * undefined where these were not read.
 */
type KnownRows = {
  user: { id: string } | undefined;
  memberships:
    | readonly { membership: object; organization: object; role: object | null }[]
    | undefined;
};

type Made<Make extends (...args: never[]) => unknown> = ReturnType<Make> | undefined;

/**
 * The loaders of one request. What one of them has read is remembered until the request ends; each is made when it is
 * asked for, since most queries ask two or three. It is a class for the sake of its getters: an object with getters of
 * its own is of a kind of its own to V8, one for each request, which outlives it for long.
 */
export class Loaders {
  readonly #read: Read;
  readonly #principal: Principal;
  readonly #needs: Needs;
  readonly #known: KnownRows | undefined;
  readonly #lists = new Map<string, unknown>();
  #reach: Reach | null | undefined;
  #environment: Made<typeof environmentLoaders>;
  #organizations: Made<typeof organizationLoaders>;
  #users: Made<typeof userLoaders>;
  #roles: Made<typeof roleLoaders>;
  #access: Made<typeof accessLoaders>;
  #memberships: Made<typeof membershipLoaders>;
  #invitations: Made<typeof invitationLoaders>;
  #events: Made<typeof eventLoaders>;
  #apiKeys: Made<typeof apiKeyLoaders>;

  /**
   * Users come with whether the principal meets them somewhere. `needs`: what will be asked for; `known`: what was read
   * of the principal already.
   */
  constructor(
    read: Read,
    principal: Principal,
    needs: Needs = ALL,
    known: KnownRows | undefined = undefined,
  ) {
    this.#read = read;
    this.#principal = principal;
    this.#needs = needs;
    this.#known = known;
  }

  get environment() {
    this.#environment ??= environmentLoaders(this.#read);
    return this.#environment;
  }

  get organizations() {
    if (this.#organizations === undefined) {
      this.#organizations = organizationLoaders(this.#read, this.#needs);
      if (suffice('organization', this.#needs)) {
        for (const { organization } of this.#known?.memberships ?? []) {
          this.#organizations.keep(organization as OrganizationRow);
        }
      }
    }
    return this.#organizations;
  }

  discovered(by: Discovery) {
    return this.#shared(['discovered', by], () => discover(this.#read, by));
  }

  get users() {
    if (this.#users === undefined) {
      this.#users = userLoaders(this.#read, () => this.#reachOfPrincipal(), this.#needs);
      if (this.#known?.user !== undefined && suffice('user', this.#needs)) {
        this.#users.keep(this.#known.user as UserRow);
      }
    }
    return this.#users;
  }

  get roles() {
    this.#roles ??= roleLoaders(this.#read);
    return this.#roles;
  }

  get access() {
    this.#access ??= accessLoaders(this.#read);
    return this.#access;
  }

  get memberships() {
    this.#memberships ??= membershipLoaders(this.#read, () =>
      companionsOf(this.#needs, this.#reachOfCompanions(), this),
    );
    return this.#memberships;
  }

  membershipsOf(
    kind: 'organization' | 'user',
    parentId: string,
    filter: MembershipListFilter,
    args: PageArgs<MembershipOrderField>,
  ): List<MembershipRow> {
    const isOpen = kind === 'organization' && isWithin(this.#reachOfPrincipal(), parentId);
    const own =
      kind === 'user' && this.#known?.user?.id === parentId ? this.#known.memberships : undefined;
    if (own !== undefined && isBeginning(filter, args, this.#needs)) {
      const companions = companionsOf(this.#needs, null, this);
      return ownMemberships(own as Accompanied[], args, companions);
    }
    const isKnown = own !== undefined;
    const lists = this.#shared(['memberships', kind, isOpen, isKnown, filter, args], () => {
      const reach = isOpen ? null : this.#reachOfCompanions();
      const needs = isKnown ? this.#needsBesideKnown() : this.#needs;
      const companions = companionsOf(needs, reach, this);
      return membershipLists(this.#read, kind, filter, args, companions);
    });
    return this.#metIn(lists(parentId));
  }

  get invitations() {
    this.#invitations ??= invitationLoaders(this.#read);
    return this.#invitations;
  }

  invitationsOf(
    organizationId: string,
    filter: InvitationListFilter,
    args: PageArgs<'CREATED_AT'>,
  ): List<InvitationRow> {
    const lists = this.#shared(['invitations', filter, args], () =>
      this.invitations.listsOf(filter, args),
    );
    return lists(organizationId);
  }

  get events() {
    this.#events ??= eventLoaders(this.#read);
    return this.#events;
  }

  eventsOf(kind: EventListKind, parentId: string, filter: EventListFilter, args: EventPageArgs) {
    const lists = this.#shared(['events', kind, filter, args], () =>
      eventLists(this.#read, kind, filter, args),
    );
    return lists(parentId);
  }

  get apiKeys() {
    this.#apiKeys ??= apiKeyLoaders(this.#read);
    return this.#apiKeys;
  }

  apiKeysOf(scopeId: string, args: PageArgs<'CREATED_AT'>): List<ApiKeyRow> {
    return this.#shared(['apiKeys', args], () => this.apiKeys.listsOf(args))(scopeId);
  }

  // The same field with the same arguments under many parents is one batch, so its lists come from one place.
  #shared<Made>(key: unknown[], make: () => Made): Made {
    const name = JSON.stringify(key);
    let made = this.#lists.get(name) as Made | undefined;
    if (made === undefined) {
      made = make();
      this.#lists.set(name, made);
    }
    return made;
  }

  /** Whoever is told their own memberships is known to have them. */
  #metIn(list: List<MembershipRow>): List<MembershipRow> {
    const rights = unreadRightsOf(this.#principal);
    if (rights === undefined) {
      return list;
    }
    const page = async () => {
      const found = await list.page();
      for (const { userId, organizationId } of found.rows) {
        if (isSelf(this.#principal, userId)) {
          rights.meet(organizationId);
        }
      }
      return found;
    };
    return { ...list, page };
  }

  /** Where the organizations are those of the principal. */
  #needsBesideKnown(): Needs {
    if (!suffice('organization', this.#needs)) {
      return this.#needs;
    }
    const withMemberships = new Set(this.#needs.withMemberships);
    withMemberships.delete('organization');
    return { ...this.#needs, withMemberships };
  }

  /** Of what comes with memberships, users alone have to be met. */
  #reachOfCompanions(): Reach | null {
    return this.#needs.withMemberships.has('user') ? this.#reachOfPrincipal() : null;
  }

  #reachOfPrincipal(): Reach | null {
    if (this.#reach === undefined) {
      this.#reach = reachOf(this.#principal);
    }
    return this.#reach;
  }
}
