/** Which rule opens each field of each type: one line for a new one. Of those who see the object it stands on. */
import {
  address,
  allowed,
  any,
  belongs,
  details,
  has,
  mayDo,
  memberships,
  open,
  ownInside,
  personal,
  profile,
  type Rule,
  sees,
  wholeUser,
} from './rule.ts';

export type FieldRules = Record<string, Rule>;

/** Fields that show to whoever sees the object. */
function opens(...names: string[]): FieldRules {
  return Object.fromEntries(names.map((name) => [name, open]));
}

const connection = opens('edges', 'nodes', 'pageInfo', 'totalCount');
const edge = opens('cursor', 'node');

/** What all events have. */
const event: FieldRules = {
  ...opens('id', 'cursor', 'type', 'cause', 'requestId', 'occurredAt'),
  ...opens('organizationId', 'sequence', 'actorId'),
  organization: sees.organization,
  actor: (caller, thing) =>
    (thing.tenant === undefined ? sees.sharedKey : sees.ownKey)(caller, thing),
  reason: personal,
};
const role: Rule = (caller, thing) =>
  (thing.tenant === undefined ? sees.sharedRole : sees.ownRole)(caller, thing);
const key: Rule = (caller, thing) =>
  (thing.tenant === undefined ? sees.sharedKey : sees.ownKey)(caller, thing);
const membership = { membershipId: open, membership: sees.membership };
const user = { userId: open, user: sees.user };
const changes = { changes: open };
const personalChanges = { changes: personal };
const permission = { ...event, name: open, changes: open };
const account = { ...event, ...user, issuer: personal };

