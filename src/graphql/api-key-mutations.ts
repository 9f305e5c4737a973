/** Changes of API keys. */
import { RoleTooHighError } from '../domain/errors.ts';
import { idInput } from './arguments.ts';
import { builder } from './builder.ts';
import { mutation } from './mutation.ts';
import { seenNode } from './node.ts';
import { ApiKey } from './nodes.ts';
import { nodePayload } from './payload.ts';

const ApiKeyCreateInput = builder.inputType('ApiKeyCreateInput', {
  description: 'A new key.',
  fields: (t) => ({
    organizationId: t.id({
      description:
        'The organization that it is bound to, org_…. Left out: a key of the environment.',
    }),
    name: t.string({ required: true, description: 'What people call it, up to 100 characters.' }),
    permissions: t.stringList({
      required: true,
      description:
        'What it holds: 1 to 500 permissions, wildcards such as invoice:*, or *:* for everything.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When it ceases to work. Left out: never.',
    }),
  }),
});

const ApiKeyRevokeInput = builder.inputType('ApiKeyRevokeInput', {
  description: 'Which key to revoke.',
  fields: (t) => ({
    apiKeyId: t.id({ required: true, description: 'The key, key_….' }),
  }),
});

const ApiKeyCreatePayload = builder
  .objectRef<{ apiKeyId: string; secret?: string }>('ApiKeyCreatePayload')
  .implement({
    description: 'What ApiKeyCreate made.',
    fields: (t) => ({
      apiKey: t.field({
        type: ApiKey,
        description: 'The key. Null for those who may not see it.',
        resolve: ({ apiKeyId }, _args, context) =>
          seenNode('key', apiKeyId, context) as Promise<never>,
      }),
      secret: t.string({
        description:
          'What to call with, shown this once: only its hash is kept. Null when the answer is replayed.',
        resolve: ({ secret }) => secret ?? null,
      }),
    }),
  });

mutation('apiKeyCreate', {
  description:
    'Makes a key, which holds nothing that the caller does not hold. Requires apikey:manage, for a key of the environment environment:update.',
  input: ApiKeyCreateInput,
  payload: ApiKeyCreatePayload,
  errors: [RoleTooHighError],
  resolve: ({ organizationId, ...input }, { apiKeys }) =>
    apiKeys.create({
      ...input,
      organizationId: idInput('org', organizationId, 'organizationId'),
    }),
});

mutation('apiKeyRevoke', {
  description:
    'Revokes a key for good; its requests are refused at once. A key may revoke itself. Requires apikey:manage, for a key of the environment environment:update.',
  input: ApiKeyRevokeInput,
  payload: nodePayload('ApiKeyRevoke', 'apiKey'),
  resolve: ({ apiKeyId }, { apiKeys }) =>
    apiKeys.revoke({ apiKeyId: idInput('key', apiKeyId, 'apiKeyId') }),
});
