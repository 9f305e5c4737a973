/** Memberships: their fields, and how one is looked up. */
import { normalizeEmail } from '../domain/email.ts';
import { effectiveName, type ProfileField, profileOwner } from '../domain/identity-model.ts';
import { can } from '../domain/permission.ts';
import { seesDetails, seesInvitation, seesMembership } from '../domain/visibility.ts';
import type { InvitationRow } from '../loaders/invitation.ts';
import type { MembershipRow } from '../loaders/membership-row.ts';
import { idArgument, textArgument } from './arguments.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { ifSeen, shownIf } from './guard.ts';
import { MembershipStatus, ProvisioningMethod } from './membership-enums.ts';
import { Invitation, Membership, Organization, Role, User } from './nodes.ts';
import { RoleAssignment } from './role.ts';

const details = 'Requires membership:readDetails, or that it is your own.';

/** A field that shows to those who see the details of the membership. */
function detail<Value>(
  resolve: (membership: MembershipRow, args: object, context: Context) => Value,
) {
  return shownIf<MembershipRow, object, Value>(seesDetails, resolve);
}

/** A field of the profile that counts in this organization: the person's own, or what is kept here. */
function profile(field: Exclude<ProfileField, 'name'>) {
  return async (membership: MembershipRow, _args: object, context: Context) =>
    profileOwner(context.identityModel) === 'user'
      ? (await context.loaders.users.of(membership))[field]
      : membership[field];
}

builder.prismaObjectFields(Membership, (t) => ({
  organization: t.field({
    type: Organization,
    nullable: false,
    description: 'The organization. Whoever sees the membership sees its name, slug and logo.',
    resolve: (membership, _args, { loaders }) => loaders.organizations.of(membership),
  }),
  user: t.field({
    type: User,
    nullable: false,
    description: 'The person.',
    resolve: (membership, _args, { loaders }) => loaders.users.of(membership),
  }),
  status: t.expose('status', {
    type: MembershipStatus,
    nullable: false,
    description: 'Where it stands now; deadlines count from the moment they pass.',
  }),
  statusReason: t.string({
    description: `Why it has this status. Null when nobody said. ${details}`,
    resolve: detail((membership) => membership.statusReason),
  }),
  statusChangedAt: t.expose('statusChangedAt', {
    type: 'DateTime',
    nullable: false,
    description: 'Since when it has this status.',
  }),
  suspendedUntil: t.field({
    type: 'DateTime',
    description: 'When the suspension ends by itself. Null when it does not, or there is none.',
    resolve: (membership) => (membership.status === 'SUSPENDED' ? membership.statusDeadline : null),
  }),
  name: t.string({
    description:
      'What the person is called here: with shared users their own name, or else this organization’s. Null when nobody knows.',
    resolve: async (membership, _args, context) =>
      effectiveName(context.identityModel, await context.loaders.users.of(membership), membership),
  }),
  givenName: t.string({
    description: 'The given name. Null when it is not known.',
    resolve: profile('givenName'),
  }),
  familyName: t.string({
    description: 'The family name. Null when it is not known.',
    resolve: profile('familyName'),
  }),
  pictureUrl: t.string({
    description: 'Where a picture of the person is. Null when there is none.',
    resolve: profile('pictureUrl'),
  }),
  locale: t.string({
    description: 'The language of the person as a BCP 47 tag. Null when it is not known.',
    resolve: profile('locale'),
  }),
  emailAddress: t.string({
    description: `The address of the person. ${details}`,
    resolve: detail(
      async (membership, _args, context) => (await context.loaders.users.of(membership)).email,
    ),
  }),
  emailVerified: t.boolean({
    description: `Whether the address has been proven to be theirs. ${details}`,
    resolve: detail(async (membership, _args, context) =>
      profileOwner(context.identityModel) === 'user'
        ? (await context.loaders.users.of(membership)).emailVerified
        : membership.emailVerified,
    ),
  }),
  externalId: t.string({
    description: `The id that the product itself uses, unique in the organization. Null when none was given. ${details}`,
    resolve: detail((membership) => membership.externalId),
  }),
  metadata: t.field({
    type: 'JSONObject',
    description: `Trusted metadata, which may enter tokens. ${details}`,
    resolve: detail((membership) => membership.metadata),
  }),
  untrustedMetadata: t.field({
    type: 'JSONObject',
    description: `Metadata that the person may write too, and that never enters tokens. ${details}`,
    resolve: detail((membership) => membership.untrustedMetadata),
  }),
  roles: t.field({
    type: [Role],
    nullable: false,
    description: 'The roles it holds, each once.',
    resolve: (membership, _args, { loaders }) => loaders.memberships.rolesOf(membership.id),
  }),
  roleAssignments: t.field({
    type: [RoleAssignment],
    nullable: { list: true, items: false },
    description: `The roles it holds, with how it came to them. ${details}`,
    resolve: detail((membership, _args, { loaders }) =>
      loaders.memberships.assignmentsOf(membership.id),
    ),
  }),
  permissions: t.stringList({
    description: `The permissions and wildcards it has now, inherited ones included; none unless it is ACTIVE. Owners and admins hold everything of the application. ${details}`,
    resolve: detail((membership, _args, { loaders }) =>
      loaders.memberships.permissionsOf(membership.id),
    ),
  }),
  invitation: t.field({
    type: Invitation,
    description:
      'The latest invitation. Null when there never was one. Requires membership:read and membership:readDetails.',
    resolve: shownIf<MembershipRow, object, Promise<InvitationRow | null>>(
      seesInvitation,
      (membership, _args, { loaders }) => loaders.invitations.latestOf(membership.id),
    ),
  }),
  joinedAt: t.expose('joinedAt', {
    type: 'DateTime',
    description: 'When the person joined. Null while they have not.',
  }),
  provisioningMethod: t.expose('provisioningMethod', {
    type: ProvisioningMethod,
    nullable: false,
    description: 'How the person came in.',
  }),
  primaryIdentityProvider: t.exposeString('primaryIdentityProvider', {
    description: 'Where the person first signed in to this organization. Null while they have not.',
  }),
  isBreakglass: t.boolean({
    description: `Whether the organization’s rules for signing in do not bind this member. ${details}`,
    resolve: detail((membership) => membership.isBreakglass),
  }),
  version: t.exposeInt('version', {
    nullable: false,
    description: 'Grows with every change, for expectedVersion.',
  }),
  createdAt: t.expose('createdAt', {
    type: 'DateTime',
    nullable: false,
    description: 'When it was created, be it by an invitation.',
  }),
  updatedAt: t.expose('updatedAt', {
    type: 'DateTime',
    nullable: false,
    description: 'When it was last changed.',
  }),
}));

