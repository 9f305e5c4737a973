/** Changes of the environment. */
import { ConflictError, MembershipsExistError, RoleTooHighError } from '../domain/errors.ts';
import { can } from '../domain/permission.ts';
import { idInput } from './arguments.ts';
import { builder } from './builder.ts';
import {
  EnvironmentType,
  IdentityModel,
  MembershipsPerUser,
  OrganizationCreation,
} from './environment.ts';
import { mutation } from './mutation.ts';

const OrganizationLabelInput = builder.inputType('OrganizationLabelInput', {
  description: 'What the product calls its organizations.',
  fields: (t) => ({
    singular: t.string({ description: 'What one is called, 1 to 50 characters.' }),
    plural: t.string({ description: 'What several are called, 1 to 50 characters.' }),
  }),
});

const EnvironmentUpdateInput = builder.inputType('EnvironmentUpdateInput', {
  description: 'What to change of the environment. What is left out stays; nothing can be null.',
  fields: (t) => ({
    identityModel: t.field({
      type: IdentityModel,
      description: 'Where personal data hangs. It can change only while there is no membership.',
    }),
    membershipsPerUser: t.field({
      type: MembershipsPerUser,
      description:
        'In how many organizations a person may be. It can change only while there is no membership.',
    }),
    organizationLabel: t.field({
      type: OrganizationLabelInput,
      description: 'What the product calls its organizations.',
    }),
    organizationCreation: t.field({
      type: OrganizationCreation,
      description: 'Who may create organizations.',
    }),
    invitationLifetime: t.int({
      description: 'How long new invitations can be answered, in seconds: 300 to 2592000.',
    }),
    creatorRoleId: t.id({
      description: 'The role of whoever creates an organization: one of the environment’s, rol_….',
    }),
    memberRoleId: t.id({
      description:
        'The role of whoever joins without another: one of the environment’s, but not that of owners, rol_….',
    }),
    expectedVersion: t.int({
      description: 'Refuse with ConflictError unless the environment is at this version.',
    }),
  }),
});

const EnvironmentUpdatePayload = builder.objectRef<object>('EnvironmentUpdatePayload').implement({
  description: 'What EnvironmentUpdate changed.',
  fields: (t) => ({
    environment: t.field({
      type: EnvironmentType,
      description: 'The environment as it is now. Null for those who may not see it.',
      resolve: (_result, _args, { principal, loaders }) =>
        can(principal, 'environment:read') ? loaders.environment.get() : null,
    }),
  }),
});

mutation('environmentUpdate', {
  description: 'Changes the settings of the deployment. Requires environment:update.',
  input: EnvironmentUpdateInput,
  payload: EnvironmentUpdatePayload,
  errors: [ConflictError, MembershipsExistError, RoleTooHighError],
  async resolve({ creatorRoleId, memberRoleId, ...input }, { environment }, context) {
    const result = await environment.update({
      ...input,
      creatorRoleId: idInput('rol', creatorRoleId, 'creatorRoleId'),
      memberRoleId: idInput('rol', memberRoleId, 'memberRoleId'),
    });
    // The rest of the document is answered by the model that is in force now.
    await context.renew();
    const current = await context.loaders.environment.get();
    context.identityModel = current?.identityModel ?? context.identityModel;
    return result;
  },
});
