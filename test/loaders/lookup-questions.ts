/** Questions about single things, one and many at once. */
import type { Loaders } from '../../src/loaders/loaders.ts';
import { idOf, LARGE_WORLD } from '../support/large-world.ts';
import type { Question } from './plan-questions.ts';

const { big } = LARGE_WORLD;

/** Every kind of lookup, for 1, 10 and 100 keys. */
export function lookupQuestions(): Question[] {
  const lookups: Record<string, (loaders: Loaders, n: number) => unknown> = {
    'organization by id': ({ organizations }, n) => organizations.byId(idOf('organization', n)),
    'organization by slug': ({ organizations }, n) => organizations.bySlug(`company-${n}`),
    'organization by external id': ({ organizations }, n) =>
      organizations.byExternalId(`external-${n}`),
    'user by id': ({ users }, n) => users.byId(idOf('user', n * 400)),
    'user by address': ({ users }, n) => users.byEmail(`person-${n * 300}@large.example`),
    'user by external id': ({ users }, n) => users.byExternalId(`external-${n * 400}`),
    'identities of a user': ({ users }, n) => users.identitiesOf(idOf('user', n * 400)),
    'membership by id': ({ memberships }, n) => memberships.byId(memberId(n)),
    'membership by user': ({ memberships }, n) =>
      memberships.byOrganizationAndUser({ organization: big, user: idOf('user', n * 400) }),
    'membership by address': ({ memberships }, n) =>
      memberships.byOrganizationAndEmail({
        organization: big,
        email: `person-${n * 300}@large.example`,
      }),
    'membership by external id': ({ memberships }, n) =>
      memberships.byOrganizationAndExternalId({
        organization: big,
        external_id: `external-${n * 400}`,
      }),
    'assignments of a membership': ({ memberships }, n) => memberships.assignmentsOf(memberId(n)),
    'permissions of a membership': ({ memberships }, n) => memberships.permissionsOf(memberId(n)),
    'owner role of a membership': ({ memberships }, n) => memberships.hasOwnerRole(memberId(n)),
    'inheritance of the permissions of a membership': ({ access }, n) =>
      access.lineagesOf(memberId(n)),
    'latest invitation': ({ invitations }, n) => invitations.latestOf(memberId(n)),
    'roles on offer': ({ invitations }, n) => invitations.rolesOf(idOf('invitation', n)),
    'invitation by id': ({ invitations }, n) => invitations.byId(idOf('invitation', n)),
    'role by id': ({ roles }, n) => roles.byId(n % 2 ? LARGE_WORLD.bigSupport : idOf('role', n)),
    'permissions of a role': ({ roles }, n) =>
      roles.effectivePermissionsOf(n % 2 ? LARGE_WORLD.bigSupport : idOf('role', n)),
    'roles of an organization': ({ roles }, n) => roles.assignableIn(idOf('organization', n)),
    'event by id': ({ events }, n) => events.byId(idOf('event', n * 1000)),
    'key by id': ({ apiKeys }, n) => apiKeys.byId(idOf('key', n)),
  };
  return Object.entries(lookups).flatMap(([name, lookup]) =>
    [1, 10, 100].map(
      (keys): Question => ({
        name: `${name}, ${keys} at once`,
        async ask(loaders) {
          const ns = Array.from({ length: keys }, (_, at) => at + 1);
          await Promise.all(ns.map((n) => lookup(loaders, n)));
          return keys;
        },
        // Those with a level of their own behind them: a few roles for each. Memberships come with what they lead to: four
        // more lookups, of some three pages each.
        mostPages: 50 + (name.startsWith('membership by') ? 18 : 12) * keys,
        ...(/roles of|permissions of/.test(name) && { most: (returned) => 8 * returned }),
      }),
    ),
  );
}

function memberId(n: number): string {
  return idOf('membership', 65_536 + n * 400);
}
