/** Who is calling. */
import { permissionsOf } from '../domain/permission.ts';
import type { Principal } from '../domain/principal.ts';
import { idArgument } from './arguments.ts';
import { builder } from './builder.ts';
import { ApiKey, User } from './nodes.ts';

const PrincipalKind = builder.enumType('PrincipalKind', {
  description: 'What kind of caller it is.',
  values: {
    ANONYMOUS: { description: 'Nobody has signed in.' },
    API_KEY: { description: 'A backend, by an API key.' },
    USER: { description: 'A person, by a token of a trusted issuer.' },
  },
});

const KINDS = { anonymous: 'ANONYMOUS', apiKey: 'API_KEY', user: 'USER' } as const;

export const Viewer = builder.objectRef<Principal>('Viewer').implement({
  description: 'Who is calling, and with what rights.',
  fields: (t) => ({
    kind: t.field({
      type: PrincipalKind,
      nullable: false,
      description: 'What kind of caller it is.',
      resolve: ({ kind }) => {
        if (kind === 'system') {
          throw new Error('The gateway itself does not call.');
        }
        return KINDS[kind];
      },
    }),
    user: t.field({
      type: User,
      description: 'The person. Null for other callers.',
      resolve: (principal, _args, { loaders }) =>
        principal.kind === 'user' ? loaders.users.byId(principal.id) : null,
    }),
    apiKey: t.field({
      type: ApiKey,
      description: 'The key. Null for other callers.',
      resolve: (principal, _args, { loaders }) =>
        principal.kind === 'apiKey' ? loaders.apiKeys.byId(principal.id) : null,
    }),
    permissions: t.stringList({
      nullable: false,
      args: {
        organizationId: t.arg.id({
          description: 'The organization, org_…. Left out: in the environment as a whole.',
        }),
      },
      description:
        'The permissions that the caller has there. Empty for members who are not ACTIVE, and for those who did not sign in as the organization asks for.',
      resolve: (principal, { organizationId }) =>
        permissionsOf(
          principal,
          organizationId == null
            ? undefined
            : idArgument('org', organizationId, ['organizationId']),
        ),
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    nullable: false,
    description: 'Who is calling.',
    resolve: (_root, _args, { principal }) => principal,
  }),
);
