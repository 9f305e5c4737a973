/** What people do for themselves, in each combination. */
import { type Case, MANY_ONLY, start } from './combination-world.ts';

const FAY = 'fay@eve.example';

/** In order, before the others, which forbid people to create organizations. */
export const ownCases: Case[] = [
  [
    'organizationCreate by a person',
    'done',
    start('eve@eve.example', 'Eve', {
      settings: { emailJitProvisioning: 'RESTRICTED', allowedDomains: ['eve.example'] },
    }),
  ],
  ['organizationCreate by the same person', MANY_ONLY, start('eve@eve.example', 'Eve 2')],
  [
    'organizationJoin',
    'done',
    (world) => world.send('organizationJoin', { organizationId: world.ids.Eve }, '', FAY),
  ],
  [
    'organizationJoin, once more',
    'ALREADY_MEMBER',
    (world) => world.send('organizationJoin', { organizationId: world.ids.Eve }, '', FAY),
  ],
  ['organizationCreate by a member of another', MANY_ONLY, start(FAY, 'Fay')],
  [
    'membershipLeave of the last owner',
    'LAST_OWNER',
    (world) =>
      world.send(
        'membershipLeave',
        { membershipId: world.ids["Eve's founder"] },
        '',
        'eve@eve.example',
      ),
  ],
  [
    'membershipLeave',
    'done',
    async (world) => {
      const { data } = await world.ask<{ viewer: { memberships: { nodes: { id: string }[] } } }>(
        '{ viewer { memberships(first: 1) { nodes { id } } } }',
        {},
        await world.tokenOf(FAY),
      );
      const [own] = data?.viewer.memberships.nodes ?? [];
      return world.send('membershipLeave', { membershipId: own?.id }, '', FAY);
    },
  ],
];
