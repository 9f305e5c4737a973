/** Why a membership has a permission, or has it not. */
import type { Role as RoleRow } from '../db/generated/prisma/client.ts';
import {
  type AccessExplanation as Explanation,
  explainAccess,
  type AccessGrant as Grant,
  ownPolicyRefusal,
  seesAccess,
} from '../domain/access.ts';
import { idArgument, textArgument } from './arguments.ts';
import { builder } from './builder.ts';
import { ifSeen } from './guard.ts';
import { Role } from './nodes.ts';
import { RoleSource } from './role.ts';

const AccessGrant = builder.objectRef<Grant<RoleRow>>('AccessGrant').implement({
  description: 'One of the reasons why a membership has a permission.',
  fields: (t) => ({
    role: t.field({
      type: Role,
      nullable: false,
      description: 'The role that is assigned.',
      resolve: (grant) => grant.role,
    }),
    through: t.field({
      type: [Role],
      nullable: false,
      description:
        'The way from the assigned role to the one that adds the permission, both included: each inherits from the next.',
      resolve: (grant) => grant.through,
    }),
    source: t.field({
      type: RoleSource,
      nullable: false,
      description: 'How the membership came to the role.',
      resolve: (grant) => grant.source,
    }),
    matches: t.exposeString('matches', {
      nullable: false,
      description: 'The name or wildcard that covers the permission.',
    }),
  }),
});

const AccessExplanation = builder.objectRef<Explanation<RoleRow>>('AccessExplanation').implement({
  description: 'Whether a membership has a permission now, and why.',
  fields: (t) => ({
    allowed: t.exposeBoolean('allowed', {
      nullable: false,
      description:
        'Whether it has the permission now. Of your own membership: whether you have it by this sign-in.',
    }),
    permission: t.exposeString('permission', {
      nullable: false,
      description: 'The permission that was asked for.',
    }),
    grants: t.field({
      type: [AccessGrant],
      nullable: false,
      description: 'Everything that gives the permission, also while the refusal keeps it away.',
      resolve: (explanation) => explanation.grants,
    }),
    refusal: t.exposeString('refusal', {
      description:
        'Why not, in sentences for people: no role gives it, the membership is not ACTIVE, there is no such permission. Of your own membership also that the sign-in does not meet the policy. Null when it is allowed.',
    }),
  }),
});

builder.queryField('explainAccess', (t) =>
  t.field({
    type: AccessExplanation,
    args: {
      membershipId: t.arg.id({ required: true, description: 'The membership, mbr_….' }),
      permission: t.arg.string({
        required: true,
        description: 'The name of the permission, for example invoice:approve; no wildcard.',
      }),
    },
    description:
      'Which roles give a membership a permission, through which inheritance, or why it has it not. Null when there is no such membership or it may not be seen. Requires membership:read and membership:readDetails, or that it is your own.',
    resolve: async (_root, args, { principal, loaders }) => {
      const id = idArgument('mbr', args.membershipId, ['membershipId']);
      const permission = textArgument(args.permission, ['permission']);
      const membership = ifSeen(principal, seesAccess, await loaders.memberships.byId(id));
      if (membership === null) {
        return null;
      }
      const [lineages, permissions] = await Promise.all([
        loaders.access.lineagesOf(id),
        loaders.environment.permissions(),
      ]);
      const question = {
        permission,
        isKnown: permissions.some(({ name }) => name === permission),
        status: membership.status,
        policy: ownPolicyRefusal(principal, membership),
      };
      return explainAccess(question, lineages);
    },
  }),
);
