import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALL_PERMISSIONS, BUILT_IN_ROLES } from '../../src/domain/permission.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { countEvents } from './role-world.ts';
import {
  ALLOWED,
  breakglass,
  foreignKey,
  key,
  look,
  type MakeLooker,
  MEMBERSHIP_BUTTONS,
  makePlace,
  ORGANIZATION_BUTTONS,
  outsider,
  type Place,
  person,
  personWith,
  REFUSED,
  type Seen,
  tryActs,
} from './viewer-can-world.ts';

type PlaceName = 'open' | 'passwords' | 'factors';

let world: PeopleGateway;
let places: Record<PlaceName, Place>;

beforeAll(async () => {
  world = await createPeopleGateway({
    settings: { authMethod: 'GOOGLE', mfa: { claim: 'amr', values: ['mfa'] } },
  });
  places = {
    open: await makePlace(world),
    passwords: await makePlace(world, {
      authMethods: 'RESTRICTED',
      allowedAuthMethods: ['PASSWORD'],
    }),
    factors: await makePlace(world, { mfaPolicy: 'REQUIRED' }),
  };
});

afterAll(() => world.close());

const { owner, admin, member } = BUILT_IN_ROLES;
const asOwner = { roleKeys: ['owner'] };

/** What some button takes of those who are no owners. */
const some = Object.values(MEMBERSHIP_BUTTONS).map(({ permission }) => permission);

/** Everybody who can look, and where. */
const lookers: [string, PlaceName, MakeLooker][] = [
  ['an owner', 'open', person(asOwner)],
  ['an admin', 'open', person({ roleKeys: ['admin'] })],
  ['a member', 'open', person({ roleKeys: ['member'] })],
  ['a member without a role', 'open', personWith()],
  ...owner.map((name): [string, PlaceName, MakeLooker] => [
    `a member with ${name} alone`,
    'open',
    personWith(name),
  ]),
  ...some.map((name): [string, PlaceName, MakeLooker] => [
    `a member with ${name}, who sees others`,
    'open',
    personWith(name, 'membership:read'),
  ]),
  ['a suspended owner', 'open', person({ ...asOwner, status: 'SUSPENDED' })],
  ['a removed owner', 'open', person({ ...asOwner, status: 'REMOVED' })],
  ['an invited owner', 'open', person({ ...asOwner, status: 'PENDING_INVITE' })],
  ['an owner of another organization', 'open', outsider],
  ['a key of another organization', 'open', foreignKey],
  ['nobody', 'open', async () => ({ credential: null })],
  ['an owner by the wrong method', 'passwords', person(asOwner)],
  ['a member by the wrong method', 'passwords', person({ roleKeys: ['member'] })],
  ['a breakglass owner', 'passwords', breakglass(person(asOwner))],
  ['a key where methods are restricted', 'passwords', key('organization', ALL_PERMISSIONS)],
  ['an owner with one factor', 'factors', person(asOwner)],
  ['an owner with two factors', 'factors', person(asOwner, { amr: ['pwd', 'mfa'] })],
  ['a key of the environment', 'open', key('environment', ALL_PERMISSIONS)],
  ['a key of the organization', 'open', key('organization', ...owner)],
  ["an admin's key", 'open', key('organization', ...admin)],
  ["a member's key", 'open', key('organization', ...member)],
  ['a key with membership:*', 'open', key('environment', 'membership:*')],
  ...some.map((name): [string, PlaceName, MakeLooker] => [
    `a key with ${name}`,
    'open',
    key('environment', 'membership:read', name),
  ]),
];

/** How often each button was shown and not. */
const tally = new Map<string, Set<boolean>>();

it.each(lookers)('%s (%s) is shown the buttons that work', async (who, where, make) => {
  const place = places[where];
  const { credential, own } = await make(world, place);
  const targets = { ...place.targets, ...(own !== undefined && { oneself: own }) };
  const seen = await look(world, place, credential, targets);
  const events = await countEvents(world);
  const codes = await tryActs(world, place, credential, targets, who === 'an admin');
  expect(await countEvents(world)).toBe(events);
  const wrong = Object.entries(codes).filter(([name, code]) => {
    const shown = shownTo(seen, name);
    if (shown !== null) {
      const [target, button] = name.split(' | ');
      const key = `${target} ${button}`;
      tally.set(key, (tally.get(key) ?? new Set()).add(shown));
    }
    const right = shown === null ? [...ALLOWED, ...REFUSED] : shown ? ALLOWED : REFUSED;
    return code === undefined || !right.includes(code);
  });
  expect(wrong).toEqual([]);
  expect(seen.organization?.viewerMembership?.id ?? null).toBe(own ?? null);
});

/** Whether the button is shown; null when what carries it may not be seen. */
function shownTo({ organization, memberships }: Seen, name: string): boolean | null {
  const [target = '', button = ''] = name.split(' | ');
  const shown = (target === 'organization' ? organization : memberships[target])?.[button] ?? null;
  return typeof shown === 'boolean' ? shown : null;
}

it('met every button both ways, on every target', () => {
  const targets = ['owner', 'suspended owner', 'admin', 'member', 'oneself'];
  const cells = [
    ...Object.keys(ORGANIZATION_BUTTONS).map((button) => `organization ${button}`),
    ...targets.flatMap((target) =>
      Object.keys(MEMBERSHIP_BUTTONS).map((button) => `${target} ${button}`),
    ),
  ];
  expect([...tally.keys()].sort()).toEqual(cells.sort());
  expect([...tally].filter(([, ways]) => ways.size < 2)).toEqual([]);
});

/** Update, suspend, remove, assign roles: for each target and oneself. */
const ALL = 'yes yes yes yes';
const NONE = 'no no no no';
const MINE = 'yes no no no';

it.each<[string, PlaceName, MakeLooker, string[], string]>([
  ['an owner', 'open', person(asOwner), [ALL, ALL, ALL, ALL, ALL], 'yes yes yes yes'],
  [
    'an admin',
    'open',
    person({ roleKeys: ['admin'] }),
    [NONE, NONE, ALL, ALL, ALL],
    'yes yes no yes',
  ],
  ['a member', 'open', person({ roleKeys: ['member'] }), [NONE, NONE, NONE, NONE, MINE], NONE],
  [
    'a key of an admin',
    'open',
    key('organization', ...admin),
    [NONE, NONE, ALL, ALL],
    'yes yes no yes',
  ],
  ['a key of an owner', 'open', key('organization', ...owner), [ALL, ALL, ALL, ALL], ALL],
  [
    'a key that suspends',
    'open',
    key('environment', 'membership:read', 'membership:suspend'),
    [NONE, NONE, 'no yes no no', 'no yes no no'],
    NONE,
  ],
])('%s (%s) has exactly these', async (_who, where, make, members, organization) => {
  const place = places[where];
  const { credential, own } = await make(world, place);
  const targets = { ...place.targets, ...(own !== undefined && { oneself: own }) };
  const seen = await look(world, place, credential, targets);
  const inWords = (all: Record<string, unknown> | null, names: string[]) =>
    names.map((name) => (all?.[name] === true ? 'yes' : 'no')).join(' ');
  const rows = Object.values(seen.memberships);
  expect(rows.map((row) => inWords(row, Object.keys(MEMBERSHIP_BUTTONS)))).toEqual(members);
  const buttons = ['viewerCanUpdate', 'viewerCanInvite', 'viewerCanDelete', 'viewerCanManageRoles'];
  expect(inWords(seen.organization, buttons)).toBe(organization);
});
