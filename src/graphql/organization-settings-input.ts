/** What an organization decides about its members, as mutations are told. */
import { idInput } from './arguments.ts';
import { builder } from './builder.ts';
import {
  AuthMethod,
  AuthMethodRule,
  EmailInvites,
  JitProvisioning,
  MfaPolicy,
} from './organization-settings.ts';

/** `settings` of the mutations of organizations. */
export const OrganizationSettingsInput = builder.inputType('OrganizationSettingsInput', {
  description: 'Who may join an organization and how its members sign in. What is left out stays.',
  fields: (t) => ({
    emailInvites: t.field({ type: EmailInvites, description: 'Whom it invites by mail.' }),
    emailJitProvisioning: t.field({
      type: JitProvisioning,
      description: 'Who may join it without an invitation.',
    }),
    allowedDomains: t.stringList({
      description:
        'The mail domains that restricted rules allow, at most 100 and then at least one; none where anybody gets an address, such as gmail.com.',
    }),
    authMethods: t.field({ type: AuthMethodRule, description: 'How its members may sign in.' }),
    allowedAuthMethods: t.field({
      type: [AuthMethod],
      description:
        'The methods that a restricted rule allows: then at least one, and among them the one by which you signed in, unless your membership is breakglass.',
    }),
    mfaPolicy: t.field({
      type: MfaPolicy,
      description: 'Whether its members must prove a second factor.',
    }),
    creatorRoleId: t.id({
      description: 'The role of whoever creates it, rol_…. Null: the environment’s.',
    }),
    memberRoleId: t.id({
      description:
        'The role of whoever joins without another, but not that of owners, rol_…. Null: the environment’s.',
    }),
  }),
});

type Settings = typeof OrganizationSettingsInput.$inferInput;

/**
 * Reads the ids of the settings.
 *
 * @throws InputError
 */
export function settingsInput<Given extends Settings | null | undefined>(settings: Given) {
  return settings
    ? {
        ...settings,
        creatorRoleId: idInput('rol', settings.creatorRoleId, 'settings', 'creatorRoleId'),
        memberRoleId: idInput('rol', settings.memberRoleId, 'settings', 'memberRoleId'),
      }
    : settings;
}
