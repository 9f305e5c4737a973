/** All that is tried, in `npm test` with few rounds, in the soak with many. */
import { addedTwice, lastSeat, onePerUser, ownersLeave } from './member-scenarios.ts';
import { renamedMember, roleGoes, rolesInACircle } from './role-scenarios.ts';
import type { Scenario } from './scenario.ts';

export const scenarios: Scenario[] = [
  ownersLeave,
  lastSeat,
  onePerUser,
  addedTwice,
  roleGoes,
  rolesInACircle,
  renamedMember,
];
