/** What is left to do when a transaction has committed: nothing secret and nothing personal, as jobs outlive people. */

/** Ids are uuids. */
export type Job = {
  kind: 'invitationMail';
  invitationId: string;
  /** Which sending it is: a resend makes what is left of earlier ones void. */
  sendNumber: number;
};
