/** Who did something. */
import type { ActorKind } from '../db/generated/prisma/client.ts';
import { seesApiKey, seesUser } from '../domain/visibility.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { ifSeen } from './guard.ts';
import { ApiKey, User } from './nodes.ts';

const System = builder.objectRef<{ name: string }>('System').implement({
  description: 'Gatehouse itself: a deadline that passed, an import, a command of the operator.',
  fields: (t) => ({
    name: t.exposeString('name', { nullable: false, description: 'Always "Gatehouse".' }),
  }),
});

const Anonymous = builder.objectRef<{ name: string }>('Anonymous').implement({
  description: 'Somebody who did not sign in, for example who accepted an invitation by its link.',
  fields: (t) => ({
    name: t.exposeString('name', { nullable: false, description: 'Always "Anonymous".' }),
  }),
});

export const Actor = builder.unionType('Actor', {
  description: 'Who did something.',
  types: [User, ApiKey, System, Anonymous],
  resolveType: (actor) =>
    'name' in actor && !('id' in actor)
      ? actor.name === 'Gatehouse'
        ? System
        : Anonymous
      : 'email' in actor
        ? User
        : ApiKey,
});

/** The actor of that kind and id (uuid); null when it is hidden or erased. */
export function actorOf({ principal, loaders }: Context, kind: ActorKind, id: string | null) {
  switch (kind) {
    case 'SYSTEM':
      return { name: 'Gatehouse' };
    case 'ANONYMOUS':
      return { name: 'Anonymous' };
    case 'USER':
      return id === null ? null : userOf(id);
    case 'API_KEY':
      return id === null ? null : keyOf(id);
  }

  async function userOf(userId: string) {
    return ifSeen(principal, seesUser, await loaders.users.byId(userId));
  }

  async function keyOf(keyId: string) {
    return ifSeen(principal, seesApiKey, await loaders.apiKeys.byId(keyId));
  }
}
