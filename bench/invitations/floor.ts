// The floor of invitations: an HTTP server with nothing on it but inviting many and accepting.
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { createTurns } from '../../src/db/turns.ts';
import { normalizeEmail } from '../../src/domain/email.ts';
import { searchText } from '../../src/domain/text.ts';
import { takePart, task } from '../contender.ts';
import { bodyOf } from '../floors/serve.ts';
import { transact } from '../writes/floor-server.ts';
import { begin } from '../writes/floor-sql.ts';
import { ACCEPT, INVITE, INVITING_TO, LEADING_TO } from './floor-sql.ts';

type Statement = Parameters<typeof transact>[2];

const open = () => new pg.Pool({ connectionString: task().DATABASE_URL, max: 10 });
const reads = open();
const writes = open();
const inTurn = createTurns();

const hashOf = (secret: string) => createHash('sha256').update(secret).digest();

/** Does the statement under the lock of the organization that `place` finds; undefined where it finds none. */
async function write(place: Statement, make: (organizationId: string) => Statement) {
  const { rows } = await reads.query<{ id: string }>(place);
  const [organization] = rows;
  if (organization === undefined) {
    return [];
  }
  const { id } = organization;
  const work = () => transact(writes, begin(id), make(id));
  return inTurn([id], work, () => new Error('Busy.'));
}

async function invite(request: IncomingMessage): Promise<string | null> {
  const key = /^Bearer (ghk_[\w-]+)$/.exec(request.headers.authorization ?? '')?.[1];
  const given = JSON.parse(await bodyOf(request));
  if (key === undefined) {
    return null;
  }
  const keyHash = hashOf(key);
  const rows = given.rows.map((row: { email: string }, place: number) => {
    const email = normalizeEmail(row.email) ?? '';
    const [user, membership, invitation, moved, sent] = Array.from({ length: 5 }, () => uuidv7());
    const search = searchText(null, email);
    return { place, email, search, user, membership, invitation, moved, sent };
  });
  const results = await write(
    { name: 'inviting to', text: INVITING_TO, values: [keyHash, given.organizationId] },
    (id) => ({
      name: 'invite',
      text: INVITE,
      values: [keyHash, id, randomUUID(), JSON.stringify(rows)],
    }),
  );
  return results.length === 0
    ? null
    : JSON.stringify({ invitedCount: results.length, refusedCount: 0, results });
}

async function accept(request: IncomingMessage): Promise<string | null> {
  const { token } = JSON.parse(await bodyOf(request));
  const hash = hashOf(token);
  const [joined] = await write({ name: 'leading to', text: LEADING_TO, values: [hash] }, (id) => ({
    name: 'accept',
    text: ACCEPT,
    values: [hash, id, randomUUID(), uuidv7(), uuidv7(), uuidv7()],
  }));
  return joined === undefined ? null : JSON.stringify(joined);
}

const server = createServer(async (request, response) => {
  try {
    const body = await (request.url === '/accept' ? accept(request) : invite(request));
    if (body === null) {
      response.writeHead(409).end();
      return;
    }
    const length = Buffer.byteLength(body);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
    response.end(body);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
takePart(`http://127.0.0.1:${port}`, async () => {
  server.closeAllConnections();
  await Promise.all([reads.end(), writes.end()]);
});
