/** The mutations of invitations: every part of their inputs, who may invite, and who may answer. */
import type { Guests } from './guests.ts';
import { UNVERIFIED } from './newcomers.ts';
import { type Rule, sees } from './rule.ts';
import {
  type Case,
  type Given,
  grants,
  MEMBER,
  needs,
  needsOfAll,
  needsOwner,
  type Step,
  type Verdict,
  verdict,
} from './verdict.ts';

const { organization, invitation } = sees;

const mayInvite = needs('membership:invite', organization);
const grantsOwner = grants(['organization:delete', 'apikey:manage']);

/** The organizations take in their own domains only. */
const otherDomain: Step = () => 'DOMAIN_NOT_ALLOWED';

const at = ({ names, fresh }: Given) => `${fresh}@${names.word}.example`;

const everything = {
  name: 'New',
  message: 'Welcome.',
  locale: 'en',
  expiresInSeconds: 600,
  redirectUrl: 'https://app.example/',
  allowAnyAddress: false,
  untrustedMetadata: { a: 1 },
};

/** The invitation that they send again and revoke: when all is done, another than the others. */
const waiting = ({ names: { guests }, caller }: Given) => ({
  invitationId: (caller.name === 'master' ? guests.waitingLonger : guests.waiting).inv,
});

const tokenOf =
  (guest: keyof Guests, which: 'token' | 'formerToken' = 'token') =>
  ({ names: { guests } }: Given) => ({ token: guests[guest][which] });

/** Whoever is signed in is somebody else than who was invited. */
const asNobodyElse: Verdict = ({ kind }) => (kind === 'person' ? 'WRONG_ACCOUNT' : 'done');

/** Their sign-in vouches for them in the organization. */
const reaches: Rule = ({ isWhole }, { tenant }) => isWhole || tenant === 'B';

const whoever: Verdict = (caller, thing) => {
  if (caller.kind !== 'person') {
    return 'done';
  }
  if (!reaches(caller, thing)) {
    return 'WRONG_ACCOUNT';
  }
  const domain = `word${thing.tenant?.toLowerCase()}.example`;
  const isVerified = !UNVERIFIED.some((email) => email === caller.email);
  return isVerified && caller.email?.endsWith(`@${domain}`) ? 'done' : 'DOMAIN_NOT_ALLOWED';
};

