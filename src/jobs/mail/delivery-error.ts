/** Why a mail did not leave, told so that it can be shown and kept. */

/** What Nodemailer says of a failure. */
type Failure = Error & {
  code?: string;
  /** The code of the operating system, where `code` is Nodemailer's. */
  originalCode?: string;
  command?: string;
  response?: string;
  responseCode?: number;
};

/** Thrown when a mail could not be handed over; its message is the reason in words. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  /** Whether it would be the same the next time. */
  readonly isPermanent: boolean;
  /** The code of the server's reply or of the failure, which names nobody. */
  readonly code: string;

  constructor(
    reason: string,
    { isPermanent = false, code }: { isPermanent?: boolean; code: string },
  ) {
    super(reason);
    this.isPermanent = isPermanent;
    this.code = code;
  }
}

const MAX_LENGTH = 1000;

/** What a refusal is about when it answers this: the sender, the recipient or the message. */
const ABOUT_MAIL = new Set(['MAIL FROM', 'RCPT TO', 'DATA']);

/** Replies that ask for credentials or encryption: the operator's to mend, not the recipient's. */
const ABOUT_ACCESS = new Set([530, 534, 535, 538]);

/** Codes of OpenSSL and Node for encryption that did not come about. */
const ABOUT_TLS = /CERT|TLS|SSL|SIGN|EPROTO/;

/** Shorter pieces of a secret stand in any text, and tell nothing. */
const SHORTEST_PIECE = 16;

/**
 * The failure that Nodemailer met with. A reply about the mail is told in the server's words, without the pieces of
 * `secrets` that it repeats; everything else in ours, since it is about how the operator's systems are built.
 */
export function deliveryErrorOf(error: unknown, secrets: string[]): DeliveryError {
  const {
    code = 'EUNKNOWN',
    originalCode,
    command = '',
    response,
    responseCode,
  } = error as Failure;
  if (
    response !== undefined &&
    responseCode !== undefined &&
    ABOUT_MAIL.has(command) &&
    !ABOUT_ACCESS.has(responseCode)
  ) {
    const isPermanent = responseCode >= 500 && responseCode < 600;
    const reply = without(
      secrets,
      response
        .replace(/[\p{Cc}\s]+/gu, ' ')
        .trim()
        .slice(0, 2 * MAX_LENGTH),
    );
    const reason = `The mail server replied: ${reply}`;
    return new DeliveryError([...reason].slice(0, MAX_LENGTH).join(''), {
      isPermanent,
      code: String(responseCode),
    });
  }
  if (code === 'EENVELOPE' && responseCode === undefined) {
    return new DeliveryError('No mail can be sent to this address.', { isPermanent: true, code });
  }
  if (code === 'EMESSAGE' && responseCode === undefined) {
    return new DeliveryError('The mail server takes no mail of this size.', {
      isPermanent: true,
      code,
    });
  }
  const kind = ABOUT_TLS.test(originalCode ?? '') ? 'ETLS' : code;
  return new DeliveryError(WORDS[kind] ?? 'The mail could not be sent.', {
    code: String(responseCode ?? originalCode ?? code),
  });
}

const WORDS: Record<string, string> = {
  EDNS: 'The mail server cannot be reached.',
  ESOCKET: 'The mail server cannot be reached.',
  ECONNECTION: 'The mail server ended the connection.',
  EPROTOCOL: 'The mail server does not let us begin.',
  ETIMEDOUT: 'The mail server does not answer in time.',
  EABORT: 'The mail server does not answer in time.',
  ETLS: 'There is no safe connection to the mail server.',
  EAUTH: 'The mail server does not accept our credentials.',
  ENOAUTH: 'The mail server does not accept our credentials.',
};

/** Text without the secrets, nor pieces of them: whoever repeats a message may break its lines elsewhere. */
function without(secrets: string[], text: string): string {
  let rest = '';
  for (let start = 0; start < text.length; ) {
    const length = Math.max(...secrets.map((secret) => commonLength(secret, text, start)));
    rest += length === 0 ? text.charAt(start) : '…';
    start += Math.max(length, 1);
  }
  return rest;
}

/** How much of `secret` stands in `text` at `start`: nothing, or at least the shortest piece. */
function commonLength(secret: string, text: string, start: number): number {
  let length = 0;
  for (
    let next = SHORTEST_PIECE;
    start + next <= text.length && secret.includes(text.slice(start, start + next));
    next += 1
  ) {
    length = next;
  }
  return length;
}
