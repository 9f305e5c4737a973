import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { openOrganization } from './join-world.ts';
import {
  type Member,
  type Move,
  memberIn,
  moves,
  mutate,
  mutationOf,
  nobody,
  type OwnMove,
  ownMoves,
  type State,
  states,
} from './membership-moves.ts';

let world: PeopleGateway;
let organizationId: string;

beforeAll(async () => {
  world = await createPeopleGateway();
  organizationId = (await openOrganization(world, {}, 'example.com')).id;
});

afterAll(() => world.close());

const columns: Move[] = ['create', 'suspend', 'reinstate', 'remove', 'reactivate', 'delete'];

/** What the person does themselves. */
const ownColumns: OwnMove[] = ['leave', 'join'];

const ADDED = 'ACTIVE by ADDED';
const DELETED = 'gone by DELETED';
const JOINED = 'ACTIVE by JOINED_BY_DOMAIN';
const LEFT = 'REMOVED by LEFT';
const INVALID = 'INVALID_TRANSITION';
const MEMBER = 'ALREADY_MEMBER';
const NOBODY = 'NOT_FOUND';
const REACTIVATED = 'ACTIVE by REACTIVATED';
const REINSTATED = 'ACTIVE by REINSTATED';
const REMOVED = 'REMOVED by REMOVED';
const SUSPENDED = 'SUSPENDED by SUSPENDED';

/** What comes of every move from every state, in the order of `columns` and `ownColumns`. */
const table: Record<State | '(none)', string[]> = {
  '(none)': [ADDED, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, JOINED],
  PENDING_INVITE: [ADDED, INVALID, INVALID, REMOVED, INVALID, DELETED, INVALID, JOINED],
  'PENDING_INVITE, overdue': [ADDED, INVALID, INVALID, REMOVED, INVALID, DELETED, INVALID, JOINED],
  INVITE_EXPIRED: [ADDED, INVALID, INVALID, REMOVED, INVALID, DELETED, INVALID, JOINED],
  ACTIVE: [MEMBER, SUSPENDED, INVALID, REMOVED, INVALID, DELETED, LEFT, MEMBER],
  SUSPENDED: [INVALID, INVALID, REINSTATED, REMOVED, INVALID, DELETED, INVALID, INVALID],
  'SUSPENDED, timed': [INVALID, INVALID, REINSTATED, REMOVED, INVALID, DELETED, INVALID, INVALID],
  'SUSPENDED, overdue': [MEMBER, SUSPENDED, INVALID, REMOVED, INVALID, DELETED, LEFT, MEMBER],
  REMOVED: [REACTIVATED, INVALID, INVALID, INVALID, REACTIVATED, DELETED, INVALID, JOINED],
};

/** Where stored and effective status differ, or the name says more than the status. */
const effective: Partial<Record<keyof typeof table, string>> = {
  '(none)': 'gone',
  'PENDING_INVITE, overdue': 'INVITE_EXPIRED',
  'SUSPENDED, timed': 'SUSPENDED',
  'SUSPENDED, overdue': 'ACTIVE',
};

type Fact = { cause: string; previous_status: string | null; status: string | null };

/** What callers did to the membership; what the clock does comes when it comes. */
function factsOf(member: Member): Promise<Fact[]> {
  return world.query<Fact>(
    `SELECT cause, previous_status, status FROM event
     WHERE organization_id = $1 AND user_id = (SELECT id FROM "user" WHERE email = $2) AND actor_kind IN ('API_KEY', 'USER')
       AND type IN ('MEMBERSHIP_STATUS_CHANGED', 'MEMBERSHIP_DELETED') ORDER BY sequence`,
    [organizationId, member.email],
  );
}

async function statusOf(member: Member): Promise<string> {
  const { data } = await world.ask<{ membership: { status: string } | null }>(
    `query ($by: MembershipBy!) { membership(by: $by) { status } }`,
    {
      by: {
        organizationAndEmail: {
          organizationId: encodeId('org', organizationId),
          email: member.email,
        },
      },
    },
  );
  return data?.membership?.status ?? 'gone';
}

test.each(Object.keys(table) as (keyof typeof table)[])('from %s', async (state) => {
  const row: string[] = [];
  for (const move of [...columns, ...ownColumns]) {
    const member = state === '(none)' ? nobody() : await memberIn(state, world, organizationId);
    const before = effective[state] ?? state;
    expect(await statusOf(member), state).toBe(before);
    const [input, caller] =
      move in moves
        ? [moves[move as Move](organizationId, member), world.key]
        : [ownMoves[move as OwnMove](organizationId, member), await world.tokenOf(member.email)];
    const result = await mutate(world, mutationOf(move), input, caller);
    const after = await statusOf(member);
    const facts = await factsOf(member);
    if (result.code !== undefined) {
      expect([after, facts], `${move} from ${state}`).toEqual([before, []]);
      row.push(result.code);
    } else {
      const [fact] = facts;
      expect(facts, `${move} from ${state}`).toHaveLength(1);
      expect([fact?.previous_status, fact?.status]).toEqual(
        move === 'delete' ? [null, null] : [state === '(none)' ? null : before, after],
      );
      row.push(`${after} by ${fact?.cause}`);
    }
  }
  expect(row).toEqual(table[state]);
});

test('the table has every state, and left the database sound', async () => {
  expect(Object.keys(table)).toEqual(['(none)', ...states]);
  expect(await brokenInvariants(world.url)).toEqual([]);
});
