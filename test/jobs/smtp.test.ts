import type { SMTPServerOptions } from 'smtp-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { NIL_UUID } from '../../src/domain/id.ts';
import { DeliveryError } from '../../src/jobs/mail/delivery-error.ts';
import { createSmtp } from '../../src/jobs/mail/smtp.ts';
import { reply, startMailServer } from './mail-world.ts';

/** An address of this machine that does not look like one: what leads there counts as elsewhere. */
const ELSEWHERE = '0.0.0.0';

type Outcome = { code: string; isPermanent: boolean; message: string } | 'sent';

/** What comes of one mail to a server with these options, by the URL that `urlAt` makes of its port. */
async function sendTo(
  options: SMTPServerOptions,
  urlAt: (port: number) => string,
  to = 'grace@example.com',
): Promise<Outcome> {
  const { port } = await startMailServer(options);
  const transport = createSmtp(urlAt(port));
  onTestFinished(() => transport.close());
  const from = { name: '', address: 'no-reply@id.example' };
  const mail = {
    sending: { invitationId: NIL_UUID, sendNumber: 1 },
    options: { from, to: { name: '', address: to }, subject: 'Hello', text: 'Hello' },
    secrets: ['s'.repeat(43)],
  };
  try {
    await transport.send(mail, new AbortController().signal);
    return 'sent';
  } catch (error) {
    expect(error).toBeInstanceOf(DeliveryError);
    const { code, isPermanent, message } = error as DeliveryError;
    return { code, isPermanent, message };
  }
}

describe('the connection', () => {
  it('is encrypted with whatever certificate a server on this machine has', async () => {
    const secured: boolean[] = [];
    const onConnect: SMTPServerOptions['onMailFrom'] = (_address, { secure }, done) => {
      secured.push(secure);
      done();
    };
    const here = { onMailFrom: onConnect };
    expect(await sendTo(here, (port) => `smtp://localhost:${port}`)).toBe('sent');
    expect(await sendTo({ ...here, secure: true }, (port) => `smtps://127.0.0.1:${port}`)).toBe(
      'sent',
    );
    expect(secured).toEqual([true, true]);
  });

  it('is not made where a certificate is not right', async () => {
    const refusal = {
      isPermanent: false,
      message: 'There is no safe connection to the mail server.',
    };
    expect(await sendTo({}, (port) => `smtp://${ELSEWHERE}:${port}`)).toMatchObject(refusal);
    expect(await sendTo({ secure: true }, (port) => `smtps://${ELSEWHERE}:${port}`)).toMatchObject({
      isPermanent: false,
    });
  });

  it('carries mail in the clear to a server that knows no better, and never a password', async () => {
    const asked: unknown[] = [];
    const clear: SMTPServerOptions = {
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, done) {
        asked.push([username, password]);
        done(null, { user: username });
      },
    };
    expect(await sendTo(clear, (port) => `smtp://${ELSEWHERE}:${port}`)).toBe('sent');
    expect(await sendTo(clear, (port) => `smtp://u:hunter2@${ELSEWHERE}:${port}`)).toMatchObject({
      isPermanent: false,
    });
    expect(asked).toEqual([]);
    expect(await sendTo(clear, (port) => `smtp://u%40x:p%25w@127.0.0.1:${port}`)).toBe('sent');
    expect(asked).toEqual([['u@x', 'p%w']]);
  });
});

describe('what a server says', () => {
  const here = (port: number) => `smtp://127.0.0.1:${port}`;
  const mailFrom = (code: number, text: string): SMTPServerOptions => ({
    onMailFrom: (_address, _session, done) => done(reply(code, text)),
  });
  const data = (code: number, text: string): SMTPServerOptions => ({
    onData(stream, _session, done) {
      stream.resume();
      stream.once('end', () => done(reply(code, text)));
    },
  });

  it.each([
    [mailFrom(553, '5.1.8 Sender refused'), true, '553', '553 5.1.8 Sender refused'],
    [mailFrom(421, '4.3.2 Going down'), false, '421', '421 4.3.2 Going down'],
    [data(552, '5.2.2 Full'), true, '552', '552 5.2.2 Full'],
    [data(452, '4.2.2 Full'), false, '452', '452 4.2.2 Full'],
    [data(550, 'two\u0007\nlines'), true, '550', '550 two lines'],
    [data(550, `no ${'s'.repeat(20)} s`), true, '550', '550 no … s'],
  ])('of the mail is kept: %#', async (options, isPermanent, code, text) => {
    const message = `The mail server replied: ${text}`;
    expect(await sendTo(options, here)).toEqual({ code, isPermanent, message });
  });

  it('is kept in part, when it is much', async () => {
    const outcome = await sendTo(data(550, '🙂'.repeat(1500)), here);
    const { message } = outcome as { message: string };
    expect([...message]).toHaveLength(1000);
    expect(message.isWellFormed()).toBe(true);
  });

  it('of us is ours to mend: it is tried again, and told in words of our own', async () => {
    const wrong: SMTPServerOptions = {
      onAuth: (_auth, _session, done) => done(new Error('Wrong password for hunter2')),
    };
    expect(await sendTo(wrong, (port) => `smtp://u:hunter2@127.0.0.1:${port}`)).toEqual({
      code: '535',
      isPermanent: false,
      message: 'The mail server does not accept our credentials.',
    });
    expect(await sendTo(mailFrom(530, '5.7.0 Authentication required'), here)).toMatchObject({
      code: '530',
      isPermanent: false,
    });
    const closed: SMTPServerOptions = {
      onConnect: (_session, done) => done(reply(554, 'No mail from 10.0.0.1')),
    };
    expect(await sendTo(closed, here)).toEqual({
      code: '554',
      isPermanent: false,
      message: 'The mail server does not let us begin.',
    });
  });

  it('is not even asked about an address that is none', async () => {
    expect(await sendTo({}, here, 'a\nb')).toMatchObject({ isPermanent: true });
  });
});
