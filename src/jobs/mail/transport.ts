/** Ways for mail to leave. */
import type { SendMailOptions } from 'nodemailer';
import type { Sending } from '../../domain/invitation-mail.ts';

/** A mail that is ready. */
export type Mail = {
  sending: Sending;
  options: SendMailOptions;
  /** What no reply that is kept may repeat. */
  secrets: string[];
};

export type Transport = {
  /**
   * Hands the mail over; gives up when `signal` says so.
   *
   * @throws DeliveryError
   */
  send(mail: Mail, signal: AbortSignal): Promise<void>;
  /** Ends what connections there are. */
  close(): void;
};
