/** The part of the grid that is about invitations: every act on them, in every state that they lead to. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found } from '../domain/world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import {
  type Guest,
  type GuestMove,
  type GuestState,
  guestIn,
  guestMoves,
  guestStates,
  isOfGuest,
  uninvited,
} from './invitation-moves.ts';
import { mutate } from './membership-moves.ts';

let world: PeopleGateway;
let organizationId: string;

beforeAll(async () => {
  world = await createPeopleGateway();
  organizationId = await found(world);
});

afterAll(() => world.close());

const columns = Object.keys(guestMoves) as GuestMove[];

const ACCEPTED = 'ACTIVE by ACCEPTED';
const BY_NOTHING = 'INVITATION_INVALID';
const DECLINED = 'REMOVED by DECLINED';
const EXPIRED = 'INVITATION_EXPIRED';
const INVITED = 'PENDING_INVITE by INVITED, which is sent';
const IS_DECLINED = 'INVITATION_DECLINED';
const IS_INVITED = 'ALREADY_INVITED';
const IS_MEMBER = 'ALREADY_MEMBER';
const IS_REVOKED = 'INVITATION_REVOKED';
const NOBODY = 'NOT_FOUND';
const RENEWED = 'PENDING_INVITE by RESENT, which is sent';
const REVOKED = 'REMOVED by REVOKED';
const SENT = 'nothing, but it is sent';
const SUSPENDED = 'INVALID_TRANSITION';
/** Who has answered so before gets the same answer. */
const SAME = 'nothing';

/** What comes of inviting, resending, revoking, accepting and declining, from every state. */
const table: Record<GuestState | '(none)', string[]> = {
  '(none)': [INVITED, NOBODY, NOBODY, BY_NOTHING, BY_NOTHING],
  PENDING_INVITE: [IS_INVITED, SENT, REVOKED, ACCEPTED, DECLINED],
  'PENDING_INVITE, overdue': [INVITED, RENEWED, REVOKED, EXPIRED, EXPIRED],
  INVITE_EXPIRED: [INVITED, RENEWED, REVOKED, EXPIRED, EXPIRED],
  ACTIVE: [IS_MEMBER, BY_NOTHING, BY_NOTHING, SAME, BY_NOTHING],
  SUSPENDED: [SUSPENDED, BY_NOTHING, BY_NOTHING, SAME, BY_NOTHING],
  'SUSPENDED, timed': [SUSPENDED, BY_NOTHING, BY_NOTHING, SAME, BY_NOTHING],
  'SUSPENDED, overdue': [IS_MEMBER, BY_NOTHING, BY_NOTHING, SAME, BY_NOTHING],
  REMOVED: [INVITED, BY_NOTHING, BY_NOTHING, SAME, BY_NOTHING],
  'REMOVED before they answered': [INVITED, IS_REVOKED, IS_REVOKED, IS_REVOKED, IS_REVOKED],
  'REMOVED, as it was revoked': [INVITED, IS_REVOKED, IS_REVOKED, IS_REVOKED, IS_REVOKED],
  'REMOVED, as they declined': [INVITED, IS_DECLINED, IS_DECLINED, IS_DECLINED, SAME],
};

/** Where stored and effective status differ, or the name says more than the status. */
function statusIn(state: string): string {
  if (state === '(none)') {
    return 'gone';
  }
  const [status = ''] = state.split(/,? /);
  const isOver = state.endsWith('overdue');
  return isOver ? (status === 'SUSPENDED' ? 'ACTIVE' : 'INVITE_EXPIRED') : status;
}

async function statusOf({ email }: Guest): Promise<string> {
  const by = { organizationAndEmail: { organizationId: encodeId('org', organizationId), email } };
  const { data } = await world.ask<{ membership: { status: string } | null }>(
    'query ($by: MembershipBy!) { membership(by: $by) { status } }',
    { by },
  );
  return data?.membership?.status ?? 'gone';
}

type Fact = { type: string; cause: string; previous_status: string | null; status: string | null };

/** What callers did; what the clock does comes when it comes. */
function factsOf({ email }: Guest): Promise<Fact[]> {
  return world.query<Fact>(
    `SELECT type, cause, previous_status, status FROM event
     WHERE organization_id = $1 AND user_id = (SELECT id FROM "user" WHERE email = $2)
       AND actor_kind IN ('API_KEY', 'USER') ORDER BY sequence`,
    [organizationId, email],
  );
}

/** The facts in words, each of which goes on where the status was. */
function tell(facts: Fact[], before: string | null): string {
  const said: string[] = [];
  let status = before;
  for (const fact of facts) {
    if (fact.type === 'MEMBERSHIP_STATUS_CHANGED') {
      expect(fact.previous_status).toBe(status);
      status = fact.status;
      said.push(`${status} by ${fact.cause}`);
    } else {
      expect([fact.type, fact.cause]).toEqual([
        'INVITATION_SENT',
        said.length > 0 ? facts[0]?.cause : 'RESENT',
      ]);
      said.push(said.length > 0 ? ', which is sent' : 'nothing, but it is sent');
    }
  }
  return said.join('') || 'nothing';
}

test.each(Object.keys(table) as (keyof typeof table)[])('from %s', async (state) => {
  const row: string[] = [];
  for (const move of columns) {
    const guest = state === '(none)' ? uninvited() : await guestIn(state, world, organizationId);
    const before = statusIn(state);
    expect(await statusOf(guest), state).toBe(before);
    const caller = isOfGuest(move) ? await world.tokenOf(guest.email) : world.key;
    const input = guestMoves[move](guest, organizationId);
    const { code } = await mutate(world, move, input, caller);
    const after = await statusOf(guest);
    const facts = await factsOf(guest);
    if (code !== undefined) {
      expect([after, facts], `${move} from ${state}`).toEqual([before, []]);
    }
    row.push(code ?? tell(facts, before === 'gone' ? null : before));
    const last = facts.findLast(({ status }) => status !== null);
    expect(after, `${move} from ${state}`).toBe(last?.status ?? before);
  }
  expect(row).toEqual(table[state]);
});

test('nobody who answers needs to be signed in', async () => {
  const answers: string[] = [];
  for (const move of ['invitationAccept', 'invitationDecline'] as const) {
    const guest = await guestIn('PENDING_INVITE', world, organizationId);
    const { __typename } = await mutate(world, move, guestMoves[move](guest), null);
    answers.push(`${__typename}: ${await statusOf(guest)}`);
  }
  expect(answers).toEqual(['InvitationAcceptPayload: ACTIVE', 'InvitationDeclinePayload: REMOVED']);
});

test('of an invitation that ran out nothing is left when another was made', async () => {
  const guest = await guestIn('INVITE_EXPIRED', world, organizationId);
  const input = guestMoves.invitationCreate(guest, organizationId);
  expect((await mutate(world, 'invitationCreate', input)).code).toBeUndefined();
  const said: unknown[] = [];
  for (const move of columns.slice(1)) {
    const { code } = await mutate(world, move, guestMoves[move](guest, organizationId));
    said.push(code);
  }
  expect(said).toEqual([BY_NOTHING, EXPIRED, EXPIRED, EXPIRED]);
  expect(await statusOf(guest)).toBe('PENDING_INVITE');
});

test('the table has every state, and left the database sound', async () => {
  expect(Object.keys(table)).toEqual(['(none)', ...guestStates]);
  expect(await brokenInvariants(world.url)).toEqual([]);
});
