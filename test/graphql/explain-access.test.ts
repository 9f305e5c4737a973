import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_IN_ROLE_IDS } from '../../src/domain/environment.ts';
import { encodeId } from '../../src/domain/id.ts';
import { BUILT_IN_ROLES, covers, isForKeys, PERMISSIONS } from '../../src/domain/permission.ts';
import { found } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import {
  addPermissions,
  explain,
  giveAgain,
  makeLine,
  memberWith,
  OF_APPLICATION,
  type Person,
} from './access-world.ts';

const NO_ROLE = 'No role of the membership gives it.';
const UNKNOWN = 'There is no such permission.';
const everything = [...PERMISSIONS.map(({ name }) => name), ...OF_APPLICATION];
const owner = encodeId('rol', BUILT_IN_ROLE_IDS.owner);
const admin = encodeId('rol', BUILT_IN_ROLE_IDS.admin);
const member = encodeId('rol', BUILT_IN_ROLE_IDS.member);

let world: PeopleGateway;
let organizationId: string;

beforeAll(async () => {
  world = await createPeopleGateway();
  organizationId = await found(world);
  await addPermissions(world);
});

afterAll(() => world.close());

type Line = (string[] | { id: string })[];

/** Roles, by the lines of what they name and extend. */
const roles: [string, Line[]][] = [
  ['owner', [[{ id: owner }]]],
  ['admin', [[{ id: admin }]]],
  ['member', [[{ id: member }]]],
  ['the default role', []],
  ['a role of nothing', [[[]]]],
  ...[...BUILT_IN_ROLES.owner, ...OF_APPLICATION].map((name): [string, Line[]] => [
    name,
    [[[name]]],
  ]),
  ['invoice:*', [[['invoice:*']]]],
  ['organization:*', [[['organization:*']]]],
  ['membership:*', [[['membership:*', 'membership:read']]]],
  ['*:*', [[['*:*']]]],
  ['an heir of admins', [[['report:read'], { id: admin }]]],
  ['an heir of members', [[['membership:suspend'], [], { id: member }]]],
  ['a long line', [[['report:read'], ['membership:*'], ['invoice:read'], ['role:read']]]],
  ['several roles', [[['report:read'], ['role:read']], [{ id: member }], [['membership:*']]]],
];

async function memberOf(lines: Line[], given: object = {}): Promise<Person> {
  const ids: string[] = [];
  for (const line of lines) {
    ids.push(await makeLine(world, organizationId, ...line));
  }
  return memberWith(world, organizationId, ids, given);
}

describe('agrees with the rights', () => {
  it.each(roles)('of a member with %s', async (name, lines) => {
    const allowed = await expectAgreement(await memberOf(lines));
    expect(allowed.length > 0).toBe(name !== 'a role of nothing');
  });

  it('of owners and admins, to whom everything of the application belongs', async () => {
    expect(await expectAgreement(await memberOf([[{ id: owner }]]))).toEqual([
      ...BUILT_IN_ROLES.owner,
      ...OF_APPLICATION,
    ]);
    expect(await expectAgreement(await memberOf([[['report:read'], { id: admin }]]))).toEqual([
      ...BUILT_IN_ROLES.admin,
      ...OF_APPLICATION,
    ]);
  });

  it.each([owner, admin, member])('of %s, who is suspended', async (id) => {
    const person = await memberOf([[{ id }], [['*:*']]], { status: 'SUSPENDED' });
    expect(await expectAgreement(person)).toEqual([]);
  });
});

/** What a member is allowed, which everything that tells it agrees on. */
async function expectAgreement({ membershipId, token }: Person): Promise<string[]> {
  const theirs = await explain(world, membershipId, everything);
  const own = await explain(world, membershipId, everything, token);
  expect(own.explained).toEqual(theirs.explained);
  expect(own.permissions).toEqual(theirs.permissions);
  const allowed = own.explained.flatMap((each) => (each?.allowed ? [each.permission] : []));
  // What the membership holds, and what `can` decides for the person.
  const { permissions: held = [], viewers } = own;
  expect(allowed).toEqual(everything.filter((name) => !isForKeys(name) && covers(held, name)));
  expect(allowed).toEqual(
    everything.filter((name) =>
      OF_APPLICATION.includes(name) ? covers(viewers, name) : viewers.includes(name),
    ),
  );
  for (const each of own.explained) {
    expect(each?.refusal === null).toBe(each?.allowed);
    expect(each?.allowed && each.grants.length === 0).toBe(false);
    for (const { matches, role, through } of each?.grants ?? []) {
      expect(covers([matches], each?.permission ?? '')).toBe(true);
      expect(through[0]).toEqual(role);
    }
  }
  return allowed;
}

async function answers(id: string, permissions: string[], credential?: string | null) {
  return (await explain(world, id, permissions, credential)).explained;
}

