import { expect, test } from 'vitest';
import { type MembershipAct, move, takesSeat } from '../../src/domain/membership-status.ts';

const simple = <Kind extends Exclude<MembershipAct['kind'], 'import'>>(kind: Kind) => ({ kind });

const imported = (
  target: 'ACTIVE' | 'SUSPENDED' | 'PENDING_INVITE' | 'REMOVED',
  reactivate = false,
) => ({
  kind: 'import' as const,
  target,
  reactivate,
});

const acts: Record<string, MembershipAct> = {
  invite: simple('invite'),
  resend: simple('resend'),
  revoke: simple('revoke'),
  decline: simple('decline'),
  accept: simple('accept'),
  merge: simple('merge'),
  create: simple('create'),
  add: simple('add'),
  join: simple('join'),
  'import ACTIVE': imported('ACTIVE'),
  'import SUSPENDED': imported('SUSPENDED'),
  'import PENDING_INVITE': imported('PENDING_INVITE'),
  'import REMOVED': imported('REMOVED'),
  'import ACTIVE, reactivate': imported('ACTIVE', true),
  'import SUSPENDED, reactivate': imported('SUSPENDED', true),
  suspend: simple('suspend'),
  reinstate: simple('reinstate'),
  remove: simple('remove'),
  leave: simple('leave'),
  reactivate: simple('reactivate'),
  deadline: simple('deadline'),
};

const froms = [null, 'PENDING_INVITE', 'INVITE_EXPIRED', 'ACTIVE', 'SUSPENDED', 'REMOVED'] as const;

