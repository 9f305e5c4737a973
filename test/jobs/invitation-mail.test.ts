import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { revokeInvitation } from '../../src/domain/invitation-end.ts';
import { findInvitation } from '../../src/domain/invitation-find.ts';
import { prepareLetter, tokenHash } from '../../src/domain/invitation-mail.ts';
import { resendInvitation } from '../../src/domain/invitation-resend.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { inTransaction, type Transaction } from '../../src/domain/transaction.ts';
import { found, history } from '../domain/world.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import {
  deliveryOf,
  type Invited,
  invite,
  openPostOffice,
  reply,
  startMailServer,
  tokenOf,
  until,
} from './mail-world.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

// A mail that has arrived may be handed back all the same, as the test ends before its server's answer has come.
beforeEach(async () => {
  await db.query('DELETE FROM pgboss.job');
});

afterAll(() => db.close());

/** Every row of every table, the queue's included, as text. */
async function dump(): Promise<string> {
  const tables = await db.query<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_schema IN ('public', 'pgboss') AND table_type = 'BASE TABLE'`,
  );
  const rows = await Promise.all(
    tables.map(({ name }) => db.query(`SELECT t::text AS row FROM ${name} t`)),
  );
  return JSON.stringify(rows);
}

async function hashesOf(id: string): Promise<string[]> {
  const rows = await db.query<{ token_hash: Buffer }>(
    'SELECT token_hash FROM invitation_token WHERE invitation_id = $1 ORDER BY created_at',
    [id],
  );
  return rows.map(({ token_hash: hash }) => hash.toString('hex'));
}

function hashed(token: string): string {
  return Buffer.from(tokenHash(token)).toString('hex');
}

/** Does something to an invitation, as its administrators would. */
async function change(
  runner: Parameters<typeof invite>[0],
  organizationId: string,
  { id }: Invited,
  work: (
    tx: Transaction,
    invitation: NonNullable<Awaited<ReturnType<typeof findInvitation>>>,
  ) => Promise<void>,
): Promise<void> {
  const scope = { principal: SYSTEM, organizations: [organizationId] };
  await inTransaction(runner, scope, async (tx) => {
    const invitation = await findInvitation(tx.db, id);
    if (invitation !== null) {
      await work(tx, invitation);
    }
  });
}

function jobsLeft(): Promise<unknown[]> {
  return db.query("SELECT state, output FROM pgboss.job WHERE state < 'completed'");
}

describe('an invitation', () => {
  it('is mailed, with its token in the mail and nowhere else', async () => {
    const server = await startMailServer();
    const { runner, log } = await openPostOffice(db, server.url);
    const organizationId = await found(db, {
      displayName: 'Megasoft',
      logoUrl: 'https://megasoft.example/logo.png?a=1&b=2',
    });
    const invited = await invite(runner, { organizationId, message: 'Welcome!\nSee you.' });
    await until(async () => expect((await deliveryOf(db, invited.id)).sent_at).not.toBeNull());
    const [mail] = server.arrived;
    if (mail === undefined) {
      throw new Error('No mail has arrived.');
    }
    expect(server.arrived).toHaveLength(1);
    expect(mail.envelope).toEqual([invited.email]);
    expect(mail.from?.text).toBe('"Megasoft" <no-reply@id.example>');
    expect(mail.subject).toBe('Invitation to Megasoft');
    expect(mail.messageId).toBe(`<${invited.typeId}.1@id.example>`);
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail.headers.get('x-auto-response-suppress')).toBe('All');
    expect(mail.headers.has('x-mailer')).toBe(false);
    expect(Math.abs(Date.now() - (mail.date?.getTime() ?? 0))).toBeLessThan(60_000);
    const token = tokenOf(mail);
    const link = `https://id.example/accept?token=${token}`;
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(mail.text).toContain(`\n${link}\n`);
    expect(mail.text).toContain('> Welcome!\n> See you.\n');
    expect(mail.text).toContain('Organization: Megasoft');
    const links = [...String(mail.html).matchAll(/href="([^"]*)"/g)].map(([, url]) => url);
    expect(links).toEqual([link, link]);
    expect(mail.html).toContain('src="https://megasoft.example/logo.png?a=1&amp;b=2"');
    expect(await hashesOf(invited.id)).toEqual([hashed(token)]);
    await until(async () => expect(await jobsLeft()).toEqual([]));
    const kept = `${await dump()}${JSON.stringify(log)}`;
    expect(kept).toContain(hashed(token));
    expect(kept).not.toContain(token);
    expect(kept).not.toContain(Buffer.from(token, 'base64url').toString('hex'));
    expect(JSON.stringify(log)).not.toContain(invited.email);
    const jobs = await db.query("SELECT data FROM pgboss.job WHERE data ->> 'invitationId' = $1", [
      invited.id,
    ]);
    const data = { kind: 'invitationMail', invitationId: invited.id, sendNumber: 1 };
    expect(jobs).toEqual([{ data }]);
    expect(await deliveryOf(db, invited.id)).toMatchObject({
      delivery_failed_at: null,
      delivery_error: null,
    });
  });

  it("is mailed in the person's language, in the operator's words, to where it is allowed", async () => {
    const server = await startMailServer();
    await db.query(`UPDATE environment SET organization_label_singular = 'Workspace'`);
    const redirectUrls = ['https://app.example/join'];
    const { runner, queue } = await openPostOffice(db, server.url, { redirectUrls });
    const organizationId = await found(db);
    const send = async (locale: string | null, redirectUrl?: string) => {
      const { email } = await invite(runner, { organizationId, locale, redirectUrl });
      return await until(() => {
        const mail = server.arrived.find(({ envelope }) => envelope[0] === email);
        expect(mail).toBeDefined();
        return mail;
      });
    };
    const swiss = await send('de-CH', 'https://app.example/join?team=a%26b');
    expect(swiss).toMatchObject({ subject: expect.stringMatching(/^Einladung zu /) });
    expect(swiss).toMatchObject({ text: expect.stringContaining('Workspace: ') });
    expect(swiss).toMatchObject({ text: expect.stringMatching(/gilt bis zum .* UTC\./) });
    expect(swiss).toMatchObject({
      text: expect.stringMatching(/\nhttps:\/\/app\.example\/join\?team=a%26b&token=[\w-]{43}\n/),
    });
    expect(await send('fr')).toMatchObject({ subject: expect.stringMatching(/^Invitation à rej/) });
    expect(await send('es-419')).toMatchObject({ subject: expect.stringMatching(/^Invitación/) });
    expect(await send('ja')).toMatchObject({ subject: expect.stringMatching(/^Invitation to /) });
    await until(async () => expect(await jobsLeft()).toEqual([]));
    await queue.stopWork(0);

    // What the operator does not allow any more leads to our own page.
    const later = await startMailServer();
    const office = await openPostOffice(db, later.url);
    const { invitations, ...rest } = office.runner;
    const lax = { ...rest, invitations: { ...invitations, redirectUrls } };
    await invite(lax, { organizationId, redirectUrl: 'https://app.example/join' });
    await until(() => expect(later.arrived).toHaveLength(1));
    expect(later.arrived[0]?.text).toMatch(/\nhttps:\/\/id\.example\/accept\?token=[\w-]{43}\n/);
    await db.query(`UPDATE environment SET organization_label_singular = 'Organization'`);
  });

  it('can put neither headers, nor HTML, nor templates into the mail by names', async () => {
    const server = await startMailServer();
    const { runner } = await openPostOffice(db, server.url);
    const organizationId = await found(db);
    const name =
      'Evil\r\nBcc: victim@example.com\r\n\r\n<img src=x onerror=alert(1)>{{ link }}" <a@b.example>, "';
    await db.query('UPDATE organization SET display_name = $1, logo_url = $2 WHERE id = $3', [
      name,
      'javascript:alert(1)',
      organizationId,
    ]);
    const message =
      '</blockquote><script>alert(1)</script>\n{% raw %}{{ link }}\n.\r\nRCPT TO:<x@y.example>';
    const { email } = await invite(runner, { organizationId, message });
    await until(() => expect(server.arrived).toHaveLength(1));
    const [mail] = server.arrived;
    expect(mail?.envelope).toEqual([email]);
    expect(mail?.headers.has('bcc')).toBe(false);
    expect(mail?.from?.value).toHaveLength(1);
    expect(mail?.from?.value[0]?.address).toBe('no-reply@id.example');
    expect(mail?.to).toMatchObject({ text: email });
    expect(mail?.raw.split('\r\n\r\n', 1)[0]).not.toMatch(/^bcc/im);
    expect(mail?.subject).toContain('Evil Bcc: victim@example.com <img src=x');
    expect(mail?.text).toMatch(/^Organization: Evil Bcc: victim@example\.com <img/);
    const html = String(mail?.html);
    expect(html).not.toMatch(/<script|<img|javascript:/i);
    expect(html).toContain('&lt;script&gt;');
    expect(html).toContain('{{ link }}');
    expect(mail?.text).toContain('> {% raw %}{{ link }}\n> .\n> RCPT TO:<x@y.example>');
  });
});

