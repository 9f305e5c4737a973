/** What the operator allows of invitations. */
export type InvitationPolicy = {
  /** Where links may lead besides the gateway's own page. */
  redirectUrls: readonly string[];
  /** How many may be sent by one inviter within an hour; undefined: any number. */
  perInviter?: number;
  /** By all inviters of an organization within an hour. */
  perOrganization?: number;
  /** To one address within a day, by all organizations. */
  perRecipient?: number;
};
