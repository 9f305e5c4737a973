/** All that is tried, in `npm test` with few rounds, in the soak with many. */
import {
  acceptedByMany,
  acceptedByTwo,
  acceptedOrDeclined,
  acceptedOrExpired,
  acceptedOrResent,
  acceptedOrRevoked,
  inviterGoes,
} from './invitation-scenarios.ts';
import {
  acceptedInTwoPlaces,
  crossedUsers,
  everyWayIn,
  lastSeatInvited,
  sameRowsTwice,
  switchedToOne,
} from './inviting-scenarios.ts';
import { inviterLimit, LIMITS, organizationLimit, recipientLimit } from './limit-scenarios.ts';
import { addedTwice, lastSeat, onePerUser, ownersLeave } from './member-scenarios.ts';
import { renamedMember, roleGoes, rolesInACircle } from './role-scenarios.ts';
import type { Scenario } from './scenario.ts';

const UNLIMITED = {
  GATEHOUSE_INVITATIONS_PER_INVITER: 'off',
  GATEHOUSE_INVITATIONS_PER_ORGANIZATION: 'off',
  GATEHOUSE_INVITATIONS_PER_RECIPIENT: 'off',
};

/** Those that are played on the same gateways, and the settings of these. */
export const groups: { group: string; settings: Record<string, string>; scenarios: Scenario[] }[] =
  [
    {
      group: 'members and roles',
      settings: {},
      scenarios: [
        ownersLeave,
        lastSeat,
        onePerUser,
        addedTwice,
        roleGoes,
        rolesInACircle,
        renamedMember,
      ],
    },
    {
      group: 'invitations',
      settings: UNLIMITED,
      scenarios: [
        acceptedByMany,
        acceptedOrRevoked,
        acceptedOrDeclined,
        acceptedOrExpired,
        acceptedOrResent,
        acceptedByTwo,
        inviterGoes,
        lastSeatInvited,
        everyWayIn,
        sameRowsTwice,
        acceptedInTwoPlaces,
        switchedToOne,
        crossedUsers,
      ],
    },
    {
      group: 'limits of invitations',
      settings: LIMITS,
      scenarios: [inviterLimit, organizationLimit, recipientLimit],
    },
  ];
