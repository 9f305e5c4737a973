/** Connections of memberships: of an organization and of a user. */
import { can, organizationsWhere, type PermissionName } from '../domain/permission.ts';
import type { Principal, UserPrincipal } from '../domain/principal.ts';
import type { MembershipListFilter, MembershipOrderField } from '../loaders/membership-list.ts';
import type { MembershipRow } from '../loaders/membership-row.ts';
import { idArgument, metadataArgument, textArgument } from './arguments.ts';
import { builder } from './builder.ts';
import {
  type Connection,
  connectionOf,
  connectionType,
  emptyConnection,
  type ListOrder,
  pageArguments,
  readPage,
} from './connection.ts';
import type { Context } from './context.ts';
import { MembershipStatus, ProvisioningMethod } from './membership-enums.ts';
import { Membership, Organization, User } from './nodes.ts';
import { orderType } from './order.ts';
import { Viewer } from './viewer.ts';

const MembershipConnection = connectionType<MembershipRow>('Membership', Membership, 'memberships');

const MembershipOrderFieldType = builder.enumType('MembershipOrderField', {
  description: 'What memberships can be sorted by.',
  values: {
    CREATED_AT: { description: 'When they were created, be it by an invitation.' },
    JOINED_AT: { description: 'When the person joined; who has not comes last.' },
    NAME: { description: 'The name, without case and accents; who has none comes first.' },
    EMAIL: { description: 'The address. Requires membership:readDetails.' },
  },
});

const MembershipOrder = orderType('Membership', MembershipOrderFieldType, 'memberships');

const MembershipFilter = builder.inputType('MembershipFilter', {
  description: 'Which memberships to list. All conditions must hold.',
  fields: (t) => ({
    status: t.field({
      type: [MembershipStatus],
      description: 'Statuses of which it must have one. Left out: all but REMOVED.',
    }),
    roleId: t.id({ description: 'A role that it must hold, by id.' }),
    roleKey: t.string({ description: 'A role that it must hold, by key.' }),
    search: t.string({
      description:
        'Part of the name, in any case, accents ignored; or of the address, which requires membership:readDetails.',
    }),
    provisioningMethod: t.field({
      type: [ProvisioningMethod],
      description: 'Ways of coming in of which it must have one.',
    }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'What the trusted metadata must contain. Requires membership:readDetails.',
    }),
    untrustedMetadata: t.field({
      type: 'JSONObject',
      description: 'What the untrusted metadata must contain. Requires membership:readDetails.',
    }),
  }),
});

type Args = {
  filter?: typeof MembershipFilter.$inferInput | null;
  orderBy?: typeof MembershipOrder.$inferInput | null;
};

const keys: Record<
  MembershipOrderField,
  Pick<ListOrder<MembershipOrderField, MembershipRow>, 'type' | 'keyOf'>
> = {
  CREATED_AT: { type: 'timestamptz', keyOf: (membership) => membership.createdAt },
  JOINED_AT: { type: 'timestamptz', keyOf: (membership) => membership.joinedAt },
  NAME: { type: 'text', keyOf: (membership) => membership.nameKey },
  EMAIL: { type: 'text', keyOf: (membership) => membership.emailKey },
};

function readFilter(filter: Args['filter']): MembershipListFilter {
  const { roleId, ...rest } = filter ?? {};
  return {
    ...rest,
    roleId: roleId == null ? roleId : idArgument('rol', roleId, ['filter', 'roleId']),
    roleKey: textArgument(rest.roleKey, ['filter', 'roleKey']),
    search: textArgument(rest.search, ['filter', 'search']),
    metadata: metadataArgument(rest.metadata, ['filter', 'metadata']),
    untrustedMetadata: metadataArgument(rest.untrustedMetadata, ['filter', 'untrustedMetadata']),
  };
}

/** Whether the arguments test or sort by what only the details of a membership show. */
function asksForDetails({ filter, orderBy }: Args): boolean {
  return (
    filter?.metadata != null || filter?.untrustedMetadata != null || orderBy?.field === 'EMAIL'
  );
}

type Parent = { kind: 'organization' | 'user'; id: string };

function isOwn(parent: Parent, principal: Principal): principal is UserPrincipal {
  return parent.kind === 'user' && principal.kind === 'user' && principal.id === parent.id;
}

/** Of which organizations (uuids) the caller sees the memberships of the parent, and where in detail. Null: of all. */
function scopesOf(parent: Parent, principal: Principal) {
  if (isOwn(parent, principal)) {
    // An organization's own single sign-on reaches that organization only.
    const own = principal.signIn.organizationId === null ? null : [...principal.rights.keys()];
    return { seen: own, detailed: own };
  }
  const where = (...permissions: PermissionName[]) => {
    if (parent.kind === 'user') {
      return organizationsWhere(principal, ...permissions);
    }
    return permissions.every((name) => can(principal, name, parent.id)) ? [parent.id] : [];
  };
  return {
    seen: where('membership:read'),
    detailed: where('membership:read', 'membership:readDetails'),
  };
}

function membershipsOf(
  parent: Parent,
  { filter, orderBy, ...page }: Args & Parameters<typeof readPage>[0],
  { principal, loaders }: Context,
): Connection<MembershipRow> | null {
  const field = orderBy?.field ?? 'CREATED_AT';
  const order = {
    ...keys[field],
    list: `memberships of ${parent.kind}`,
    field,
    descending: orderBy?.direction === 'DESC',
  };
  const args = readPage(page, order);
  const { seen, detailed } = scopesOf(parent, principal);
  const organizations = asksForDetails({ filter, orderBy }) ? detailed : seen;
  if (organizations?.length === 0) {
    // Who has no membership yet sees that; to others it does not show.
    return isOwn(parent, principal) ? emptyConnection<MembershipRow>() : null;
  }
  const conditions = {
    ...readFilter(filter),
    searchesAddresses: detailed === null || organizations?.length === detailed.length,
    organizations: parent.kind === 'user' ? organizations : null,
  };
  return connectionOf(loaders.membershipsOf(parent.kind, parent.id, conditions, args), order);
}

const listArguments = builder.args((t) => ({
  ...pageArguments,
  filter: t.field({
    type: MembershipFilter,
    description: 'Which to list. All but REMOVED by default.',
  }),
  orderBy: t.field({ type: MembershipOrder, description: 'Oldest first by default.' }),
}));

builder.prismaObjectField(Organization, 'memberships', (t) =>
  t.field({
    type: MembershipConnection,
    args: listArguments,
    description:
      'Its memberships. Null for those who may not see them. Requires membership:read, and membership:readDetails for metadata, the order by address and the search in addresses.',
    resolve: ({ id }, args, context) => membershipsOf({ kind: 'organization', id }, args, context),
  }),
);

builder.prismaObjectField(User, 'memberships', (t) =>
  t.field({
    type: MembershipConnection,
    args: listArguments,
    description:
      'The memberships of this person that may be seen: your own, and those in organizations where you see memberships. Null for those who may see none. Requires membership:read, and membership:readDetails for metadata, the order by address and the search in addresses.',
    resolve: ({ id }, args, context) => membershipsOf({ kind: 'user', id }, args, context),
  }),
);

builder.objectField(Viewer, 'memberships', (t) =>
  t.field({
    type: MembershipConnection,
    args: listArguments,
    description:
      'Your own memberships, whatever the status; those of one organization when you came by its single sign-on. Null for callers who are not people.',
    resolve: (_viewer, args, context) =>
      context.principal.kind === 'user'
        ? membershipsOf({ kind: 'user', id: context.principal.id }, args, context)
        : null,
  }),
);
