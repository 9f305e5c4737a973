/** The operations that GraphiQL opens with. */
import type { GraphiqlExample } from './graphiql/graphiql.ts';

export const examples: GraphiqlExample[] = [
  {
    title: 'Who is calling, and with which permissions.',
    query: `query Viewer {
  viewer {
    kind
    apiKey { name lastUsedAt }
    permissions
  }
}`,
  },
  {
    title: 'Me: where I am a member, what I may do there, and where I could join. For people.',
    query: `query Mine {
  viewer {
    user { id name email }
    memberships {
      nodes {
        status
        roles { key }
        permissions
        organization { id displayName viewerCanUpdate viewerCanInvite viewerCanManageRoles }
      }
    }
    discoveredOrganizations { displayName kind authMethods mfa }
  }
}`,
  },
  {
    title: 'Organizations, each with its first members.',
    query: `query Organizations {
  organizations(first: 10, orderBy: { field: DISPLAY_NAME, direction: ASC }) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      id
      displayName
      slug
      memberships(first: 3) {
        totalCount
        nodes { status name roles { displayName } }
      }
    }
  }
}`,
  },
  {
    title: 'One organization: its members, searched, filtered and sorted.',
    query: `query Members($slug: String!, $search: String) {
  organization(by: { slug: $slug }) {
    displayName
    seats { limit used available }
    memberships(
      first: 20
      filter: { search: $search, status: [ACTIVE, SUSPENDED] }
      orderBy: { field: NAME, direction: ASC }
    ) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        id
        name
        emailAddress
        status
        joinedAt
        roles { key }
        permissions
      }
    }
  }
}`,
    variables: { slug: 'megasoft', search: null },
  },
  {
    title: 'One person with all their organizations.',
    query: `query Person($email: String!) {
  user(by: { email: $email }) {
    id
    name
    memberships {
      totalCount
      nodes {
        status
        name
        organization { displayName slug }
        roles { key }
        untrustedMetadata
      }
    }
  }
}`,
    variables: { email: 'adalovelace@stytch.com' },
  },
  {
    title:
      'Somebody joins, whether or not they are known yet. Asked again, it says that they are a member.',
    query: `mutation Add($slug: String!, $email: String!) {
  membershipCreate(
    input: { organization: { slug: $slug }, user: { email: $email }, roleKeys: ["member"] }
  ) {
    ... on MembershipCreatePayload { membership { id status user { id } roles { key } version } }
    ... on AlreadyMemberError { message membership { id status } }
    ... on SeatLimitError { message seatLimit }
    ... on Error { code message }
  }
}`,
    variables: { slug: 'megasoft', email: 'new.person@example.com' },
  },
  {
    title: 'Somebody is invited by mail. Take the id of an organization from the tab before.',
    query: `mutation Invite($organizationId: ID!, $email: String!) {
  invitationCreate(
    input: { organizationId: $organizationId, email: $email, roleKeys: ["member"], message: "Come in!" }
  ) {
    ... on InvitationCreatePayload {
      invitation { id status expiresAt sentAt membership { id status } }
    }
    ... on AlreadyInvitedError { message invitation { id sendCount } }
    ... on InvitePolicyError { message allowedDomains }
    ... on Error { code message }
  }
}`,
    variables: { organizationId: 'org_…', email: 'new.person@example.com' },
  },
  {
    title: 'What happened last in an organization, and who did it.',
    query: `query History($slug: String!) {
  organization(by: { slug: $slug }) {
    events(last: 20) {
      totalCount
      nodes {
        sequence
        type
        cause
        occurredAt
        reason
        actor { __typename ... on ApiKey { name } }
        ... on MembershipStatusChanged { previousStatus status membership { name } }
        ... on MembershipRolesChanged { added { key } removed { key } membership { name } }
      }
    }
  }
}`,
    variables: { slug: 'megasoft' },
  },
  {
    title: 'The environment: its models, roles and permissions.',
    query: `query Environment {
  environment {
    identityModel
    membershipsPerUser
    organizationLabel { singular plural }
    roles { key displayName effectivePermissions }
    permissions { name description }
  }
}`,
  },
];
