/** What an organization decides about its members: who may join, how they sign in, which roles they get. */
import type {
  AuthMethod,
  AuthMethodRule,
  EmailInvites,
  JitProvisioning,
  MfaPolicy,
} from '../db/generated/prisma/enums.ts';
import { type DefaultRoles, readDefaultRoles } from './default-role.ts';
import { normalizeDomain } from './email.ts';
import { InputError } from './errors.ts';
import type { Reader } from './input.ts';
import { policyRefusal, type SignInPolicy } from './membership-rights.ts';
import type { Principal } from './principal.ts';
import { isPublicMailDomain } from './public-mail-domain.ts';
import type { RoleRef } from './role.ts';

export type OrganizationSettings = DefaultRoles & {
  emailInvites: EmailInvites;
  emailJitProvisioning: JitProvisioning;
  allowedDomains: string[];
  authMethods: AuthMethodRule;
  allowedAuthMethods: AuthMethod[];
  mfaPolicy: MfaPolicy;
};

/** Null and absent are the same, but for roles: null is the environment's. */
export type OrganizationSettingsInput = {
  [Name in keyof OrganizationSettings]?: OrganizationSettings[Name] | null;
};

export const DEFAULT_SETTINGS: OrganizationSettings = {
  emailInvites: 'ALL_ALLOWED',
  emailJitProvisioning: 'NOT_ALLOWED',
  allowedDomains: [],
  authMethods: 'ALL_ALLOWED',
  allowedAuthMethods: [],
  mfaPolicy: 'OPTIONAL',
  creatorRoleId: null,
  memberRoleId: null,
};

const MAX_ALLOWED_DOMAINS = 100;

/** What becomes of `base` by the settings that are given. `roleOf` finds the roles (by uuid) that can be chosen. */
export function readSettings(
  read: Reader,
  given: OrganizationSettingsInput,
  base: OrganizationSettings,
  roleOf: (id: string) => RoleRef | undefined,
): OrganizationSettings {
  const settings = {
    emailInvites: given.emailInvites ?? base.emailInvites,
    emailJitProvisioning: given.emailJitProvisioning ?? base.emailJitProvisioning,
    allowedDomains: given.allowedDomains
      ? readDomains(read, given.allowedDomains)
      : base.allowedDomains,
    authMethods: given.authMethods ?? base.authMethods,
    allowedAuthMethods: [...new Set(given.allowedAuthMethods ?? base.allowedAuthMethods)],
    mfaPolicy: given.mfaPolicy ?? base.mfaPolicy,
    ...readDefaultRoles(read, given, base, roleOf, ['settings']),
  };
  demandDomains(read, given, settings);
  if (settings.authMethods === 'RESTRICTED' && settings.allowedAuthMethods.length === 0) {
    read.fail(
      ['settings', 'allowedAuthMethods'],
      'must name a method where methods are restricted',
    );
  }
  return settings;
}

/** Restricted to nothing, a rule lets nobody in: NOT_ALLOWED says so. */
function demandDomains(
  read: Reader,
  given: OrganizationSettingsInput,
  { emailInvites, emailJitProvisioning, allowedDomains }: OrganizationSettings,
): void {
  const isGiven = given.emailInvites ?? given.emailJitProvisioning ?? given.allowedDomains;
  const isRestricted = emailInvites === 'RESTRICTED' || emailJitProvisioning === 'RESTRICTED';
  if (isGiven != null && isRestricted && allowedDomains.length === 0) {
    read.fail(['settings', 'allowedDomains'], 'must name a domain where addresses are restricted');
  }
}

/**
 * Whoever decides how people sign in to the organization (uuid) must get in that way themselves, or nobody may be left
 * to take it back. Keys and breakglass members always get in.
 *
 * @throws InputError
 */
export function demandWayIn(
  principal: Principal,
  organizationId: string,
  settings: OrganizationSettingsInput,
): void {
  if (principal.kind !== 'user' || principal.rights.get(organizationId)?.isBreakglass) {
    return;
  }
  const refusal = policyRefusal(policyOf(settings), principal.signIn);
  if (refusal !== null) {
    const issue =
      refusal === 'MFA_REQUIRED'
        ? { path: ['settings', 'mfaPolicy'], message: 'must let you in, who gave one factor only' }
        : { path: ['settings', 'allowedAuthMethods'], message: 'must let you in as you signed in' };
    throw new InputError([issue]);
  }
}

function policyOf({
  authMethods,
  allowedAuthMethods,
  mfaPolicy,
}: OrganizationSettingsInput): SignInPolicy {
  return {
    allowedAuthMethods: authMethods === 'RESTRICTED' ? (allowedAuthMethods ?? []) : null,
    needsMultiFactor: mfaPolicy === 'REQUIRED',
  };
}

function readDomains(read: Reader, given: string[]): string[] {
  const domains = given.map((domain, index) => {
    const normal = normalizeDomain(domain);
    if (normal === null) {
      read.fail(['settings', 'allowedDomains', String(index)], 'must be a mail domain');
    } else if (isPublicMailDomain(normal)) {
      read.fail(
        ['settings', 'allowedDomains', String(index)],
        'must not be a domain where anybody gets an address',
      );
    }
    return normal ?? '';
  });
  if (domains.length > MAX_ALLOWED_DOMAINS) {
    read.fail(['settings', 'allowedDomains'], `must be at most ${MAX_ALLOWED_DOMAINS}`);
  }
  return [...new Set(domains)];
}