describe('a mail server that refuses', () => {
  it('the recipient for good is told of on the invitation, once, and not asked again', async () => {
    let asked = 0;
    const server = await startMailServer({
      onRcptTo({ address }, _session, done) {
        asked += 1;
        done(reply(550, `5.1.1 <${address}> User unknown`));
      },
    });
    const { runner, log } = await openPostOffice(db, server.url);
    const organizationId = await found(db);
    const { id, email } = await invite(runner, { organizationId });
    await until(async () => expect((await deliveryOf(db, id)).delivery_failed_at).not.toBeNull());
    await until(async () => expect(await jobsLeft()).toEqual([]));
    expect(await deliveryOf(db, id)).toMatchObject({
      sent_at: null,
      delivery_error: `The mail server replied: 550 5.1.1 <${email}> User unknown`,
    });
    expect(asked).toBe(1);
    expect((await history(db, organizationId)).at(-1)).toBe('DELIVERY_FAILED');
    const events = await db.query(
      `SELECT type, actor_kind FROM event WHERE invitation_id = $1 AND cause = 'DELIVERY_FAILED'`,
      [id],
    );
    expect(events).toEqual([{ type: 'INVITATION_DELIVERY_FAILED', actor_kind: 'SYSTEM' }]);
    expect(log).toEqual([
      expect.objectContaining({ level: 40, invitationId: id, isPermanent: true, code: '550' }),
    ]);
    expect(JSON.stringify(log)).not.toContain(email);
  });

  it('the message, quoting it, is told of without the token', async () => {
    const server = await startMailServer({
      async onData(stream, _session, done) {
        const chunks: Buffer[] = [];
        for await (const chunk of stream) {
          chunks.push(chunk as Buffer);
        }
        const raw = Buffer.concat(chunks).toString().replaceAll(/=\r\n/g, '');
        const token = /token=3D([\w-]{43})/.exec(raw)?.[1] ?? 'none';
        const half = `${token.slice(0, 20)} ${token.slice(20)}`;
        done(reply(554, `5.7.1 Spam: https://id.example/accept?token=${token} ${half} in it`));
      },
    });
    const { runner } = await openPostOffice(db, server.url);
    const { id } = await invite(runner, { organizationId: await found(db) });
    await until(async () => expect((await deliveryOf(db, id)).delivery_failed_at).not.toBeNull());
    expect((await deliveryOf(db, id)).delivery_error).toBe(
      'The mail server replied: 554 5.7.1 Spam: https://id.example/accept?token=… … … in it',
    );
  });

  it('for now is asked again, with the same Message-ID and a token of its own that is good, too', async () => {
    const { promise: isSeen, resolve: seen } = Promise.withResolvers<void>();
    const answers = [
      async () => reply(451, '4.3.0 Try again later'),
      // Its success takes away what is said of the first.
      async () => {
        await isSeen;
        return null;
      },
    ];
    const tokens: string[] = [];
    const ids: string[] = [];
    const server = await startMailServer({
      async onData(stream, _session, done) {
        const chunks: Buffer[] = [];
        for await (const chunk of stream) {
          chunks.push(chunk as Buffer);
        }
        const raw = Buffer.concat(chunks).toString().replaceAll(/=\r\n/g, '');
        tokens.push(/token=3D([\w-]{43})/.exec(raw)?.[1] ?? '');
        ids.push(/^Message-ID: (.*)\r$/m.exec(raw)?.[1] ?? '');
        done(await answers.shift()?.());
      },
    });
    const { runner, log } = await openPostOffice(db, server.url);
    const { id, typeId } = await invite(runner, { organizationId: await found(db) });
    await until(async () =>
      expect((await deliveryOf(db, id)).delivery_error).toContain('451 4.3.0 Try again later'),
    );
    expect((await deliveryOf(db, id)).delivery_failed_at).toBeNull();
    const outputOf = "SELECT output FROM pgboss.job WHERE data ->> 'invitationId' = $1";
    await until(async () =>
      expect(await db.query(outputOf, [id])).toEqual([{ output: { message: 'DELAYED' } }]),
    );
    seen();
    await until(async () => expect((await deliveryOf(db, id)).sent_at).not.toBeNull());
    expect(await deliveryOf(db, id)).toMatchObject({ delivery_error: null });
    expect(ids).toEqual([`<${typeId}.1@id.example>`, `<${typeId}.1@id.example>`]);
    expect(new Set(tokens).size).toBe(2);
    expect(await hashesOf(id)).toEqual(tokens.map(hashed));
    expect(log).toEqual([expect.objectContaining({ level: 40, code: '451', isPermanent: false })]);
  });

  it('for now, for too long, is told of at the last attempt', async () => {
    const server = await startMailServer({
      onMailFrom: (_address, _session, done) => done(reply(451, '4.7.1 Greylisted')),
    });
    const { runner } = await openPostOffice(db, server.url, { retryLimit: 1 });
    const { id } = await invite(runner, { organizationId: await found(db) });
    await until(async () => expect((await deliveryOf(db, id)).delivery_failed_at).not.toBeNull());
    expect(await hashesOf(id)).toHaveLength(2);
  });
});

