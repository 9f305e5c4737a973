import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { found } from '../domain/world.ts';
import { observeGateway } from '../http/observed-gateway.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createGateway } from '../support/gateway.ts';
import { deliveryOf, invite, openPostOffice, startMailServer, until } from './mail-world.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});

// What one test leaves to be tried again is not for the next.
beforeEach(async () => {
  await db.query('DELETE FROM pgboss.job');
});

afterAll(() => db.close());

/** Short, and yet longer than a busy machine keeps an answer that is there waiting. */
const soon = { connect: 1500, silence: 1500, all: 60_000 };

/** A server that does with each connection what it is told; closed after the test. */
async function listen(talk: (socket: Socket) => void): Promise<{ url: string; met(): number }> {
  const sockets = new Set<Socket>();
  let met = 0;
  const server = createServer((socket) => {
    met += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    talk(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  const { port } = server.address() as AddressInfo;
  return { url: `smtp://127.0.0.1:${port}`, met: () => met };
}

async function delayOf(id: string): Promise<string> {
  await until(async () => expect((await deliveryOf(db, id)).delivery_error).not.toBeNull());
  const { delivery_error: error, delivery_failed_at: failedAt } = await deliveryOf(db, id);
  expect(failedAt).toBeNull();
  return error ?? '';
}

it('sends when the mail server is back, and says until then what is in the way', async () => {
  const gone = await startMailServer();
  await gone.close();
  const { runner, log } = await openPostOffice(db, gone.url);
  const { id, email } = await invite(runner, { organizationId: await found(db) });
  expect(await delayOf(id)).toBe('The mail server cannot be reached.');
  // Once for each attempt, of which there may have been another meanwhile.
  expect(log).not.toEqual([]);
  expect(log).toMatchObject(log.map(() => ({ level: 40, invitationId: id, code: 'ECONNREFUSED' })));
  const back = await startMailServer({}, gone.port);
  await until(() => expect(back.arrived).toHaveLength(1));
  expect(back.arrived[0]?.envelope).toEqual([email]);
  await until(async () => expect((await deliveryOf(db, id)).sent_at).not.toBeNull());
  expect(await deliveryOf(db, id)).toMatchObject({ delivery_error: null });
});

it.each([
  ['before it greets', () => {}],
  ['after it has greeted', (socket: Socket) => void socket.write('220 here\r\n')],
])('gives up on a server that hangs %s', async (_when, talk) => {
  const { url } = await listen(talk);
  const { runner } = await openPostOffice(db, url, { patience: soon });
  const { id } = await invite(runner, { organizationId: await found(db) });
  expect(await delayOf(id)).toBe('The mail server does not answer in time.');
});

it('gives up on a server that hangs when it has the mail, and sends it again', async () => {
  let attempts = 0;
  const server = await startMailServer({
    onData(stream, _session, done) {
      attempts += 1;
      stream.resume();
      stream.once('end', () => {
        if (attempts > 1) {
          done();
        }
      });
    },
  });
  const { runner } = await openPostOffice(db, server.url, { patience: soon });
  const { id } = await invite(runner, { organizationId: await found(db) });
  expect(await delayOf(id)).toBe('The mail server does not answer in time.');
  await until(async () => expect((await deliveryOf(db, id)).sent_at).not.toBeNull());
  expect(attempts).toBe(2);
});

it('gives up on a server that never comes to an end of its answer', async () => {
  const { url } = await listen((socket) => {
    socket.write('220 here\r\n');
    socket.once('data', () => {
      const timer = setInterval(() => socket.write('250-and\r\n'), 20);
      socket.once('close', () => clearInterval(timer));
    });
  });
  const patience = { connect: 10_000, silence: 10_000, all: 500 };
  const { runner } = await openPostOffice(db, url, { patience });
  const { id } = await invite(runner, { organizationId: await found(db) });
  expect(await delayOf(id)).toBe('The mail server does not answer in time.');
});

it('ends connections that are cut, and does not take TLS that is broken for a refusal', async () => {
  const { url } = await listen((socket) => {
    socket.write('220 here\r\n');
    socket.once('data', () => socket.destroy());
  });
  const { runner } = await openPostOffice(db, url);
  const { id } = await invite(runner, { organizationId: await found(db) });
  expect(await delayOf(id)).toBe('The mail server ended the connection.');
  const plain = await startMailServer();
  const secure = await openPostOffice(db, plain.url.replace('smtp:', 'smtps:'), { patience: soon });
  const other = await invite(secure.runner, { organizationId: await found(db) });
  expect(await delayOf(other.id)).toMatch(/^The mail server |^There is no safe connection/);
});

it('is held up by no mail that hangs', async () => {
  const server = await startMailServer({
    onRcptTo({ address }, _session, done) {
      if (!address.startsWith('hang')) {
        done();
      }
    },
  });
  const { runner } = await openPostOffice(db, server.url);
  const organizationId = await found(db);
  for (const number of [1, 2, 3]) {
    await invite(runner, { organizationId, email: `hang${number}@example.com` });
  }
  await until(() => expect(server.connections()).toBe(3));
  const others = [];
  for (let number = 0; number < 40; number += 1) {
    others.push((await invite(runner, { organizationId })).email);
  }
  await until(() => expect(server.arrived).toHaveLength(40));
  expect(server.arrived.map(({ envelope }) => envelope[0]).sort()).toEqual(others.sort());
});

it('stops in the middle of a mail, hands it back, and others send it', async () => {
  const hanging = await listen(() => {});
  const { runner, queue } = await openPostOffice(db, hanging.url);
  const { id, email } = await invite(runner, { organizationId: await found(db) });
  await until(() => expect(hanging.met()).toBe(1));
  const begun = performance.now();
  await Promise.all([queue.stopWork(300), queue.stopWork(300)]);
  await queue.stopWork(0);
  // Nobody waited for it to give up: that is waited for for two seconds more.
  expect(performance.now() - begun).toBeLessThan(2200);
  const [job] = await db.query("SELECT state FROM pgboss.job WHERE data ->> 'invitationId' = $1", [
    id,
  ]);
  expect(job).toEqual({ state: 'retry' });
  const server = await startMailServer();
  await openPostOffice(db, server.url);
  await until(() => expect(server.arrived.map(({ envelope }) => envelope[0])).toContain(email));
});

it('takes up what a process that was killed has left', async () => {
  const server = await startMailServer();
  const { runner, queue } = await openPostOffice(db, server.url, { works: false });
  const { id, email } = await invite(runner, { organizationId: await found(db) });
  await db.query(
    `UPDATE pgboss.job SET state = 'active', started_on = now(), heartbeat_on = now() - interval '14 seconds'
     WHERE data ->> 'invitationId' = $1`,
    [id],
  );
  await queue.stopWork(0);
  await openPostOffice(db, server.url);
  await until(() => expect(server.arrived.map(({ envelope }) => envelope[0])).toContain(email));
});

it('does not lose a mail over a database that goes away while it is sent', async () => {
  let answer = () => {};
  const server = await startMailServer({
    onData(stream, _session, done) {
      stream.resume();
      stream.once('end', () => {
        answer = done;
      });
    },
  });
  const gateway = await observeGateway({ GATEHOUSE_SMTP_URL: server.url });
  onTestFinished(gateway.close);
  const own = gateway.database;
  const { runner } = await openPostOffice(own, server.url, { works: false });
  const { id, email } = await invite(runner, { organizationId: await found(own) });
  const nothing = answer;
  await until(() => expect(answer).not.toBe(nothing));
  await gateway.cut();
  // The process is noticed by its silence, here sooner.
  await own.query('UPDATE pgboss.job SET heartbeat_seconds = 1');
  const first = answer;
  first();
  await until(() => expect(JSON.stringify(gateway.log)).toContain('could not be noted'));
  expect((await deliveryOf(own, id)).sent_at).toBeNull();
  await gateway.mend();
  await until(() => expect(answer).not.toBe(first));
  answer();
  await until(async () => expect((await deliveryOf(own, id)).sent_at).not.toBeNull());
  expect(JSON.stringify(gateway.log)).not.toContain(email);
});

it('lets a gateway start and stop, whatever the mail server does', async () => {
  const hanging = await listen(() => {});
  const gateway = await createGateway({ GATEHOUSE_SMTP_URL: hanging.url });
  onTestFinished(gateway.close);
  expect(gateway.gateway.mailFolder).toBeUndefined();
  const { runner } = await openPostOffice(gateway, hanging.url, { works: false });
  const { id } = await invite(runner, { organizationId: await found(gateway) });
  await until(() => expect(hanging.met()).toBe(1));
  const begun = performance.now();
  await gateway.gateway.stop();
  expect(performance.now() - begun).toBeLessThan(13_000);
  const [job] = await gateway.query('SELECT state, output FROM pgboss.job');
  expect(job).toEqual({ state: 'retry', output: { message: 'DELAYED' } });
  expect((await deliveryOf(gateway, id)).delivery_failed_at).toBeNull();
});
