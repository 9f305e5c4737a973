/** The mail of an invitation, put together. */
import { isIP } from 'node:net';
import { encodeId } from '../../domain/id.ts';
import type { InvitationLetter } from '../../domain/invitation-mail.ts';
import { isAllowedRedirect } from '../../domain/redirect-url.ts';
import { oneLine } from './template.ts';
import type { Templates } from './templates.ts';
import type { Mail } from './transport.ts';

/** What all mails have in common. */
export type Letterhead = {
  templates: Templates;
  /** Where people reach the gateway, without a slash at the end. */
  url: string;
  /** Pages that links may lead to besides our own. */
  redirectUrls: readonly string[];
  /** @default an address at the host of `url`, in the name of the organization */
  sender?: { name?: string; address: string };
};

/** The letter as a mail with `token` in its link, and the language it is in. */
export function composeInvitation(
  letter: InvitationLetter,
  token: string,
  { templates, url, redirectUrls, sender }: Letterhead,
): Mail & { locale: string } {
  const { invitationId, sendNumber, email, message, organizationLogoUrl } = letter;
  const organizationName = oneLine(letter.organizationName);
  const { locale, subject, html, text } = templates.render(letter.locale, {
    organizationName,
    organizationLabel: oneLine(letter.organizationLabel),
    organizationLogoUrl: isSafeImage(organizationLogoUrl) ? organizationLogoUrl : null,
    inviterName: letter.inviterName === null ? null : oneLine(letter.inviterName),
    message,
    messageLines: message?.split(/\r\n?|\n/) ?? [],
    link: linkOf(letter, token, url, redirectUrls),
    expiresAt: letter.expiresAt,
  });
  const host = hostOf(url);
  return {
    locale,
    sending: { invitationId, sendNumber },
    secrets: [token, ...(message === null ? [] : [message.replace(/\s+/g, ' ')])],
    options: {
      from: {
        name: sender?.name ?? organizationName,
        address: sender?.address ?? `no-reply@${host}`,
      },
      to: { name: '', address: email },
      subject,
      text,
      html,
      // The same at each attempt, so that a mail that comes twice can be told to be one.
      messageId: `<${encodeId('inv', invitationId)}.${sendNumber}@${host}>`,
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      xMailer: false,
    },
  };
}

// What was allowed when the invitation was made may not be any more.
function linkOf(
  { redirectUrl }: InvitationLetter,
  token: string,
  url: string,
  redirectUrls: readonly string[],
): string {
  const isAllowed = redirectUrl !== null && isAllowedRedirect(redirectUrl, redirectUrls);
  const link = new URL(isAllowed ? redirectUrl : `${url}/accept`);
  link.searchParams.append('token', token);
  return link.href;
}

function isSafeImage(url: string | null): boolean {
  return url !== null && URL.parse(url)?.protocol === 'https:';
}

/** The host of a URL as mail may name it: an IP address would need another form. */
function hostOf(url: string): string {
  const { hostname } = new URL(url);
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : 'localhost';
}
