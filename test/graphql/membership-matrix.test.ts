import { afterAll, beforeAll, expect, test } from 'vitest';
import { ALL_PERMISSIONS, BUILT_IN_ROLES } from '../../src/domain/permission.ts';
import { found, join } from '../domain/world.ts';
import { keyWith } from '../http/tenant.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import {
  type Member,
  type Move,
  memberIn,
  moves,
  mutate,
  mutationOf,
  nobody,
  type State,
} from './membership-moves.ts';

let world: TestGateway;
let organizationId: string;
let keys: Record<string, string | null>;

/** From which state each move is made. Those who come in get the role of the target. */
const from: Record<Move, State | '(none)'> = {
  create: '(none)',
  suspend: 'ACTIVE',
  reinstate: 'SUSPENDED',
  remove: 'ACTIVE',
  reactivate: 'REMOVED',
  delete: 'ACTIVE',
  invite: '(none)',
  resend: 'PENDING_INVITE',
  revoke: 'PENDING_INVITE',
};

const columns = Object.keys(from) as Move[];
const roles = ['owner', 'admin', 'member', '(default)'];

/** The permission that the move needs, and no other. */
const needed: Record<Move, string> = {
  create: 'membership:create',
  suspend: 'membership:suspend',
  reinstate: 'membership:suspend',
  remove: 'membership:remove',
  reactivate: 'membership:remove',
  delete: 'membership:remove',
  invite: 'membership:invite',
  resend: 'membership:invite',
  revoke: 'membership:invite',
};

beforeAll(async () => {
  world = await createGateway();
  organizationId = await found(world);
  const elsewhere = await found(world);
  await join(world, organizationId, { roleKeys: ['owner'] });
  keys = {
    'environment key': world.key,
    'organization key': await keyWith(world, [...BUILT_IN_ROLES.owner], organizationId),
    "admin's key": await keyWith(world, [...BUILT_IN_ROLES.admin], organizationId),
    "member's key": await keyWith(world, [...BUILT_IN_ROLES.member], organizationId),
    "another organization's key": await keyWith(world, [ALL_PERMISSIONS], elsewhere),
    anonymous: null,
  };
  for (const permission of new Set(Object.values(needed))) {
    keys[permission] = await keyWith(world, [permission]);
    keys[`${permission}, seeing`] = await keyWith(world, [permission, 'membership:read']);
  }
});

afterAll(() => world.close());

const ADDED = 'ADDED';
const SUSPENDED = 'SUSPENDED';
const REINSTATED = 'REINSTATED';
const REMOVED = 'REMOVED';
const REACTIVATED = 'REACTIVATED';
const DELETED = 'DELETED';
const INVITED = 'INVITED';
const RESENT = 'RESENT';
const REVOKED = 'REVOKED';
const NO = 'FORBIDDEN';
const HIGH = 'ROLE_TOO_HIGH';
const NOBODY = 'NOT_FOUND';

/**
 * What comes of each move, in the order create, suspend, reinstate, remove, reactivate, delete, invite, resend, revoke,
 * for targets with (or, for those who come in or are invited, to be given) each role.
 */