const OrganizationAndUser = builder.inputType('OrganizationAndUser', {
  description: 'Names a membership by its two ends.',
  fields: (t) => ({
    organizationId: t.id({ required: true, description: 'The organization, org_….' }),
    userId: t.id({ required: true, description: 'The user, usr_….' }),
  }),
});

const OrganizationAndEmail = builder.inputType('OrganizationAndEmail', {
  description: 'Names a membership by its organization and the person’s address.',
  fields: (t) => ({
    organizationId: t.id({ required: true, description: 'The organization, org_….' }),
    email: t.string({ required: true, description: 'The address, in any spelling.' }),
  }),
});

const OrganizationAndExternalId = builder.inputType('OrganizationAndExternalId', {
  description: 'Names a membership by its organization and its external id there.',
  fields: (t) => ({
    organizationId: t.id({ required: true, description: 'The organization, org_….' }),
    externalId: t.string({ required: true, description: 'The id that the product itself uses.' }),
  }),
});

const MembershipBy = builder.inputType('MembershipBy', {
  description: 'Names a membership in exactly one way.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'By id, mbr_….' }),
    organizationAndUser: t.field({
      type: OrganizationAndUser,
      description: 'By organization and user.',
    }),
    organizationAndEmail: t.field({
      type: OrganizationAndEmail,
      description: 'By organization and address. Requires membership:readDetails.',
    }),
    organizationAndExternalId: t.field({
      type: OrganizationAndExternalId,
      description: 'By organization and external id there. Requires membership:readDetails.',
    }),
  }),
});

function findMembership(
  by: typeof MembershipBy.$inferInput,
  { principal, loaders }: Context,
): Promise<MembershipRow | null> {
  if (by.id != null) {
    return loaders.memberships.byId(idArgument('mbr', by.id, ['by', 'id']));
  }
  if (by.organizationAndUser) {
    const { organizationId, userId } = by.organizationAndUser;
    return loaders.memberships.byOrganizationAndUser({
      organization: idArgument('org', organizationId, argumentOf('User', 'organizationId')),
      user: idArgument('usr', userId, argumentOf('User', 'userId')),
    });
  }
  if (by.organizationAndEmail) {
    const given = by.organizationAndEmail;
    const organization = idArgument(
      'org',
      given.organizationId,
      argumentOf('Email', 'organizationId'),
    );
    const email = normalizeEmail(given.email);
    return email !== null && can(principal, 'membership:readDetails', organization)
      ? loaders.memberships.byOrganizationAndEmail({ organization, email })
      : Promise.resolve(null);
  }
  const given = by.organizationAndExternalId ?? { organizationId: '', externalId: '' };
  const organization = idArgument(
    'org',
    given.organizationId,
    argumentOf('ExternalId', 'organizationId'),
  );
  const externalId = textArgument(given.externalId, argumentOf('ExternalId', 'externalId'));
  return can(principal, 'membership:readDetails', organization)
    ? loaders.memberships.byOrganizationAndExternalId({ organization, external_id: externalId })
    : Promise.resolve(null);
}

function argumentOf(key: 'User' | 'Email' | 'ExternalId', field: string): string[] {
  return ['by', `organizationAnd${key}`, field];
}

builder.queryField('membership', (t) =>
  t.field({
    type: Membership,
    args: { by: t.arg({ type: MembershipBy, required: true, description: 'Which membership.' }) },
    description:
      'A membership. Null when there is none or it may not be seen. Requires membership:read.',
    resolve: async (_root, { by }, context) =>
      ifSeen(context.principal, seesMembership, await findMembership(by, context)),
  }),
);
