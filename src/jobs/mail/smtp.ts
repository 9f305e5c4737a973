/** Mail that goes to a mail server. */
import { createTransport } from 'nodemailer';
import { deliveryErrorOf } from './delivery-error.ts';
import type { Transport } from './transport.ts';

/** How long to wait, in milliseconds. */
export type Patience = {
  /** For the connection, and then for the greeting. */
  connect: number;
  /** While nothing is said. */
  silence: number;
  /** For one mail in all: a server that trickles is never silent. */
  all: number;
};

const PATIENCE: Patience = { connect: 10_000, silence: 30_000, all: 60_000 };

/** As many as the queue does jobs at a time, so that no mail waits for one that hangs. */
const CONNECTIONS = 10;

/**
 * Sends to the server of `url` (smtp: or smtps:) over connections that are kept. Its certificate must be right unless
 * it is on this machine, and no password goes out unencrypted. Connects on the first mail: a server that is away keeps
 * nothing from starting.
 */
export function createSmtp(url: string, patience = PATIENCE): Transport {
  const { protocol, hostname, port, username, password } = new URL(url);
  const isSecure = protocol === 'smtps:' || port === '465';
  const host = hostname.replace(/^\[|\]$/g, '');
  const isHere = /^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(host);
  const auth =
    username === ''
      ? undefined
      : { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
  const transporter = createTransport({
    pool: true,
    host,
    port: port === '' ? (isSecure ? 465 : 587) : Number(port),
    secure: isSecure,
    auth,
    requireTLS: auth !== undefined && !isHere,
    tls: { rejectUnauthorized: !isHere },
    maxConnections: CONNECTIONS,
    // Each attempt has a token of its own, so trying again is the job's.
    maxRequeues: 0,
    connectionTimeout: patience.connect,
    greetingTimeout: patience.connect,
    dnsTimeout: patience.connect,
    socketTimeout: patience.silence,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ options, secrets }, signal) {
      const limits = AbortSignal.any([signal, AbortSignal.timeout(patience.all)]);
      try {
        await transporter.sendMail({ ...options, signal: limits });
      } catch (error) {
        throw deliveryErrorOf(error, secrets);
      }
    },
    close() {
      transporter.close();
    },
  };
}
