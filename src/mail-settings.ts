/** The settings of mail, of where its links may lead, and of how many invitations may be sent. */
import { z } from 'zod';
import { rateSetting, setting } from './setting.ts';

const ADDRESS =
  "[\\w.!#$&'*+/=?^{|}~-]{1,64}@(?:[a-z\\d](?:[a-z\\d-]*[a-z\\d])?\\.)*[a-z\\d-]{1,63}";

const SENDER = new RegExp(
  `^\\s*(?:(?:(?<name>[^"<>@\\p{C}]+)|"(?<quoted>[^"\\\\\\p{C}]+)")\\s*<(?<inner>${ADDRESS})>|(?<bare>${ADDRESS}))\\s*$`,
  'iu',
);

/** In the order of the README's table. */
export const mailSettings = {
  GATEHOUSE_SMTP_URL: setting(
    'Mail server that sends the invitations; without it mail goes to files in the data folder.',
    undefined,
    z.string().refine(isSmtpUrl),
    'a URL such as smtp://user:password@host:587, or smtps:// for TLS from the beginning',
  ),
  GATEHOUSE_MAIL_FROM: setting(
    "Who mail comes from: an address, or `Name <address>` instead of the organization's name.",
    undefined,
    z
      .string()
      .regex(SENDER)
      .transform((text): Sender => {
        const { name, quoted, inner, bare = '' } = SENDER.exec(text)?.groups ?? {};
        return { name: (name ?? quoted)?.trim(), address: inner ?? bare };
      }),
    'an address such as no-reply@example.com, or "Name <address>"',
  ),
  GATEHOUSE_MAIL_TEMPLATES: setting(
    'Folder of templates that replace ours, by language.',
    undefined,
    z.string().regex(/^[^\0]+$/),
    'the path of a folder',
  ),
  GATEHOUSE_REDIRECT_URLS: setting(
    'Pages that the links of invitations may lead to, with all below them, separated by commas.',
    undefined,
    z
      .string()
      .transform((text) => text.split(',').map((url) => url.trim()))
      .refine((urls) => urls.every(isPage)),
    'URLs such as https://app.example/join with commas between them, without query or fragment',
  ),
  GATEHOUSE_INVITATIONS_PER_INVITER: rateSetting(
    'Invitations per hour that one person or key sends, or "off".',
    '1000',
    1_000_000_000,
  ),
  GATEHOUSE_INVITATIONS_PER_ORGANIZATION: rateSetting(
    'Invitations per hour that are sent for one organization, or "off".',
    '2000',
    1_000_000_000,
  ),
  GATEHOUSE_INVITATIONS_PER_RECIPIENT: rateSetting(
    'Invitations per day to one address, from all organizations together, or "off".',
    '5',
    1_000_000_000,
  ),
};

/** Whom a mail comes from. */
export type Sender = {
  /** Undefined: the name of the organization. */
  name?: string;
  address: string;
};

export type MailConfig = {
  /** Undefined: mail goes to files. */
  smtpUrl: string | undefined;
  /** Undefined: an address at the host where people reach the gateway. */
  mailFrom: Sender | undefined;
  /** Undefined: only our own. */
  mailTemplates: string | undefined;
  /** Where links may lead besides our own page. */
  redirectUrls: string[];
  /** An hour; undefined: without end. */
  invitationsPerInviter: number | undefined;
  /** An hour; undefined: without end. */
  invitationsPerOrganization: number | undefined;
  /** A day, over all organizations; undefined: without end. */
  invitationsPerRecipient: number | undefined;
};

type ReadSetting = <Value>(
  name: keyof typeof mailSettings,
  schema: z.ZodType<Value>,
) => Value | undefined;

/** What `read` finds of the settings of mail. */
export function readMailConfig(read: ReadSetting): MailConfig {
  const of = mailSettings;
  return {
    smtpUrl: read('GATEHOUSE_SMTP_URL', of.GATEHOUSE_SMTP_URL.schema),
    mailFrom: read('GATEHOUSE_MAIL_FROM', of.GATEHOUSE_MAIL_FROM.schema),
    mailTemplates: read('GATEHOUSE_MAIL_TEMPLATES', of.GATEHOUSE_MAIL_TEMPLATES.schema),
    redirectUrls: read('GATEHOUSE_REDIRECT_URLS', of.GATEHOUSE_REDIRECT_URLS.schema) ?? [],
    invitationsPerInviter: read(
      'GATEHOUSE_INVITATIONS_PER_INVITER',
      of.GATEHOUSE_INVITATIONS_PER_INVITER.schema,
    ),
    invitationsPerOrganization: read(
      'GATEHOUSE_INVITATIONS_PER_ORGANIZATION',
      of.GATEHOUSE_INVITATIONS_PER_ORGANIZATION.schema,
    ),
    invitationsPerRecipient: read(
      'GATEHOUSE_INVITATIONS_PER_RECIPIENT',
      of.GATEHOUSE_INVITATIONS_PER_RECIPIENT.schema,
    ),
  };
}

function isSmtpUrl(text: string): boolean {
  return (
    /^smtps?:\/\/(?:[^/?#@\\\s]+@)?(?:[\w.-]+|\[[\d.:a-f]+\])(?::[1-9]\d{0,4})?\/?$/i.test(text) &&
    URL.canParse(text) &&
    isEncodedRight(text)
  );
}

// A % in a password that is not written as %25 would make another password of it, or none.
function isEncodedRight(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function isPage(text: string): boolean {
  return URL.canParse(text) && /^https?:\/\/[^/?#@*\\\s]+(?:\/[^?#\\\s]*)?$/i.test(text);
}
