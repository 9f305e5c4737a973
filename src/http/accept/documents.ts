/** What the page of an invitation sends. It gets them with its HTML, and they always run: they stand here alone. */
export const acceptDocuments = {
  preview: `query AcceptPreview($token: String!) {
  invitationPreview(token: $token) {
    organizationName
    organizationLogoUrl
    inviterName
    message
    email
    expiresAt
    status
  }
}`,
  accept: `mutation AcceptInvitation($input: InvitationAcceptInput!) {
  invitationAccept(input: $input) {
    __typename
    ... on InvitationAcceptPayload { membershipId status organizationName }
    ... on Error { code message }
  }
}`,
  decline: `mutation DeclineInvitation($input: InvitationDeclineInput!) {
  invitationDecline(input: $input) {
    __typename
    ... on InvitationDeclinePayload { organizationName }
    ... on Error { code message }
  }
}`,
} as const;