export const ofInvitations: Case[] = [
  {
    name: 'invitationCreate',
    input: (given) => ({ organizationId: given.names.org, email: at(given), ...everything }),
    verdict: verdict(mayInvite),
  },
  {
    name: 'invitationCreate, with trusted metadata',
    input: (given) => ({
      organizationId: given.names.org,
      email: at(given),
      metadata: { a: 1 },
    }),
    verdict: verdict(mayInvite, needsOfAll('trusted:write')),
  },
  {
    name: 'invitationCreate, as an owner',
    input: (given) => ({
      organizationId: given.names.org,
      email: at(given),
      roleKeys: ['owner'],
    }),
    verdict: verdict(mayInvite, grantsOwner, needsOwner),
  },
  {
    name: 'invitationCreate, with roles by id',
    input: (given) => ({
      organizationId: given.names.org,
      email: at(given),
      roleIds: [given.others.role],
    }),
    verdict: verdict(mayInvite, grants(MEMBER)),
  },
  {
    name: 'invitationCreate, of another domain',
    input: ({ names, fresh }) => ({
      organizationId: names.org,
      email: `${fresh}@elsewhere.example`,
    }),
    verdict: verdict(mayInvite, otherDomain),
  },
  {
    name: 'invitationBulkCreate',
    input: (given) => ({
      organizationId: given.names.org,
      rows: [
        { email: at(given), ...everything },
        { email: `b${at(given)}`, roleKeys: ['member'] },
        { email: `${given.fresh}@elsewhere.example` },
      ],
    }),
    verdict: verdict(mayInvite),
  },
  {
    name: 'invitationBulkCreate, with roles by id, to try it',
    input: (given) => ({
      organizationId: given.names.org,
      rows: [{ email: at(given), roleIds: [given.others.role] }],
      dryRun: true,
    }),
    verdict: verdict(mayInvite),
  },
  {
    name: 'invitationBulkCreate, with trusted metadata',
    input: (given) => ({
      organizationId: given.names.org,
      rows: [{ email: at(given) }, { email: `b${at(given)}`, metadata: { a: 1 } }],
    }),
    verdict: verdict(mayInvite, needsOfAll('trusted:write')),
  },
  {
    name: 'invitationResend',
    input: (given) => ({ ...waiting(given), expiresInSeconds: 600 }),
    verdict: verdict(needs('membership:invite', invitation)),
  },
  {
    name: 'invitationResend, of roles that somebody chose',
    input: ({ names: { guests } }) => ({ invitationId: guests.chosen.inv }),
    verdict: verdict(needs('membership:invite', invitation), grants(MEMBER)),
  },
  {
    name: 'invitationResend, of an owner',
    input: ({ names: { guests } }) => ({ invitationId: guests.owning.inv }),
    verdict: verdict(needs('membership:invite', invitation), grantsOwner, needsOwner),
  },
  {
    name: 'invitationResend, to another domain',
    input: ({ names: { guests } }) => ({ invitationId: guests.elsewhere.inv }),
    verdict: verdict(needs('membership:invite', invitation), otherDomain),
  },
  {
    name: 'invitationRevoke',
    input: (given) => ({ ...waiting(given), reason: 'Why' }),
    verdict: verdict(needs('membership:invite', invitation)),
  },
  {
    name: 'invitationAccept',
    input: tokenOf('accepting'),
    verdict: asNobodyElse,
    about: ({ guests }) => guests.accepting.email,
    isOnce: true,
    isByToken: true,
  },
  {
    name: 'invitationAccept, of their own',
    input: ({ caller }) => ({ token: `token-of-${caller.email}` }),
    isFor: ({ own }, { tenant }) =>
      tenant !== undefined && own[tenant]?.status === 'PENDING_INVITE',
    verdict: () => 'done',
    about: (_, { email }) => email ?? '',
    isOnce: true,
    isByToken: true,
  },
  {
    name: 'invitationAccept, under any address',
    input: tokenOf('anyAddress'),
    verdict: whoever,
    isByToken: true,
  },
  {
    name: 'invitationAccept, once more',
    input: tokenOf('accepted'),
    verdict: asNobodyElse,
    about: ({ guests }) => guests.accepted.email,
    isOnce: true,
    isByToken: true,
  },
  // An invitation is worth no more than its inviter when it is accepted.
  ...(['ofGone', 'ofMember', 'ofKey', 'ofManager'] as const).map(
    (guest): Case => ({
      name: `invitationAccept, ${guest}`,
      input: tokenOf(guest),
      isFor: ({ kind }) => kind !== 'person',
      verdict: () => 'INVITATION_REVOKED',
      isByToken: true,
      isEnding: true,
    }),
  ),
  {
    name: 'invitationAccept, of an address that somebody signs in under',
    input: tokenOf('doubtful'),
    verdict: () => 'WRONG_ACCOUNT',
    isByToken: true,
  },
  {
    name: 'invitationDecline',
    input: (given) => ({ ...tokenOf('declining')(given), reason: 'Why' }),
    verdict: () => 'done',
    isOnce: true,
    isByToken: true,
  },
  // They are good for nothing, and so are as those that nobody ever had.
  ...['invitationAccept', 'invitationDecline'].map(
    (name): Case => ({
      name: `${name}, by the token of an earlier sending`,
      input: tokenOf('accepting', 'formerToken'),
      verdict: () => 'INVITATION_INVALID',
    }),
  ),
];
