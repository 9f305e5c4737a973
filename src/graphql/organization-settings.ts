/** What an organization decides about its members: who may join, how they sign in, how many there may be. */
import { seesRole } from '../domain/visibility.ts';
import type { OrganizationRow } from '../loaders/organization.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { ifSeen } from './guard.ts';
import { Role } from './nodes.ts';

export const EmailInvites = builder.enumType('EmailInvites', {
  description: 'Whom an organization invites by mail.',
  values: {
    ALL_ALLOWED: { description: 'Any address.' },
    RESTRICTED: { description: 'Only addresses of the allowed domains.' },
    NOT_ALLOWED: { description: 'Nobody.' },
  },
});

export const JitProvisioning = builder.enumType('JitProvisioning', {
  description: 'Who may join an organization without an invitation.',
  values: {
    RESTRICTED: { description: 'Whoever has a verified address of an allowed domain.' },
    NOT_ALLOWED: { description: 'Nobody.' },
  },
});

export const AuthMethodRule = builder.enumType('AuthMethodRule', {
  description: 'How the members of an organization may sign in.',
  values: {
    ALL_ALLOWED: { description: 'In any way.' },
    RESTRICTED: { description: 'Only by the allowed methods.' },
  },
});

/** How a person signed in. */
export const AuthMethod = builder.enumType('AuthMethod', {
  description: 'A way to sign in.',
  values: {
    PASSWORD: { description: 'A password.' },
    EMAIL_LINK: { description: 'A link sent by mail.' },
    EMAIL_OTP: { description: 'A code sent by mail.' },
    PASSKEY: { description: 'A passkey.' },
    GOOGLE: { description: 'A Google account.' },
    MICROSOFT: { description: 'A Microsoft account.' },
    GITHUB: { description: 'A GitHub account.' },
    GITLAB: { description: 'A GitLab account.' },
    SLACK: { description: 'A Slack account.' },
    APPLE: { description: 'An Apple account.' },
    SSO: { description: 'The single sign-on of an organization.' },
    OTHER: { description: 'Any other way.' },
  },
});

export const MfaPolicy = builder.enumType('MfaPolicy', {
  description: 'Whether members must prove a second factor.',
  values: {
    OPTIONAL: { description: 'They may.' },
    REQUIRED: { description: 'They must.' },
  },
});

async function roleOf(id: string | null, { principal, loaders }: Context) {
  return id === null ? null : ifSeen(principal, seesRole, await loaders.roles.byId(id));
}

export const OrganizationSettings = builder
  .objectRef<OrganizationRow>('OrganizationSettings')
  .implement({
    description: 'Who may join an organization and how its members sign in.',
    fields: (t) => ({
      emailInvites: t.expose('emailInvites', {
        type: EmailInvites,
        nullable: false,
        description: 'Whom it invites by mail.',
      }),
      emailJitProvisioning: t.expose('emailJitProvisioning', {
        type: JitProvisioning,
        nullable: false,
        description: 'Who may join it without an invitation.',
      }),
      allowedDomains: t.exposeStringList('allowedDomains', {
        nullable: false,
        description: 'The mail domains that restricted rules allow.',
      }),
      authMethods: t.expose('authMethods', {
        type: AuthMethodRule,
        nullable: false,
        description: 'How its members may sign in.',
      }),
      allowedAuthMethods: t.expose('allowedAuthMethods', {
        type: [AuthMethod],
        nullable: false,
        description: 'The methods that a restricted rule allows.',
      }),
      mfaPolicy: t.expose('mfaPolicy', {
        type: MfaPolicy,
        nullable: false,
        description: 'Whether its members must prove a second factor.',
      }),
      creatorRole: t.field({
        type: Role,
        description:
          'The role of whoever creates it. Null: the environment’s, or one that may not be seen.',
        resolve: ({ creatorRoleId }, _args, context) => roleOf(creatorRoleId, context),
      }),
      memberRole: t.field({
        type: Role,
        description:
          'The role of whoever joins without another. Null: the environment’s, or one that may not be seen.',
        resolve: ({ memberRoleId }, _args, context) => roleOf(memberRoleId, context),
      }),
    }),
  });

export const Seats = builder.objectRef<OrganizationRow>('Seats').implement({
  description: 'How many people an organization may have, and has.',
  fields: (t) => ({
    limit: t.exposeInt('seatLimit', {
      description: 'How many seats there are. Null when there is no limit.',
    }),
    used: t.int({
      nullable: false,
      description:
        'Seats taken by active members, open invitations and suspensions that end by themselves.',
      resolve: (organization, _args, { loaders }) =>
        loaders.organizations.seatsUsedBy(organization.id),
    }),
    available: t.int({
      description: 'Seats that are left. Null when there is no limit.',
      resolve: async ({ id, seatLimit }, _args, { loaders }) =>
        seatLimit === null
          ? null
          : Math.max(0, seatLimit - (await loaders.organizations.seatsUsedBy(id))),
    }),
  }),
});
