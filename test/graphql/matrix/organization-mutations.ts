/** The mutations of organizations: every part of their inputs, and who may. */
import { sees } from './rule.ts';
import { type Case, needs, needsOfAll, org, type Verdict, verdict } from './verdict.ts';

const organization = sees.organization;

/** Who is let in by their domain, or sees the organization, is told what stands between. */
const join: Verdict = (caller, thing) => {
  const { tenant = 'A' } = thing;
  const isLetIn = caller.joins.includes(tenant);
  if (!isLetIn && !organization(caller, thing)) {
    return 'NOT_FOUND';
  }
  if (caller.kind !== 'person') {
    return 'FORBIDDEN';
  }
  switch (caller.own[tenant]?.status) {
    case 'ACTIVE':
      return 'ALREADY_MEMBER';
    case 'SUSPENDED':
      return 'INVALID_TRANSITION';
    default:
      return isLetIn ? (caller.lacks[tenant] ?? 'done') : 'DOMAIN_NOT_ALLOWED';
  }
};

export const ofOrganizations: Case[] = [
  {
    name: 'organizationCreate',
    input: ({ fresh }) => ({
      displayName: fresh,
      slug: fresh,
      logoUrl: 'https://x.example',
      settings: { mfaPolicy: 'OPTIONAL' },
    }),
    verdict: ({ kind, isWhole, holds }) =>
      (kind === 'person' && isWhole) || holds.environment.includes('organization:create')
        ? 'done'
        : 'FORBIDDEN',
    isOfEnvironment: true,
  },
  {
    name: 'organizationCreate, for an owner',
    input: ({ fresh }) => ({ displayName: fresh, ownerEmail: `${fresh}@new.example` }),
    verdict: verdict(needsOfAll('organization:create')),
    isOfEnvironment: true,
  },
  ...[{ externalId: true }, { metadata: { a: 1 } }, { seatLimit: 800 }].flatMap(
    (trusted): Case[] => [
      {
        name: `organizationCreate, with ${Object.keys(trusted)}`,
        input: ({ fresh }) => ({
          displayName: fresh,
          ...trusted,
          ...('externalId' in trusted && { externalId: fresh }),
        }),
        verdict: ({ kind, isWhole, holds }) =>
          ((kind === 'person' && isWhole) || holds.environment.includes('organization:create')) &&
          holds.environment.includes('trusted:write')
            ? 'done'
            : 'FORBIDDEN',
        isOfEnvironment: true,
      },
      {
        name: `organizationUpdate, of ${Object.keys(trusted)}`,
        input: (given) => ({
          ...org(given),
          ...trusted,
          ...('externalId' in trusted && { externalId: given.fresh }),
        }),
        verdict: verdict(needs('trusted:write', organization)),
      },
    ],
  ),
  {
    name: 'organizationUpdate',
    input: (given) => ({ ...org(given), displayName: 'New', logoUrl: 'https://x.example/y' }),
    verdict: verdict(needs('organization:update', organization)),
  },
  {
    name: 'organizationUpdate, of the slug',
    input: ({ names }) => ({ organization: { slug: names.slug }, slug: names.slug }),
    verdict: verdict(needs('organization:update', organization)),
  },
  {
    name: 'organizationUpdate, of settings',
    input: ({ names, others }) => ({
      organization: { externalId: names.externalId },
      settings: {
        allowedAuthMethods: ['GOOGLE', 'SSO'],
        allowedDomains: ['example.com'],
        authMethods: 'RESTRICTED',
        emailInvites: 'NOT_ALLOWED',
        emailJitProvisioning: 'NOT_ALLOWED',
        mfaPolicy: 'OPTIONAL',
        creatorRoleId: others.role,
        memberRoleId: others.role,
      },
    }),
    verdict: verdict(needs('settings:update', organization)),
  },
  {
    name: 'organizationJoin',
    input: ({ names }) => ({ organizationId: names.org }),
    verdict: join,
    about: (names, { email }) => email ?? names.mia.email,
    isOnce: true,
  },
  {
    name: 'organizationDelete',
    input: ({ names, others }) => ({ organizationId: names.org, confirmSlug: others.slug }),
    verdict: verdict(needs('organization:delete', organization)),
  },
];
