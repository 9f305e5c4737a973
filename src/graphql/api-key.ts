/** API keys. */
import { seesOrganization } from '../domain/visibility.ts';
import type { ApiKeyRow } from '../loaders/api-key.ts';
import { builder } from './builder.ts';
import { connectionType, type ListOrder } from './connection.ts';
import { ifSeen } from './guard.ts';
import { ApiKey, Organization } from './nodes.ts';

builder.prismaObjectFields(ApiKey, (t) => ({
  name: t.exposeString('name', { nullable: false, description: 'What people call the key.' }),
  organization: t.field({
    type: Organization,
    description:
      'The organization that it is bound to. Null for a key of the environment, and for those who may not see it.',
    resolve: async ({ organizationId }, _args, { principal, loaders }) =>
      organizationId === null
        ? null
        : ifSeen(principal, seesOrganization, await loaders.organizations.byId(organizationId)),
  }),
  permissions: t.exposeStringList('permissions', {
    nullable: false,
    description: 'The permissions and wildcards that it holds.',
  }),
  lastUsedAt: t.expose('lastUsedAt', {
    type: 'DateTime',
    description: 'When it was last used, to the minute. Null when it never was.',
  }),
  expiresAt: t.expose('expiresAt', {
    type: 'DateTime',
    description: 'When it ceases to work. Null when it never does.',
  }),
  revokedAt: t.expose('revokedAt', {
    type: 'DateTime',
    description: 'When it was revoked. Null while it works.',
  }),
  createdAt: t.expose('createdAt', {
    type: 'DateTime',
    nullable: false,
    description: 'When it was made.',
  }),
}));

export const ApiKeyConnection = connectionType<ApiKeyRow>('ApiKey', ApiKey, 'API keys');

/** The only order that keys are listed in: oldest first. */
export const apiKeyOrder: ListOrder<'CREATED_AT', ApiKeyRow> = {
  list: 'apiKeys',
  field: 'CREATED_AT',
  descending: false,
  type: 'timestamptz',
  keyOf: (key) => key.createdAt,
};
