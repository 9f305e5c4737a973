/** Inviting many at once. */
import { brandWithType } from '@pothos/core';
import { ForbiddenError, InputError } from '../domain/errors.ts';
import type { BulkRow } from '../domain/invitation-bulk.ts';
import { refusalOfJson } from '../domain/refusal-json.ts';
import { idInput, idListInput } from './arguments.ts';
import { builder } from './builder.ts';
import { offerFields } from './invitation-input.ts';
import { INVITATION_REFUSALS } from './invitation-mutations.ts';
import { mutation } from './mutation.ts';
import { seenNode } from './node.ts';
import { Invitation } from './nodes.ts';

const InvitationBulkCreateRowInput = builder.inputType('InvitationBulkCreateRowInput', {
  description: 'Whom to invite, and as what.',
  fields: offerFields,
});

const InvitationBulkCreateInput = builder.inputType('InvitationBulkCreateInput', {
  description: 'Whom to invite to which organization.',
  fields: (t) => ({
    organizationId: t.id({ required: true, description: 'The organization, org_….' }),
    rows: t.field({
      type: [InvitationBulkCreateRowInput],
      required: true,
      description: 'The people, 1 to 1,000.',
    }),
    dryRun: t.boolean({
      description: 'Tell what would come of it, and do nothing. Left out: do it.',
    }),
  }),
});

const InvitationBulkCreateRowPayload = builder
  .objectRef<{ invitationId: string | null }>('InvitationBulkCreateRowPayload')
  .implement({
    description: 'What came of a row that was not refused.',
    fields: (t) => ({
      invitation: t.field({
        type: Invitation,
        description: 'The invitation. Null in a dry run, and for those who may not see it.',
        resolve: ({ invitationId }, _args, context) =>
          invitationId === null ? null : (seenNode('inv', invitationId, context) as Promise<never>),
      }),
    }),
  });

function outcomeOf({ invitationId, refusal }: BulkRow): object {
  if (refusal !== null) {
    return refusalOfJson(refusal);
  }
  const done = { invitationId };
  brandWithType(done, InvitationBulkCreateRowPayload);
  return done;
}

const InvitationBulkCreatePayload = builder
  .objectRef<{ rows: BulkRow[] }>('InvitationBulkCreatePayload')
  .implement({
    description: 'What InvitationBulkCreate did, or would do.',
    fields: (t) => ({
      results: t.errorUnionListField({
        types: [InvitationBulkCreateRowPayload, ForbiddenError, InputError, ...INVITATION_REFUSALS],
        union: {
          name: 'InvitationBulkCreateRowResult',
          description: 'What came of a row: the payload, or why nothing has changed by it.',
        },
        nullable: { list: false, items: false },
        description: 'What came of each row, in the order of the input.',
        // The kinds of refusals are known to the schema, not to the types.
        resolve: ({ rows }) => rows.map(outcomeOf) as never[],
      }),
      invitedCount: t.int({
        nullable: false,
        description: 'How many rows were not refused.',
        resolve: ({ rows }) => rows.filter(({ refusal }) => refusal === null).length,
      }),
      refusedCount: t.int({
        nullable: false,
        description: 'How many rows were refused.',
        resolve: ({ rows }) => rows.filter(({ refusal }) => refusal !== null).length,
      }),
    }),
  });

mutation('invitationBulkCreate', {
  description:
    'Invites up to 1,000 people by mail. A row that is refused changes nothing and stops no other. Requires membership:invite.',
  input: InvitationBulkCreateInput,
  payload: InvitationBulkCreatePayload,
  resolve: ({ organizationId, rows, dryRun }, { invitations }) =>
    invitations.bulkCreate({
      organizationId: idInput('org', organizationId, 'organizationId'),
      dryRun,
      rows: rows.map(({ roleIds, ...row }, index) => ({
        ...row,
        roleIds: idListInput('rol', roleIds, 'rows', String(index), 'roleIds'),
      })),
    }),
});