describe('nothing is sent', () => {
  it('of a transaction that is rolled back', async () => {
    const server = await startMailServer();
    const { runner } = await openPostOffice(db, server.url);
    const organizationId = await found(db);
    const undone = inTransaction(
      {
        ...runner,
        enqueue: async (tx, jobs) => {
          await runner.enqueue(tx, jobs);
          throw new Error('Undone.');
        },
      },
      { principal: SYSTEM, organizations: [organizationId] },
      async (tx) => tx.enqueue({ kind: 'invitationMail', invitationId: tx.newId(), sendNumber: 1 }),
    );
    await expect(undone).rejects.toThrow('Undone.');
    const { email } = await invite(runner, { organizationId });
    await until(() => expect(server.arrived).toHaveLength(1));
    expect(server.arrived[0]?.envelope).toEqual([email]);
    await until(async () => expect(await jobsLeft()).toEqual([]));
  });

  it('of an invitation that was revoked, erased or sent again in the meantime', async () => {
    const server = await startMailServer();
    const { runner, queue } = await openPostOffice(db, server.url, { works: false });
    const organizationId = await found(db);
    const [revoked, erased, resent] = [
      await invite(runner, { organizationId }),
      await invite(runner, { organizationId }),
      await invite(runner, { organizationId }),
    ];
    const { prisma } = db.database;
    const old = 'o'.repeat(43);
    await prepareLetter(prisma, { invitationId: resent.id, sendNumber: 1 }, old);
    await change(runner, organizationId, revoked, (tx, invitation) =>
      revokeInvitation(tx, invitation, {}),
    );
    await db.query('DELETE FROM invitation WHERE id = $1', [erased.id]);
    await change(runner, organizationId, resent, (tx, invitation) =>
      resendInvitation(tx, invitation, {}),
    );
    await queue.stopWork(0);
    await openPostOffice(db, server.url);
    await until(async () => expect(await jobsLeft()).toEqual([]));
    expect(server.arrived.map(({ messageId }) => messageId)).toEqual([
      `<${encodeId('inv', resent.id)}.2@id.example>`,
    ]);
    expect(await hashesOf(revoked.id)).toEqual([]);
    const sendings = await db.query<{ send_number: number }>(
      'SELECT send_number FROM invitation_token WHERE invitation_id = $1 AND send_number > 1',
      [resent.id],
    );
    expect(sendings).toHaveLength(1);
  });
});
