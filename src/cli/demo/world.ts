/** The demo's world, as data: what the documents of two identity services use as examples, and a few people of ours. */
import type { MemberInput } from '../../domain/membership.ts';
import type { OrganizationInput } from '../../domain/organization.ts';
import type { UserInput } from '../../domain/user.ts';

/** One thing that happens to somebody, so many days ago. Each is one change of status. */
export type Step = { daysAgo: number } & (
  | { act: 'create' | 'add' | 'invite' }
  | { act: 'suspend' | 'remove'; reason: string }
);

/** What happens to one person in one organization, in order. */
export type Story = {
  /** External id. */
  organization: string;
  email: string;
  member?: Pick<
    MemberInput,
    'name' | 'roleKeys' | 'metadata' | 'untrustedMetadata' | 'joinedAt' | 'primaryIdentityProvider'
  >;
  steps: Step[];
};

/** When the organizations and the users were created. */
export const foundedDaysAgo = 90;

export const organizations: (OrganizationInput & { externalId: string })[] = [
  {
    externalId: 'CUST-12345-MGSFT',
    displayName: 'Megasoft Inc',
    slug: 'megasoft',
    metadata: { invoice_email: 'invoices@megasoft.com', plan_type: 'enterprise' },
    seatLimit: 25,
  },
  {
    externalId: 'team-a',
    displayName: 'Team A',
    slug: 'team-a',
    metadata: { billing_tier: 'free', privacy_setting: 'public' },
    settings: { emailInvites: 'ALL_ALLOWED', emailJitProvisioning: 'NOT_ALLOWED' },
  },
  {
    externalId: 'team-b',
    displayName: 'Team B',
    slug: 'team-b',
    metadata: { billing_tier: 'premium', privacy_setting: 'private' },
    settings: {
      emailInvites: 'RESTRICTED',
      emailJitProvisioning: 'RESTRICTED',
      allowedDomains: ['stytch.com'],
    },
  },
  {
    externalId: 'team-c',
    displayName: 'Team C',
    slug: 'team-c',
    metadata: { billing_tier: 'enterprise', privacy_setting: 'private' },
    settings: { authMethods: 'RESTRICTED', allowedAuthMethods: ['SSO'] },
  },
];

const ada = 'adalovelace@stytch.com';
const claude = 'claude.shannon@stytch.com';
const jane = 'jane.smith@example.com';
const maya = 'maya.okafor@example.com';

/** People who are there before anybody adds them. Ada has no name of her own: every team calls her as it likes. */
export const users: UserInput[] = [
  { email: ada, emailVerified: true },
  { email: claude, emailVerified: true, name: 'Claude Shannon' },
  { email: jane, emailVerified: true, name: 'Jane Smith', externalId: 'U-1001' },
  { email: maya, emailVerified: true, name: 'Maya Okafor', externalId: 'U-1002', locale: 'en-GB' },
  { email: 'sam.reyes@example.com', name: 'Sam Reyes' },
  { email: 'pat.quinn@example.com', name: 'Pat Quinn' },
];

export const stories: Story[] = [
  {
    organization: 'CUST-12345-MGSFT',
    email: maya,
    steps: [{ daysAgo: 90, act: 'create' }],
  },
  {
    organization: 'CUST-12345-MGSFT',
    email: jane,
    member: {
      roleKeys: ['admin'],
      metadata: { department: 'engineering', location: 'nyc-office' },
      joinedAt: new Date('2025-06-27T10:57:43.720Z'),
      primaryIdentityProvider: 'OKTA',
    },
    steps: [{ daysAgo: 60, act: 'add' }],
  },
  {
    organization: 'CUST-12345-MGSFT',
    email: 'sam.reyes@example.com',
    member: { roleKeys: ['member'], metadata: { department: 'sales' } },
    steps: [
      { daysAgo: 50, act: 'add' },
      { daysAgo: 3, act: 'suspend', reason: 'On leave until further notice.' },
    ],
  },
  {
    organization: 'CUST-12345-MGSFT',
    email: 'pat.quinn@example.com',
    member: { roleKeys: ['member'] },
    steps: [
      { daysAgo: 45, act: 'add' },
      { daysAgo: 5, act: 'remove', reason: 'Left the company.' },
    ],
  },
  {
    organization: 'CUST-12345-MGSFT',
    email: 'late.reply@example.com',
    member: { name: 'Lee Tanaka', roleKeys: ['member'] },
    steps: [{ daysAgo: 8, act: 'invite' }],
  },
  {
    organization: 'CUST-12345-MGSFT',
    email: 'new.hire@example.com',
    member: { name: 'Noor Haddad', roleKeys: ['admin'] },
    steps: [{ daysAgo: 1, act: 'invite' }],
  },
  {
    organization: 'team-a',
    email: ada,
    member: {
      name: 'Ada Lovelace',
      untrustedMetadata: { job_title: 'Engineer', preferred_locales: ['en', 'es'] },
    },
    steps: [{ daysAgo: 90, act: 'create' }],
  },
  {
    organization: 'team-a',
    email: claude,
    member: { roleKeys: ['admin'] },
    steps: [{ daysAgo: 40, act: 'add' }],
  },
  {
    organization: 'team-a',
    email: jane,
    member: {
      roleKeys: ['member'],
      metadata: { department: 'product', location: 'sf-office' },
      joinedAt: new Date('2025-07-15T14:30:22.451Z'),
      primaryIdentityProvider: 'GOOGLE',
    },
    steps: [{ daysAgo: 30, act: 'add' }],
  },
  {
    organization: 'team-b',
    email: claude,
    steps: [{ daysAgo: 90, act: 'create' }],
  },
  {
    organization: 'team-b',
    email: ada,
    member: { name: 'Miss Ada', roleKeys: ['member'], untrustedMetadata: { timezone: 'EST' } },
    steps: [{ daysAgo: 35, act: 'add' }],
  },
  {
    organization: 'team-c',
    email: claude,
    steps: [{ daysAgo: 90, act: 'create' }],
  },
  {
    organization: 'team-c',
    email: ada,
    member: { name: 'Ada', roleKeys: ['admin'], untrustedMetadata: { display_theme: 'dark' } },
    steps: [{ daysAgo: 20, act: 'add' }],
  },
];
