import { formatTime, say } from './card.js';

const whoInvited = (name) => (name ? say`${name}` : ['whoever invited you']);

const troubles = {
  UNREACHABLE: () => say`The server cannot be reached. Check your connection and try again.`,
  RATE_LIMITED: ({ seconds }) =>
    say`Too many requests came from your network. Wait ${[aWhile(seconds)]} and try again.`,
  FAILED: () => say`Something went wrong on our side. Try again in a moment.`,
};

function aWhile(seconds) {
  const minutes = Math.ceil(seconds / 60);
  return minutes > 1 ? `${minutes} minutes` : 'a minute';
}

/** What to say of Trouble. */
export function explain(trouble) {
  return (troubles[trouble.code] ?? troubles.FAILED)(trouble);
}

/** For an invitation that waits for its answer. */
export function open(preview, { join, decline }) {
  const { organizationName, inviterName, message, email, expiresAt } = preview;
  return {
    heading: inviterName
      ? say`${inviterName} invites you to join ${organizationName}`
      : say`You are invited to join ${organizationName}`,
    text: message ? [say`“${message}”`] : [],
    facts: { email, expiresAt },
    actions: [
      { label: say`Join ${organizationName}`, kind: 'primary', progress: 'Joining…', run: join },
      { label: say`Decline`, run: decline },
    ],
  };
}

/** Asks once more: what is declined cannot be taken back. */
export function confirmDecline({ organizationName }, { decline, back }) {
  return {
    heading: say`Decline the invitation to ${organizationName}?`,
    text: [say`To join later, you would need a new invitation.`],
    actions: [
      { label: say`Yes, decline`, kind: 'danger', progress: 'Declining…', run: decline },
      { label: say`Go back`, run: back },
    ],
  };
}

/** The same screen once more after something failed; its first button is the way to try again. */
export function again(screen, notice) {
  const [first, ...others] = screen.actions;
  return { ...screen, notice, actions: [{ ...first, label: say`Try again` }, ...others] };
}

/** After accepting. `status` is that of the membership. */
export function joined({ organizationName, email }, status) {
  return status === 'ACTIVE'
    ? {
        tone: 'good',
        heading: say`You have joined ${organizationName}`,
        text: [say`Sign in to the application as ${email} to go on. You can close this page.`],
      }
    : {
        tone: 'ended',
        heading: say`You accepted the invitation to ${organizationName}`,
        text: [say`Your membership is not active at the moment. Ask ${organizationName} about it.`],
      };
}

/** After declining. */
export function declined({ organizationName, inviterName }) {
  return {
    tone: 'ended',
    heading: say`You declined the invitation to ${organizationName}`,
    text: [
      say`You can close this page.`,
      say`If you change your mind, ask ${whoInvited(inviterName)} for a new invitation.`,
    ],
  };
}

const closed = {
  ACCEPTED: ({ organizationName, email }) => ({
    tone: 'good',
    heading: say`The invitation to ${organizationName} was accepted`,
    text: [
      say`Sign in to the application as ${email} to go on.`,
      say`If it was not you who accepted, tell ${organizationName}.`,
    ],
  }),
  DECLINED: ({ organizationName, inviterName }) => ({
    tone: 'ended',
    heading: say`The invitation to ${organizationName} was declined`,
    text: [say`To join after all, ask ${whoInvited(inviterName)} for a new invitation.`],
  }),
  REVOKED: ({ organizationName, inviterName }) => ({
    tone: 'ended',
    heading: say`The invitation to ${organizationName} was withdrawn`,
    text: [say`If you still want to join, ask ${whoInvited(inviterName)}.`],
  }),
  EXPIRED: ({ organizationName, inviterName, expiresAt }) => ({
    tone: 'ended',
    heading: say`The invitation to ${organizationName} has expired`,
    text: [
      say`It could be answered until ${[formatTime(expiresAt)]}.`,
      say`Ask ${whoInvited(inviterName)} to send it again.`,
    ],
  }),
};

/** For an invitation that can no longer be answered. */
export function ended(preview) {
  return closed[preview.status]?.(preview) ?? unknown();
}

/** For a token that leads nowhere. */
export function unknown() {
  return {
    tone: 'problem',
    heading: say`This link does not work`,
    text: [
      say`A part of it may be missing, or a newer mail may have replaced it.`,
      say`Open the link in the newest mail, or ask whoever invited you to send the invitation again.`,
    ],
  };
}

/** For a link without a token. */
export function incomplete() {
  return {
    tone: 'problem',
    heading: say`This link is incomplete`,
    text: [
      say`The part that says which invitation it is for is missing.`,
      say`Open the link from the mail once more, or copy it from there to its last character.`,
    ],
  };
}

/** For somebody who has an account and has to show it. */
export function signInFirst({ organizationName, email }, { retry }) {
  return {
    tone: 'problem',
    heading: say`Sign in to join ${organizationName}`,
    text: [
      say`There is an account for ${email} already. Sign in to the application with your account, and open the link from there.`,
    ],
    actions: [{ label: say`Back to the invitation`, run: retry }],
  };
}

/** When the invitation cannot be looked up. */
export function notNow(notice, { retry }) {
  return {
    tone: 'problem',
    heading: say`Your invitation cannot be shown now`,
    notice,
    actions: [{ label: say`Try again`, kind: 'primary', progress: 'Looking it up…', run: retry }],
  };
}
