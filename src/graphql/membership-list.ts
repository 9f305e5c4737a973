/** Connections of memberships: of an organization and of a user. */
import { can, type PermissionName } from '../domain/permission.ts';
import type { MembershipRow } from '../loaders/membership.ts';
import type { MembershipListFilter, MembershipOrderField } from '../loaders/membership-list.ts';
import { idArgument, metadataArgument, textArgument } from './arguments.ts';
import { builder } from './builder.ts';
import {
  type Connection,
  connectionOf,
  connectionType,
  type ListOrder,
  pageArguments,
  readPage,
} from './connection.ts';
import type { Context } from './context.ts';
import { MembershipStatus, ProvisioningMethod } from './membership-enums.ts';
import { Membership, Organization, User } from './nodes.ts';
import { orderType } from './order.ts';

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
      description: 'Part of the name or address, in any case, accents ignored.',
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

/** What the arguments of a membership list test or sort by, in the permissions that show it. */
function permissionsFor({ filter, orderBy }: Args): PermissionName[] {
  const details =
    filter?.metadata != null ||
    filter?.untrustedMetadata != null ||
    filter?.search != null ||
    orderBy?.field === 'EMAIL';
  return details ? ['membership:read', 'membership:readDetails'] : ['membership:read'];
}

function membershipsOf(
  parent: { kind: 'organization' | 'user'; id: string },
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
  const conditions = readFilter(filter);
  const organizationId = parent.kind === 'organization' ? parent.id : undefined;
  const may = permissionsFor({ filter, orderBy }).every((permission) =>
    can(principal, permission, organizationId),
  );
  return may
    ? connectionOf(loaders.memberships.of(parent.kind, parent.id, conditions, args), order)
    : null;
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
      'Its memberships. Null for those who may not see them. Requires membership:read, and membership:readDetails for search, metadata and the order by address.',
    resolve: ({ id }, args, context) => membershipsOf({ kind: 'organization', id }, args, context),
  }),
);

builder.prismaObjectField(User, 'memberships', (t) =>
  t.field({
    type: MembershipConnection,
    args: listArguments,
    description:
      'The memberships of this person that may be seen. Null for those who may see none. Requires membership:read, and membership:readDetails for search, metadata and the order by address.',
    resolve: ({ id }, args, context) => membershipsOf({ kind: 'user', id }, args, context),
  }),
);
