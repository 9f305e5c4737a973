/** Which organizations a person may enter, and what their sign-in lacks for it. */
import type { MembershipStatus } from '../db/generated/prisma/client.ts';
import { encodeId } from '../domain/id.ts';
import { type MembershipRights, missingOf } from '../domain/membership-rights.ts';
import type { UserPrincipal } from '../domain/principal.ts';
import type { DiscoveredRow } from '../loaders/discovery.ts';
import { builder } from './builder.ts';
import { AuthMethod } from './organization-settings.ts';
import { Viewer } from './viewer.ts';

const DiscoveryKind = builder.enumType('DiscoveryKind', {
  description: 'How a person stands to an organization that they may enter.',
  values: {
    ACTIVE_MEMBER: { description: 'They are a member.' },
    INVITED: { description: 'They have an open invitation.' },
    SUSPENDED: { description: 'They are suspended: they come in again when that ends.' },
    CAN_JOIN_BY_DOMAIN: {
      description: 'The domain of their verified address lets them in, by organizationJoin.',
    },
  },
});

/** What the statuses that lead inside are called. */
const KINDS: Partial<Record<MembershipStatus, 'ACTIVE_MEMBER' | 'INVITED' | 'SUSPENDED'>> = {
  ACTIVE: 'ACTIVE_MEMBER',
  PENDING_INVITE: 'INVITED',
  SUSPENDED: 'SUSPENDED',
};

type Discovered = DiscoveredRow & {
  membership: MembershipRights | undefined;
  missing: ReturnType<typeof missingOf>;
};

const NOTHING_MISSING: Discovered['missing'] = { authMethods: null, mfa: false };

function discoveredBy({ rights, signIn }: UserPrincipal, row: DiscoveredRow): Discovered {
  const membership = rights.get(row.id);
  const isExcepted = membership?.status === 'ACTIVE' && membership.isBreakglass;
  const missing = isExcepted ? NOTHING_MISSING : missingOf(row, signIn);
  return { ...row, membership, missing };
}

const DiscoveredOrganization = builder.objectRef<Discovered>('DiscoveredOrganization').implement({
  description: 'An organization that a person may enter.',
  fields: (t) => ({
    organizationId: t.id({
      nullable: false,
      description: 'The organization, org_….',
      resolve: ({ id }) => encodeId('org', id),
    }),
    displayName: t.exposeString('displayName', {
      nullable: false,
      description: 'What people call it.',
    }),
    logoUrl: t.exposeString('logoUrl', {
      description: 'Where its logo is. Null when it has none.',
    }),
    kind: t.field({
      type: DiscoveryKind,
      nullable: false,
      description: 'How they stand to it.',
      resolve: ({ membership }) => (membership && KINDS[membership.status]) ?? 'CAN_JOIN_BY_DOMAIN',
    }),
    membershipId: t.id({
      description: 'Their membership, mbr_…, be it a former one. Null when there is none.',
      resolve: ({ membership }) => membership && encodeId('mbr', membership.membershipId),
    }),
    authMethods: t.field({
      type: [AuthMethod],
      nullable: { list: true, items: false },
      description:
        'The ways to sign in that it accepts, where the present one is none of them. Null when nothing is missing.',
      resolve: ({ missing }) => missing.authMethods,
    }),
    mfa: t.boolean({
      nullable: false,
      description: 'Whether the sign-in lacks a second factor that it asks for.',
      resolve: ({ missing }) => missing.mfa,
    }),
  }),
});

builder.objectField(Viewer, 'discoveredOrganizations', (t) =>
  t.field({
    type: [DiscoveredOrganization],
    nullable: false,
    description:
      'The organizations that you may enter with your verified address, and what your sign-in lacks for it: the first 100 by name. Free seats are not looked at. Empty while the address is not verified and for callers who are not people; only that organization when you came by its own single sign-on.',
    resolve: async (_viewer, _args, { principal, loaders }) => {
      if (principal.kind !== 'user') {
        return [];
      }
      const own = [...principal.rights.values()].filter(({ status }) => status in KINDS);
      const rows = await loaders.discovered({
        userId: principal.id,
        own: own.map(({ organizationId }) => organizationId),
        within: principal.signIn.organizationId,
      });
      return rows.map((row) => discoveredBy(principal, row));
    },
  }),
);
