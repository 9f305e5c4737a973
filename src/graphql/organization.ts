/** Organizations: their fields, and how they are looked up and listed. */
import { can, organizationsWhere } from '../domain/permission.ts';
import type { Principal } from '../domain/principal.ts';
import { seesOrganization } from '../domain/visibility.ts';
import type { MaybePromise } from '../loaders/batch.ts';
import type { OrganizationRow } from '../loaders/organization.ts';
import { ApiKeyConnection, apiKeyOrder } from './api-key.ts';
import { idArgument, metadataArgument, textArgument } from './arguments.ts';
import { builder } from './builder.ts';
import {
  connectionOf,
  connectionType,
  emptyConnection,
  type ListOrder,
  pageArguments,
  readPage,
} from './connection.ts';
import type { Context } from './context.ts';
import { guarded, ifSeen } from './guard.ts';
import { Organization, Role } from './nodes.ts';
import { orderType } from './order.ts';
import { OrganizationSettings, Seats } from './organization-settings.ts';

const itself = (organization: OrganizationRow) => organization.id;

builder.prismaObjectFields(Organization, (t) => ({
  displayName: t.exposeString('displayName', {
    nullable: false,
    description: 'What people call the organization, 1 to 200 characters.',
  }),
  slug: t.exposeString('slug', {
    nullable: false,
    description:
      'Its name in addresses: a lower-case DNS label, unique. Former slugs still find it.',
  }),
  externalId: t.string({
    description:
      'The id that the product itself uses, unique. Null when none was given. Requires organization:read.',
    resolve: guarded('organization:read', itself, (organization) => organization.externalId),
  }),
  logoUrl: t.exposeString('logoUrl', {
    description: 'Where its logo is. Null when it has none.',
  }),
  metadata: t.field({
    type: 'JSONObject',
    description: 'Trusted metadata, which may enter tokens. Requires organization:read.',
    resolve: guarded('organization:read', itself, (organization) => organization.metadata),
  }),
  settings: t.field({
    type: OrganizationSettings,
    description: 'Who may join it and how its members sign in. Requires organization:read.',
    resolve: guarded('organization:read', itself, (organization) => organization),
  }),
  seats: t.field({
    type: Seats,
    description: 'How many seats it has and uses. Requires organization:read.',
    resolve: guarded('organization:read', itself, (organization) => organization),
  }),
  roles: t.field({
    type: [Role],
    nullable: { list: true, items: false },
    description:
      'The roles that may be assigned here: the environment’s and its own. Requires role:read.',
    resolve: guarded('role:read', itself, (organization, _args, { loaders }) =>
      loaders.roles.assignableIn(organization.id),
    ),
  }),
  apiKeys: t.field({
    type: ApiKeyConnection,
    args: { ...pageArguments },
    description: 'The keys that are bound to it, oldest first. Requires apikey:manage.',
    resolve: guarded('apikey:manage', itself, (organization, args, { loaders }) =>
      connectionOf(loaders.apiKeysOf(organization.id, readPage(args, apiKeyOrder)), apiKeyOrder),
    ),
  }),
  version: t.exposeInt('version', {
    nullable: false,
    description: 'Grows with every change, for expectedVersion.',
  }),
  createdAt: t.expose('createdAt', {
    type: 'DateTime',
    nullable: false,
    description: 'When it was created.',
  }),
  updatedAt: t.expose('updatedAt', {
    type: 'DateTime',
    nullable: false,
    description: 'When it was last changed.',
  }),
}));

export const OrganizationConnection = connectionType<OrganizationRow>(
  'Organization',
  Organization,
  'organizations',
);

const OrganizationOrderField = builder.enumType('OrganizationOrderField', {
  description: 'What organizations can be sorted by.',
  values: {
    CREATED_AT: { description: 'When they were created.' },
    DISPLAY_NAME: { description: 'Their name, without case and accents.' },
  },
});

const OrganizationOrder = orderType('Organization', OrganizationOrderField, 'organizations');

const OrganizationFilter = builder.inputType('OrganizationFilter', {
  description: 'Which organizations to list. All conditions must hold.',
  fields: (t) => ({
    search: t.string({ description: 'Part of the name or slug, in any case, accents ignored.' }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'What the trusted metadata must contain.',
    }),
    externalIds: t.stringList({ description: 'External ids of which it must have one.' }),
  }),
});

/** Exactly one way to name an organization. */
export const OrganizationBy = builder.inputType('OrganizationBy', {
  description: 'Names an organization in exactly one way.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'By id, org_….' }),
    slug: t.string({ description: 'By slug, a former one too.' }),
    externalId: t.string({ description: 'By the id that the product itself uses.' }),
  }),
});

const orders: {
  [Field in 'CREATED_AT' | 'DISPLAY_NAME']: Omit<ListOrder<Field, OrganizationRow>, 'descending'>;
} = {
  CREATED_AT: {
    list: 'organizations',
    field: 'CREATED_AT',
    type: 'timestamptz',
    keyOf: (organization) => organization.createdAt,
  },
  DISPLAY_NAME: {
    list: 'organizations',
    field: 'DISPLAY_NAME',
    type: 'text',
    keyOf: (organization) => organization.nameKey,
  },
};

function findOrganization(
  by: typeof OrganizationBy.$inferInput,
  { loaders }: Context,
): MaybePromise<OrganizationRow | null> {
  if (by.id != null) {
    return loaders.organizations.byId(idArgument('org', by.id, ['by', 'id']));
  }
  return by.slug != null
    ? loaders.organizations.bySlug(textArgument(by.slug, ['by', 'slug']).toLowerCase())
    : loaders.organizations.byExternalId(textArgument(by.externalId ?? '', ['by', 'externalId']));
}

/** Who may look an organization up by its external id may read that. */
function visibilityBy({ externalId }: typeof OrganizationBy.$inferInput) {
  return (principal: Principal, organization: OrganizationRow) =>
    externalId == null
      ? seesOrganization(principal, organization)
      : can(principal, 'organization:read', organization.id);
}

builder.queryFields((t) => ({
  organization: t.field({
    type: Organization,
    args: {
      by: t.arg({ type: OrganizationBy, required: true, description: 'Which organization.' }),
    },
    description:
      'An organization. Null when there is none or it may not be seen. Requires organization:read or membership:read there, or a membership; by external id organization:read.',
    resolve: async (_root, { by }, context) =>
      ifSeen(context.principal, visibilityBy(by), await findOrganization(by, context)),
  }),
  organizations: t.field({
    type: OrganizationConnection,
    nullable: false,
    args: {
      ...pageArguments,
      filter: t.arg({ type: OrganizationFilter, description: 'Which to list. All by default.' }),
      orderBy: t.arg({ type: OrganizationOrder, description: 'Oldest first by default.' }),
    },
    description: 'The organizations that the caller may read. Requires organization:read there.',
    resolve: (_root, { filter, orderBy, ...page }, { principal, loaders }) => {
      const order = {
        ...orders[orderBy?.field ?? 'CREATED_AT'],
        descending: orderBy?.direction === 'DESC',
      };
      const args = readPage(page, order);
      const conditions = {
        search: textArgument(filter?.search, ['filter', 'search']),
        metadata: metadataArgument(filter?.metadata, ['filter', 'metadata']),
        externalIds: filter?.externalIds?.map((id) => textArgument(id, ['filter', 'externalIds'])),
      };
      const within = organizationsWhere(principal, 'organization:read');
      return within?.length === 0
        ? emptyConnection<OrganizationRow>()
        : connectionOf(loaders.organizations.list({ ...conditions, within }, args), order);
    },
  }),
}));
