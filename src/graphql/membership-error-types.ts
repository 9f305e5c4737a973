/** What changes of members can refuse. */
import {
  AlreadyMemberError,
  InvalidTransitionError,
  LastOwnerError,
  MembershipsExistError,
  SeatLimitError,
  SingleMembershipError,
  WrongIdentityModelError,
} from '../domain/errors.ts';
import { InvitePolicyError } from '../domain/invitation-errors.ts';
import { builder } from './builder.ts';
import { IdentityModel } from './environment.ts';
import { interfaces, nodeOf } from './error-interface.ts';
import { MembershipStatus } from './membership-enums.ts';
import { Membership, Organization } from './nodes.ts';

builder.objectType(AlreadyMemberError, {
  name: 'AlreadyMemberError',
  description: 'The person is a member already.',
  interfaces,
  fields: (t) => ({
    membership: t.field({
      type: Membership,
      description: 'Their membership. Null for those who may not see it.',
      resolve: ({ membershipId }, _args, context) => nodeOf(membershipId, context) as never,
    }),
  }),
});

builder.objectType(InvalidTransitionError, {
  name: 'InvalidTransitionError',
  description: 'The membership cannot make this move.',
  interfaces,
  fields: (t) => ({
    status: t.field({
      type: MembershipStatus,
      nullable: false,
      description: 'The status that it has.',
      resolve: ({ status }) => status,
    }),
  }),
});

builder.objectType(InvitePolicyError, {
  name: 'InvitePolicyError',
  description: 'The organization does not take in the address, by its settings.',
  interfaces,
  fields: (t) => ({
    allowedDomains: t.stringList({
      nullable: false,
      description:
        'The mail domains that it allows. Empty for those who may not read its settings, which need organization:read.',
      resolve: ({ allowedDomains }) => allowedDomains,
    }),
  }),
});

builder.objectType(LastOwnerError, {
  name: 'LastOwnerError',
  description: 'An organization that has an owner keeps one.',
  interfaces,
  fields: (t) => ({
    organizations: t.field({
      type: [Organization],
      nullable: false,
      description: 'The organizations that would have none, as far as the caller may see them.',
      resolve: async ({ organizationIds }, _args, context) => {
        const seen = await Promise.all(organizationIds.map((id) => nodeOf(id, context)));
        return seen.filter((node) => node !== null) as never[];
      },
    }),
  }),
});

builder.objectType(SeatLimitError, {
  name: 'SeatLimitError',
  description: 'All seats are taken.',
  interfaces,
  fields: (t) => ({
    seatLimit: t.exposeInt('seatLimit', { nullable: false, description: 'How many there are.' }),
  }),
});

builder.objectType(SingleMembershipError, {
  name: 'SingleMembershipError',
  description: 'The person belongs to an organization, and may belong to one only.',
  interfaces,
});

builder.objectType(WrongIdentityModelError, {
  name: 'WrongIdentityModelError',
  description: 'The field hangs elsewhere in the identity model of this deployment.',
  interfaces,
  fields: (t) => ({
    identityModel: t.field({
      type: IdentityModel,
      nullable: false,
      description: 'The model that is in force.',
      resolve: ({ identityModel }) => identityModel,
    }),
  }),
});

builder.objectType(MembershipsExistError, {
  name: 'MembershipsExistError',
  description: 'It can change only while there is no membership.',
  interfaces,
  fields: (t) => ({
    memberships: t.exposeInt('memberships', {
      nullable: false,
      description: 'How many there are, removed ones included.',
    }),
  }),
});
