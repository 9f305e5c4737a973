/** Changes of organizations. */
import {
  ConflictError,
  DuplicateError,
  RoleTooHighError,
  SeatLimitError,
  SingleMembershipError,
} from '../domain/errors.ts';
import { encodeId } from '../domain/id.ts';
import { idInput } from './arguments.ts';
import { builder } from './builder.ts';
import { mutation } from './mutation.ts';
import { seenNode } from './node.ts';
import { Membership, Organization } from './nodes.ts';
import { OrganizationBy } from './organization.ts';
import { OrganizationSettingsInput, settingsInput } from './organization-settings-input.ts';
import { nodePayload } from './payload.ts';

const OrganizationCreateInput = builder.inputType('OrganizationCreateInput', {
  description: 'Which organization to create.',
  fields: (t) => ({
    displayName: t.string({
      required: true,
      description: 'What people call it, 1 to 200 characters.',
    }),
    slug: t.string({
      description:
        'Its name in addresses: a lower-case DNS label. Left out: derived from the name, with a suffix when taken.',
    }),
    externalId: t.string({
      description: 'The id that the product itself uses, unique. Requires trusted:write.',
    }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'Trusted metadata: 20 keys and 4 KB at most. Requires trusted:write.',
    }),
    logoUrl: t.string({ description: 'Where its logo is: an http or https URL.' }),
    settings: t.field({
      type: OrganizationSettingsInput,
      description:
        'Who may join it and how its members sign in. Its roles can be the environment’s only.',
    }),
    seatLimit: t.int({
      description: 'How many seats it has. Left out: no limit. Requires trusted:write.',
    }),
    ownerEmail: t.string({
      description:
        'The address of who owns it: a user who is found, or created. Left out: the person who creates it; by a key, nobody yet. Requires organization:create.',
    }),
  }),
});

const OrganizationCreatePayload = builder
  .objectRef<{ organizationId: string; membershipId: string | null }>('OrganizationCreatePayload')
  .implement({
    description: 'What OrganizationCreate created.',
    fields: (t) => ({
      organization: t.field({
        type: Organization,
        description: 'The organization. Null for those who may not see it.',
        resolve: ({ organizationId }, _args, context) =>
          seenNode('org', organizationId, context) as Promise<never>,
      }),
      membership: t.field({
        type: Membership,
        description:
          'The membership of the owner. Null where none was named, and for those who may not see it.',
        resolve: ({ membershipId }, _args, context) =>
          membershipId === null ? null : (seenNode('mbr', membershipId, context) as Promise<never>),
      }),
    }),
  });

mutation('organizationCreate', {
  description:
    'Creates an organization, with its owner: the person who creates it, or whoever a key names. Requires organization:create, or a person who came by no single sign-on of an organization where the environment lets ANYONE create.',
  input: OrganizationCreateInput,
  payload: OrganizationCreatePayload,
  errors: [DuplicateError, RoleTooHighError, SeatLimitError, SingleMembershipError],
  resolve: ({ settings, ...input }, { organizations }) =>
    organizations.create({ ...input, settings: settingsInput(settings) }),
});

const OrganizationUpdateInput = builder.inputType('OrganizationUpdateInput', {
  description: 'What to change of an organization. What is left out stays.',
  fields: (t) => ({
    organization: t.field({
      type: OrganizationBy,
      required: true,
      description: 'Which organization.',
    }),
    displayName: t.string({
      description: 'What people call it, 1 to 200 characters. Requires organization:update.',
    }),
    slug: t.string({
      description:
        'Its name in addresses. The former one stays reserved for it, finds it, and can be taken back. Requires organization:update.',
    }),
    logoUrl: t.string({
      description: 'Where its logo is. Null: it has none. Requires organization:update.',
    }),
    externalId: t.string({
      description:
        'The id that the product itself uses. Null: it has none. Requires trusted:write.',
    }),
    metadata: t.field({
      type: 'JSONObject',
      description:
        'Merged at the top level: a key that is null goes, null alone clears all. Requires trusted:write.',
    }),
    seatLimit: t.int({
      description:
        'How many seats it has. Null: no limit. Nobody is thrown out by a lower one. Requires trusted:write.',
    }),
    settings: t.field({
      type: OrganizationSettingsInput,
      description: 'Who may join it and how its members sign in. Requires settings:update.',
    }),
    expectedVersion: t.int({
      description: 'Refuse with ConflictError unless the organization is at this version.',
    }),
  }),
});

mutation('organizationUpdate', {
  description:
    'Changes an organization. Requires organization:update, settings:update or trusted:write, by what is changed.',
  input: OrganizationUpdateInput,
  payload: nodePayload('OrganizationUpdate', 'organization'),
  errors: [ConflictError, DuplicateError, RoleTooHighError],
  resolve: ({ organization, settings, ...input }, { organizations }) =>
    organizations.update({
      ...input,
      organization: { ...organization, id: idInput('org', organization.id, 'organization', 'id') },
      settings: settingsInput(settings),
    }),
});

const OrganizationDeleteInput = builder.inputType('OrganizationDeleteInput', {
  description: 'Which organization to delete.',
  fields: (t) => ({
    organizationId: t.id({ required: true, description: 'The organization, org_….' }),
    confirmSlug: t.string({
      required: true,
      description: 'The slug that it has now, as a confirmation.',
    }),
    expectedVersion: t.int({
      description: 'Refuse with ConflictError unless the organization is at this version.',
    }),
  }),
});

const OrganizationDeletePayload = builder
  .objectRef<{ organizationId: string }>('OrganizationDeletePayload')
  .implement({
    description: 'What OrganizationDelete erased.',
    fields: (t) => ({
      deletedOrganizationId: t.id({
        nullable: false,
        description: 'The id that the organization had.',
        resolve: ({ organizationId }) => encodeId('org', organizationId),
      }),
    }),
  });

mutation('organizationDelete', {
  description:
    'Erases an organization for good, with its memberships, invitations, roles and keys. Users stay. Requires organization:delete.',
  input: OrganizationDeleteInput,
  payload: OrganizationDeletePayload,
  errors: [ConflictError],
  resolve: ({ organizationId, ...input }, { organizations }) =>
    organizations.delete({
      ...input,
      organizationId: idInput('org', organizationId, 'organizationId'),
    }),
});