const table: Record<string, Record<string, string[]>> = {
  'environment key': {
    owner: [ADDED, SUSPENDED, REINSTATED, REMOVED, REACTIVATED, DELETED, INVITED, RESENT, REVOKED],
    admin: [ADDED, SUSPENDED, REINSTATED, REMOVED, REACTIVATED, DELETED, INVITED, RESENT, REVOKED],
    member: [ADDED, SUSPENDED, REINSTATED, REMOVED, REACTIVATED, DELETED, INVITED, RESENT, REVOKED],
    '(default)': [
      ADDED,
      SUSPENDED,
      REINSTATED,
      REMOVED,
      REACTIVATED,
      DELETED,
      INVITED,
      RESENT,
      REVOKED,
    ],
  },
  'environment key with that permission only': {
    owner: [HIGH, NO, NO, NO, HIGH, NOBODY, HIGH, HIGH, REVOKED],
    admin: [HIGH, SUSPENDED, REINSTATED, REMOVED, HIGH, NOBODY, HIGH, HIGH, REVOKED],
    member: [HIGH, SUSPENDED, REINSTATED, REMOVED, HIGH, NOBODY, HIGH, HIGH, REVOKED],
    '(default)': [
      ADDED,
      SUSPENDED,
      REINSTATED,
      REMOVED,
      REACTIVATED,
      NOBODY,
      INVITED,
      RESENT,
      REVOKED,
    ],
  },
  'environment key with that permission, seeing memberships': {
    owner: [HIGH, NO, NO, NO, HIGH, NO, HIGH, HIGH, REVOKED],
    admin: [HIGH, SUSPENDED, REINSTATED, REMOVED, HIGH, NO, HIGH, HIGH, REVOKED],
    member: [HIGH, SUSPENDED, REINSTATED, REMOVED, HIGH, NO, HIGH, HIGH, REVOKED],
    '(default)': [ADDED, SUSPENDED, REINSTATED, REMOVED, REACTIVATED, NO, INVITED, RESENT, REVOKED],
  },
  'organization key': {
    owner: [NO, SUSPENDED, REINSTATED, REMOVED, REACTIVATED, DELETED, INVITED, RESENT, REVOKED],
    admin: [NO, SUSPENDED, REINSTATED, REMOVED, REACTIVATED, DELETED, INVITED, RESENT, REVOKED],
    member: [NO, SUSPENDED, REINSTATED, REMOVED, REACTIVATED, DELETED, INVITED, RESENT, REVOKED],
    '(default)': [
      NO,
      SUSPENDED,
      REINSTATED,
      REMOVED,
      REACTIVATED,
      DELETED,
      INVITED,
      RESENT,
      REVOKED,
    ],
  },
  "admin's key": {
    owner: [NO, NO, NO, NO, HIGH, NO, HIGH, HIGH, REVOKED],
    admin: [NO, SUSPENDED, REINSTATED, REMOVED, REACTIVATED, DELETED, INVITED, RESENT, REVOKED],
    member: [NO, SUSPENDED, REINSTATED, REMOVED, REACTIVATED, DELETED, INVITED, RESENT, REVOKED],
    '(default)': [
      NO,
      SUSPENDED,
      REINSTATED,
      REMOVED,
      REACTIVATED,
      DELETED,
      INVITED,
      RESENT,
      REVOKED,
    ],
  },
  "member's key": {
    owner: [NO, NO, NO, NO, NO, NO, NO, NOBODY, NOBODY],
    admin: [NO, NO, NO, NO, NO, NO, NO, NOBODY, NOBODY],
    member: [NO, NO, NO, NO, NO, NO, NO, NOBODY, NOBODY],
    '(default)': [NO, NO, NO, NO, NO, NO, NO, NOBODY, NOBODY],
  },
  "another organization's key": {
    owner: [NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY],
    admin: [NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY],
    member: [NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY],
    '(default)': [NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY],
  },
  anonymous: {
    owner: [NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY],
    admin: [NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY],
    member: [NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY],
    '(default)': [NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY],
  },
};

function keyOf(actor: string, move: Move): string | null {
  const suffix = actor.endsWith('seeing memberships') ? ', seeing' : '';
  const name = actor.includes('that permission') ? `${needed[move]}${suffix}` : actor;
  const key = keys[name];
  if (key === undefined) {
    throw new Error(`There is no key for ${actor}.`);
  }
  return key;
}

/** Targets that were left as they are, by the move and the role. */
const untouched = new Map<string, Member>();

async function target(move: Move, role: string): Promise<Member> {
  const waiting = untouched.get(`${move} ${role}`);
  const state = from[move];
  return (
    waiting ??
    (state === '(none)'
      ? nobody()
      : await memberIn(state, world, organizationId, role === '(default)' ? [] : [role]))
  );
}

/** All that is stored of the membership. */
function stateOf(member: Member): Promise<unknown> {
  return world.query(
    `SELECT membership.*, array_agg(role_id ORDER BY role_id) AS roles
     FROM membership JOIN "user" ON "user".id = user_id LEFT JOIN role_assignment ON membership_id = membership.id
     WHERE email = $1 GROUP BY membership.id`,
    [member.email],
  );
}

async function lastCause(): Promise<string | undefined> {
  const [event] = await world.query<{ cause: string }>(
    'SELECT cause FROM event WHERE organization_id = $1 ORDER BY sequence DESC LIMIT 1',
    [organizationId],
  );
  return event?.cause;
}

test.each(Object.keys(table))('%s', async (actor) => {
  const outcomes: Record<string, string[]> = {};
  for (const role of roles) {
    outcomes[role] = [];
    for (const move of columns) {
      const member = await target(move, role);
      const before = await stateOf(member);
      const input = moves[move](organizationId, member, role === '(default)' ? undefined : [role]);
      const { code } = await mutate(world, mutationOf(move), input, keyOf(actor, move));
      if (code === undefined) {
        untouched.delete(`${move} ${role}`);
        expect(await stateOf(member), `${move} ${role}`).not.toEqual(before);
      } else {
        untouched.set(`${move} ${role}`, member);
        expect(await stateOf(member), `${move} ${role}`).toEqual(before);
      }
      outcomes[role].push(code ?? (await lastCause()) ?? '');
    }
  }
  expect(outcomes).toEqual(table[actor]);
});

test('all of it left the database sound', async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
});