test('the whole grid of statuses and acts', () => {
  const grid = Object.entries(acts).map(([name, act]) => {
    const cells = froms.map((from) => {
      const step = move(from, act);
      const said = typeof step === 'string' ? step : `${step.to} by ${step.cause}`;
      return `  ${(from ?? '(none)').padEnd(14)} → ${said}`;
    });
    return `${name}\n${cells.join('\n')}`;
  });
  expect(`\n${grid.join('\n')}\n`).toMatchInlineSnapshot(`
    "
    invite
      (none)         → PENDING_INVITE by INVITED
      PENDING_INVITE → ALREADY_INVITED
      INVITE_EXPIRED → PENDING_INVITE by INVITED
      ACTIVE         → ALREADY_MEMBER
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → PENDING_INVITE by INVITED
    resend
      (none)         → NOT_FOUND
      PENDING_INVITE → unchanged
      INVITE_EXPIRED → PENDING_INVITE by RESENT
      ACTIVE         → INVALID_TRANSITION
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → INVALID_TRANSITION
    revoke
      (none)         → NOT_FOUND
      PENDING_INVITE → REMOVED by REVOKED
      INVITE_EXPIRED → REMOVED by REVOKED
      ACTIVE         → INVALID_TRANSITION
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → INVALID_TRANSITION
    decline
      (none)         → NOT_FOUND
      PENDING_INVITE → REMOVED by DECLINED
      INVITE_EXPIRED → INVALID_TRANSITION
      ACTIVE         → INVALID_TRANSITION
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → INVALID_TRANSITION
    accept
      (none)         → ACTIVE by ACCEPTED
      PENDING_INVITE → ACTIVE by ACCEPTED
      INVITE_EXPIRED → ACTIVE by ACCEPTED
      ACTIVE         → unchanged
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → ACTIVE by ACCEPTED
    merge
      (none)         → NOT_FOUND
      PENDING_INVITE → REMOVED by MERGED
      INVITE_EXPIRED → INVALID_TRANSITION
      ACTIVE         → INVALID_TRANSITION
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → INVALID_TRANSITION
    create
      (none)         → ACTIVE by CREATED
      PENDING_INVITE → INVALID_TRANSITION
      INVITE_EXPIRED → INVALID_TRANSITION
      ACTIVE         → ALREADY_MEMBER
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → INVALID_TRANSITION
    add
      (none)         → ACTIVE by ADDED
      PENDING_INVITE → ACTIVE by ADDED
      INVITE_EXPIRED → ACTIVE by ADDED
      ACTIVE         → ALREADY_MEMBER
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → ACTIVE by REACTIVATED
    join
      (none)         → ACTIVE by JOINED_BY_DOMAIN
      PENDING_INVITE → ACTIVE by JOINED_BY_DOMAIN
      INVITE_EXPIRED → ACTIVE by JOINED_BY_DOMAIN
      ACTIVE         → ALREADY_MEMBER
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → ACTIVE by JOINED_BY_DOMAIN
    import ACTIVE
      (none)         → ACTIVE by IMPORTED
      PENDING_INVITE → ACTIVE by IMPORTED
      INVITE_EXPIRED → ACTIVE by IMPORTED
      ACTIVE         → unchanged
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → unchanged
    import SUSPENDED
      (none)         → SUSPENDED by IMPORTED
      PENDING_INVITE → INVALID_TRANSITION
      INVITE_EXPIRED → INVALID_TRANSITION
      ACTIVE         → unchanged
      SUSPENDED      → unchanged
      REMOVED        → unchanged
    import PENDING_INVITE
      (none)         → PENDING_INVITE by IMPORTED
      PENDING_INVITE → unchanged
      INVITE_EXPIRED → unchanged
      ACTIVE         → unchanged
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → unchanged
    import REMOVED
      (none)         → REMOVED by IMPORTED
      PENDING_INVITE → INVALID_TRANSITION
      INVITE_EXPIRED → INVALID_TRANSITION
      ACTIVE         → unchanged
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → unchanged
    import ACTIVE, reactivate
      (none)         → ACTIVE by IMPORTED
      PENDING_INVITE → ACTIVE by IMPORTED
      INVITE_EXPIRED → ACTIVE by IMPORTED
      ACTIVE         → unchanged
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → ACTIVE by REACTIVATED
    import SUSPENDED, reactivate
      (none)         → SUSPENDED by IMPORTED
      PENDING_INVITE → INVALID_TRANSITION
      INVITE_EXPIRED → INVALID_TRANSITION
      ACTIVE         → unchanged
      SUSPENDED      → unchanged
      REMOVED        → unchanged
    suspend
      (none)         → NOT_FOUND
      PENDING_INVITE → INVALID_TRANSITION
      INVITE_EXPIRED → INVALID_TRANSITION
      ACTIVE         → SUSPENDED by SUSPENDED
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → INVALID_TRANSITION
    reinstate
      (none)         → NOT_FOUND
      PENDING_INVITE → INVALID_TRANSITION
      INVITE_EXPIRED → INVALID_TRANSITION
      ACTIVE         → INVALID_TRANSITION
      SUSPENDED      → ACTIVE by REINSTATED
      REMOVED        → INVALID_TRANSITION
    remove
      (none)         → NOT_FOUND
      PENDING_INVITE → REMOVED by REMOVED
      INVITE_EXPIRED → REMOVED by REMOVED
      ACTIVE         → REMOVED by REMOVED
      SUSPENDED      → REMOVED by REMOVED
      REMOVED        → INVALID_TRANSITION
    leave
      (none)         → NOT_FOUND
      PENDING_INVITE → INVALID_TRANSITION
      INVITE_EXPIRED → INVALID_TRANSITION
      ACTIVE         → REMOVED by LEFT
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → INVALID_TRANSITION
    reactivate
      (none)         → NOT_FOUND
      PENDING_INVITE → INVALID_TRANSITION
      INVITE_EXPIRED → INVALID_TRANSITION
      ACTIVE         → INVALID_TRANSITION
      SUSPENDED      → INVALID_TRANSITION
      REMOVED        → ACTIVE by REACTIVATED
    deadline
      (none)         → NOT_FOUND
      PENDING_INVITE → INVITE_EXPIRED by EXPIRED
      INVITE_EXPIRED → INVALID_TRANSITION
      ACTIVE         → INVALID_TRANSITION
      SUSPENDED      → ACTIVE by SUSPENSION_ENDED
      REMOVED        → INVALID_TRANSITION
    "
  `);
});

test('seats are taken by who is active, invited, or coming back', () => {
  const at = new Date(0);
  expect(takesSeat('ACTIVE', null)).toBe(true);
  expect(takesSeat('PENDING_INVITE', at)).toBe(true);
  expect(takesSeat('SUSPENDED', at)).toBe(true);
  expect(takesSeat('SUSPENDED', null)).toBe(false);
  expect(takesSeat('INVITE_EXPIRED', null)).toBe(false);
  expect(takesSeat('REMOVED', null)).toBe(false);
});