describe('tells of each grant', () => {
  it('the way through those that are inherited, once for each that adds it', async () => {
    const low = await makeLine(world, organizationId, ['invoice:approve', 'role:read']);
    const middle = await makeLine(world, organizationId, [], { id: low });
    const top = await makeLine(world, organizationId, ['invoice:*', 'role:read'], { id: middle });
    const { membershipId } = await memberWith(world, organizationId, [top]);
    const keys = await keysOf([top, middle, low]);
    const [approve, read] = await answers(membershipId, ['invoice:approve', 'role:read']);
    const grant = { role: keys[0], source: 'DIRECT' };
    expect(approve?.grants).toEqual([
      { ...grant, through: [keys[0]], matches: 'invoice:*' },
      { ...grant, through: keys, matches: 'invoice:approve' },
    ]);
    expect(read?.grants).toEqual([
      { ...grant, through: [keys[0]], matches: 'role:read' },
      { ...grant, through: keys, matches: 'role:read' },
    ]);
  });

  it('the source, once for each', async () => {
    const person = await memberOf([[{ id: member }]]);
    await giveAgain(world, person, member, 'EMAIL_DOMAIN');
    const [explained] = await answers(person.membershipId, ['role:read']);
    expect(explained?.grants.map(({ source }) => source).sort()).toEqual([
      'DIRECT',
      'EMAIL_DOMAIN',
    ]);
  });

  it.each([
    ['an owner', owner, 'owner'],
    ['an admin', admin, 'admin'],
  ])('that %s holds everything of the application', async (_who, id, key) => {
    const heir = await (id === owner ? id : makeLine(world, organizationId, [], { id }));
    const { membershipId } = await memberWith(world, organizationId, [heir]);
    const [explained] = await answers(membershipId, ['invoice:approve']);
    expect(explained).toMatchObject({ allowed: true, refusal: null });
    expect(explained?.grants).toMatchObject([{ matches: 'invoice:*', source: 'DIRECT' }]);
    expect(explained?.grants[0]?.through.at(-1)).toEqual({ key });
  });
});

async function keysOf(ids: string[]): Promise<{ key: string }[]> {
  const { data } = await world.ask<{ nodes: { key: string }[] }>(
    'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Role { key } } }',
    { ids },
  );
  return data?.nodes ?? [];
}

describe('says why not', () => {
  it.each([
    ['no role gives it', [[['role:read']]], {}, 'event:read', NO_ROLE, 0],
    ['there is no such thing', [[{ id: owner }]], {}, 'invoice:nothing', UNKNOWN, 0],
    ['it is a wildcard', [[{ id: owner }]], {}, 'invoice:*', UNKNOWN, 0],
    ['it is no permission', [[{ id: owner }]], {}, 'toString', UNKNOWN, 0],
    [
      'it is for keys of the environment',
      [[['organization:*', '*:*']]],
      {},
      'organization:create',
      'Only API keys of the environment can have this permission.',
      0,
    ],
    [
      'the membership is suspended',
      [[['role:read']]],
      { status: 'SUSPENDED' },
      'role:read',
      'The membership is SUSPENDED.',
      1,
    ],
    [
      'nobody gave it, and the membership is invited',
      [],
      { status: 'PENDING_INVITE' },
      'role:read',
      `${NO_ROLE} The membership is PENDING_INVITE.`,
      0,
    ],
  ] as const)('%s', async (_why, lines, given, permission, refusal, grants) => {
    const asked = lines.map((line) => line.map((link) => ('id' in link ? link : [...link])));
    const { membershipId } = await memberOf(asked, given);
    const [explained] = await answers(membershipId, [permission]);
    expect(explained).toMatchObject({ allowed: false, permission, refusal });
    expect(explained?.grants).toHaveLength(grants);
  });

  it('by the status of this moment, settled or not', async () => {
    const { membershipId, uuid } = await memberOf([[['role:read']]], { status: 'SUSPENDED' });
    await world.query(
      `UPDATE membership SET status_deadline = now() + interval '1 hour' WHERE id = $1`,
      [uuid],
    );
    expect((await answers(membershipId, ['role:read']))[0]?.allowed).toBe(false);
    await world.query(
      `UPDATE membership SET status_deadline = now() - interval '1 ms' WHERE id = $1`,
      [uuid],
    );
    expect((await answers(membershipId, ['role:read']))[0]?.allowed).toBe(true);
  });

  it('to a person that their sign-in does not meet the policy, and to them alone', async () => {
    const strict = await found(world, {
      settings: { authMethods: 'RESTRICTED', allowedAuthMethods: ['PASSWORD'] },
    });
    const { membershipId, token } = await memberWith(world, strict, [owner]);
    const [own] = await answers(membershipId, ['role:read'], token);
    expect(own).toMatchObject({
      allowed: false,
      refusal: "The sign-in does not meet the organization's policy: AUTH_METHOD_NOT_ALLOWED.",
    });
    expect(own?.grants).toMatchObject([{ matches: 'role:read', through: [{ key: 'owner' }] }]);
    const [theirs] = await answers(membershipId, ['role:read']);
    expect(theirs).toMatchObject({ allowed: true, refusal: null });
  });
});

it('is for those who see members in detail, and for oneself', async () => {
  const target = await memberOf([[{ id: member }]]);
  const nobody = encodeId('mbr', BUILT_IN_ROLE_IDS.owner);
  const { read, details } = { read: 'membership:read', details: 'membership:readDetails' };
  const lookers: [string | null, boolean][] = [
    [target.token, true],
    [(await memberOf([[{ id: admin }]])).token, true],
    [(await memberOf([[[read, details]]])).token, true],
    [(await memberOf([[{ id: member }]])).token, false],
    [(await memberOf([[[details]]])).token, false],
    [(await memberOf([[{ id: owner }]], { status: 'SUSPENDED' })).token, false],
    [(await memberWith(world, await found(world), [owner])).token, false],
    [await keyWith(world, [read, details], organizationId), true],
    [await keyWith(world, [read], organizationId), false],
    [await keyWith(world, [details]), false],
    [await keyWith(world, ['*:*'], await found(world)), false],
    [null, false],
  ];
  const seen: boolean[] = [];
  for (const [credential] of lookers) {
    const [shown, absent] = [
      await answers(target.membershipId, ['role:read'], credential),
      await answers(nobody, ['role:read'], credential),
    ];
    expect(absent).toEqual([null]);
    seen.push(shown[0] !== null);
  }
  expect(seen).toEqual(lookers.map(([, sees]) => sees));
});
