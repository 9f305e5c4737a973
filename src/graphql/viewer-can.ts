/** What tells a frontend which buttons to show. The same functions refuse the acts. */
import {
  ASSIGN_ROLES,
  type MembershipAuthority,
  mayDo,
  REMOVE,
  SUSPEND,
  UPDATE,
} from '../domain/membership-authority.ts';
import { ORGANIZATION_ACTS } from '../domain/organization-authority.ts';
import { can } from '../domain/permission.ts';
import { isOwnMembership } from '../domain/principal.ts';
import type { MembershipRow } from '../loaders/membership-row.ts';
import type { OrganizationRow } from '../loaders/organization.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { ifSeen } from './guard.ts';
import { Membership, Organization } from './nodes.ts';

function mayInOrganization(act: keyof typeof ORGANIZATION_ACTS) {
  return ({ id }: OrganizationRow, _args: object, { principal }: Context) =>
    can(principal, ORGANIZATION_ACTS[act], id);
}

builder.prismaObjectFields(Organization, (t) => ({
  viewerMembership: t.field({
    type: Membership,
    description:
      'The caller’s own membership here, whatever its status. Null for those who have none, and for keys.',
    resolve: async ({ id }, _args, { principal, loaders }) => {
      const own = principal.kind === 'user' ? principal.rights.get(id) : undefined;
      return own === undefined
        ? null
        : ifSeen(principal, isOwnMembership, await loaders.memberships.byId(own.membershipId));
    },
  }),
  viewerCanUpdate: t.boolean({
    nullable: false,
    description:
      'Whether the caller has the right to change its name, slug and logo: organization:update. Settings take settings:update, which viewer.permissions tells.',
    resolve: mayInOrganization('update'),
  }),
  viewerCanInvite: t.boolean({
    nullable: false,
    description:
      'Whether the caller has the right to invite people, membership:invite, whatever seats are left and its settings allow.',
    resolve: mayInOrganization('invite'),
  }),
  viewerCanDelete: t.boolean({
    nullable: false,
    description: 'Whether the caller has the right to delete it: organization:delete.',
    resolve: mayInOrganization('delete'),
  }),
  viewerCanManageRoles: t.boolean({
    nullable: false,
    description:
      'Whether the caller has the right to create, change and delete its own roles: role:manage.',
    resolve: mayInOrganization('manageRoles'),
  }),
}));

/** Who has the owner role is looked up only for those to whom it makes a difference. */
function mayWithMembership(authority: MembershipAuthority) {
  return async (membership: MembershipRow, _args: object, { principal, loaders }: Context) =>
    mayDo(principal, authority, membership, true) ||
    (mayDo(principal, authority, membership, false) &&
      !(await loaders.memberships.hasOwnerRole(membership.id)));
}

builder.prismaObjectFields(Membership, (t) => ({
  viewerCanUpdate: t.boolean({
    nullable: false,
    description:
      'Whether the caller has the right to change what is kept here: membership:update, or their own while it is ACTIVE. What else than the permission a field takes, membershipUpdate tells.',
    resolve: mayWithMembership(UPDATE),
  }),
  viewerCanSuspend: t.boolean({
    nullable: false,
    description:
      'Whether the caller has the right to suspend and reinstate it, membership:suspend, whatever status it has now. Only owners touch owners.',
    resolve: mayWithMembership(SUSPEND),
  }),
  viewerCanRemove: t.boolean({
    nullable: false,
    description:
      'Whether the caller has the right to remove and reactivate it, membership:remove, whatever status it has now. Only owners touch owners. To leave is another act, which takes no right.',
    resolve: mayWithMembership(REMOVE),
  }),
  viewerCanAssignRoles: t.boolean({
    nullable: false,
    description:
      'Whether the caller has the right to give it roles and take them, role:assign, whatever status it has now. Only owners touch owners, and nobody gives what they do not hold.',
    resolve: mayWithMembership(ASSIGN_ROLES),
  }),
}));
