/** Every mutation with every part of its input, and who may: one entry for a new one, by the design's table of rights. */
import { ofEnvironment } from './environment-mutations.ts';
import { ofInvitations } from './invitation-mutations.ts';
import { ofMemberships } from './membership-mutations.ts';
import { ofOrganizations } from './organization-mutations.ts';
import { ofUsers } from './user-mutations.ts';
import type { Case } from './verdict.ts';

export const cases: Case[] = [
  ...ofEnvironment,
  ...ofOrganizations,
  ...ofUsers,
  ...ofMemberships,
  ...ofInvitations,
];