export const fieldRules: Record<string, FieldRules> = {
  Environment: opens(
    ...['identityModel', 'membershipsPerUser', 'organizationLabel', 'organizationCreation'],
    ...['invitationLifetime', 'creatorRole', 'memberRole', 'roles', 'permissions', 'version'],
    'apiKeys',
  ),
  OrganizationLabel: opens('singular', 'plural'),
  Permission: opens('name', 'description', 'isBuiltIn'),
  Organization: {
    ...opens('id', 'displayName', 'slug', 'logoUrl', 'version', 'createdAt', 'updatedAt'),
    externalId: has('organization:read'),
    metadata: has('organization:read'),
    settings: has('organization:read'),
    seats: has('organization:read'),
    roles: has('role:read'),
    apiKeys: has('apikey:manage'),
    memberships: has('membership:read'),
    invitations: sees.invitation,
    events: has('event:read'),
    viewerMembership: belongs,
    viewerCanUpdate: has('organization:update'),
    viewerCanInvite: has('membership:invite'),
    viewerCanDelete: has('organization:delete'),
    viewerCanManageRoles: has('role:manage'),
  },
  OrganizationSettings: {
    ...opens('allowedAuthMethods', 'allowedDomains', 'authMethods', 'emailInvites'),
    ...opens('emailJitProvisioning', 'mfaPolicy'),
    creatorRole: sees.sharedRole,
    memberRole: sees.ownRole,
  },
  Seats: opens('available', 'limit', 'used'),
  User: {
    ...opens('id', 'version'),
    email: address,
    emailVerified: address,
    name: profile,
    givenName: profile,
    familyName: profile,
    pictureUrl: profile,
    locale: profile,
    externalId: wholeUser,
    metadata: wholeUser,
    untrustedMetadata: wholeUser,
    identities: wholeUser,
    createdAt: wholeUser,
    updatedAt: wholeUser,
    memberships,
  },
  Identity: opens('authMethod', 'email', 'issuer', 'lastUsedAt', 'subject'),
  Membership: {
    ...opens('id', 'organization', 'user', 'status', 'statusChangedAt', 'suspendedUntil', 'name'),
    ...opens('givenName', 'familyName', 'pictureUrl', 'locale', 'roles', 'joinedAt', 'version'),
    ...opens('provisioningMethod', 'primaryIdentityProvider', 'createdAt', 'updatedAt'),
    statusReason: details,
    emailAddress: details,
    emailVerified: details,
    externalId: details,
    metadata: details,
    untrustedMetadata: details,
    roleAssignments: details,
    permissions: details,
    isBreakglass: details,
    invitation: sees.invitation,
    history: has('event:read'),
    viewerCanUpdate: any(mayDo('membership:update'), ownInside),
    viewerCanSuspend: mayDo('membership:suspend'),
    viewerCanRemove: mayDo('membership:remove'),
    viewerCanAssignRoles: mayDo('role:assign'),
  },
  Invitation: {
    ...opens('id', 'organization', 'membership', 'email', 'roles', 'status', 'message', 'sentAt'),
    ...opens('allowAnyAddress', 'redirectUrl', 'sendCount', 'deliveryFailedAt', 'deliveryError'),
    ...opens('expiresAt', 'acceptedAt', 'declinedAt', 'revokedAt', 'createdAt', 'locale'),
    inviter: sees.user,
    viewerCanResend: has('membership:invite'),
    viewerCanRevoke: has('membership:invite'),
  },
  InvitationPreview: {
    ...opens('organizationName', 'organizationLogoUrl', 'inviterName', 'message', 'email'),
    ...opens('expiresAt', 'status'),
  },
  Role: {
    ...opens('id', 'key', 'displayName', 'description', 'extends', 'permissions'),
    ...opens('effectivePermissions', 'isBuiltIn', 'version'),
    organization: sees.organization,
  },
  RoleAssignment: { ...opens('role', 'source', 'grantedAt'), grantedBy: sees.user },
  ApiKey: {
    ...opens('id', 'name', 'permissions', 'lastUsedAt', 'expiresAt', 'revokedAt', 'createdAt'),
    organization: sees.organization,
  },
  Viewer: {
    ...opens('kind', 'permissions'),
    user: sees.ofPeople,
    apiKey: ({ kind }) => kind === 'key',
    memberships: sees.ofPeople,
    discoveredOrganizations: ({ mayEnter }) => mayEnter.length > 0,
  },
  DiscoveredOrganization: {
    ...opens('organizationId', 'displayName', 'logoUrl', 'kind'),
    membershipId: belongs,
    authMethods: ({ lacks }, { tenant = 'A' }) => lacks[tenant] === 'AUTH_METHOD_NOT_ALLOWED',
    mfa: ({ lacks }, { tenant = 'A' }) => lacks[tenant] === 'MFA_REQUIRED',
  },
  AccessExplanation: {
    ...opens('permission', 'grants'),
    allowed,
    refusal: (caller, thing) => !allowed(caller, thing),
  },
  AccessGrant: opens('role', 'through', 'source', 'matches'),
  System: opens('name'),
  Anonymous: opens('name'),
  PageInfo: opens('endCursor', 'hasNextPage', 'hasPreviousPage', 'startCursor'),
  ApiKeyConnection: connection,
  EventConnection: connection,
  InvitationConnection: connection,
  MembershipConnection: connection,
  OrganizationConnection: connection,
  UserConnection: connection,
  ApiKeyEdge: edge,
  EventEdge: edge,
  InvitationEdge: edge,
  MembershipEdge: edge,
  OrganizationEdge: edge,
  UserEdge: edge,
  EventChange: opens('field', 'before', 'after'),
  EventRole: opens('id', 'key', 'source'),
  ApiKeyCreated: { ...event, apiKeyId: open, apiKey: key },
  ApiKeyRevoked: { ...event, apiKeyId: open, apiKey: key },
  EnvironmentUpdated: { ...event, ...changes },
  IdentityLinked: account,
  IdentityUnlinked: account,
  InvitationDeliveryFailed: {
    ...event,
    ...opens('invitationId', 'membershipId'),
    invitation: sees.invitation,
  },
  InvitationSent: {
    ...event,
    ...opens('invitationId', 'membershipId'),
    invitation: sees.invitation,
  },
  MembershipDeleted: { ...event, membershipId: open },
  MembershipRolesChanged: { ...event, ...membership, ...opens('added', 'removed') },
  MembershipStatusChanged: {
    ...event,
    ...membership,
    ...user,
    ...opens('previousStatus', 'status', 'deadline', 'roles'),
  },
  MembershipUpdated: { ...event, ...membership, ...personalChanges },
  OrganizationCreated: { ...event, ...changes },
  OrganizationDeleted: { ...event, ...changes },
  OrganizationSettingsChanged: { ...event, ...changes },
  OrganizationUpdated: { ...event, ...changes },
  OwnershipTransferred: { ...event, ...opens('fromMembershipId', 'toMembershipId') },
  PermissionCreated: permission,
  PermissionDeleted: permission,
  PermissionUpdated: permission,
  RoleCreated: { ...event, roleId: open, role, ...changes },
  RoleDeleted: { ...event, roleId: open, role, ...changes, ...opens('key', 'reassignedToRoleId') },
  RoleUpdated: { ...event, roleId: open, role, ...changes },
  UserCreated: { ...event, ...user, ...personalChanges },
  UserDeleted: { ...event, ...user, ...personalChanges },
  UserUpdated: { ...event, ...user, ...personalChanges },
};
