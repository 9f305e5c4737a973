/** The floor of the writes: an HTTP server with nothing on it but three writes and one read. */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { createTurns, type InTurn } from '../../src/db/turns.ts';
import { normalizeEmail } from '../../src/domain/email.ts';
import { searchText } from '../../src/domain/text.ts';
import { takePart, task } from '../contender.ts';
import { organizationWithMembers } from '../floors/json-agg-statements.ts';
import { bodyOf, caller } from '../floors/serve.ts';
import { ASSIGN, begin, CREATE, ORGANIZATION_OF, SUSPEND } from './floor-sql.ts';
import type { WriteName } from './operations.ts';

const READ = organizationWithMembers(
  `${caller('membership:read', 'user:read')} CROSS JOIN organization o WHERE o.id = $2`,
);

type Statement = { name: string; text: string; values: unknown[] };

type Given = {
  id: string;
  membershipId: string;
  roleKeys: string[];
  organization: { id: string };
  user: { email: string };
};

/** What differs: who waits where. */
export type Waiting = {
  /** Whether writes have a pool of their own, and wait for their organization before they take a connection. */
  apart: boolean;
};

const RESTARTS = 10;

const WRITES: Record<
  WriteName,
  { target(given: Given): string; statement(given: Given): Statement }
> = {
  membershipCreate: {
    target: ({ organization }) => organization.id,
    statement({ user }) {
      const email = normalizeEmail(user.email);
      const ids = [uuidv7(), uuidv7(), uuidv7()];
      const values = [email, searchText(null, email ?? ''), ...ids];
      return { name: 'create', text: CREATE, values };
    },
  },
  membershipRoleAssign: {
    target: ({ membershipId }) => membershipId,
    statement: ({ membershipId, roleKeys }) => ({
      name: 'assign',
      text: ASSIGN,
      values: [membershipId, roleKeys],
    }),
  },
  membershipSuspend: {
    target: ({ membershipId }) => membershipId,
    statement: ({ membershipId }) => ({ name: 'suspend', text: SUSPEND, values: [membershipId] }),
  },
};

/** Serves the writes at their names and the read (b) at `/b`, in the manner of a contender. */
export async function serveWrites({ apart }: Waiting): Promise<void> {
  const open = () => new pg.Pool({ connectionString: task().DATABASE_URL, max: 10 });
  const reads = open();
  const writes = apart ? open() : reads;
  const inTurn: InTurn = apart ? createTurns() : (_names, work) => work();

  const answer = async (request: IncomingMessage): Promise<string | null> => {
    const operation = (request.url ?? '').slice(1);
    const key = /^Bearer (ghk_[\w-]+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (key === undefined) {
      return null;
    }
    const keyHash = createHash('sha256').update(key).digest();
    const given: Given = JSON.parse(await bodyOf(request));
    if (isWrite(operation)) {
      const row = await write(operation, keyHash, given);
      return row === undefined ? null : JSON.stringify(row);
    }
    const { rows } = await reads.query<{ body: string }>({
      name: 'b',
      text: READ,
      values: [keyHash, given.id],
    });
    return rows[0]?.body ?? null;
  };

  const write = async (operation: WriteName, keyHash: Buffer, given: Given) => {
    const { target, statement } = WRITES[operation];
    const { rows } = await reads.query<{ id: string }>({
      name: `${operation} of`,
      text: ORGANIZATION_OF[operation],
      values: [keyHash, target(given)],
    });
    const [organization] = rows;
    if (organization === undefined) {
      return undefined;
    }
    const { values, ...prepared } = statement(given);
    const all = [keyHash, organization.id, randomUUID(), uuidv7(), ...values];
    const [row] = await inTurn(
      [organization.id],
      () => transact(writes, begin(organization.id), { ...prepared, values: all }),
      () => new Error('Busy.'),
    );
    return row;
  };

  const server = createServer(async (request, response) => {
    try {
      const body = await answer(request);
      if (body === null) {
        response.writeHead(409).end();
        return;
      }
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      };
      response.writeHead(200, headers).end(body);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  takePart(`http://127.0.0.1:${port}`, async () => {
    server.closeAllConnections();
    await reads.end();
    if (apart) {
      await writes.end();
    }
  });
}

/** The rows that the statement returns, in a transaction of its own. Two that create the same user: one starts over. */
export async function transact(
  pool: pg.Pool,
  begun: string,
  statement: Statement,
): Promise<object[]> {
  const client = await pool.connect();
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await client.query(begun);
        const { rows } = await client.query(statement);
        await client.query('COMMIT');
        return rows;
      } catch (error) {
        await client.query('ROLLBACK');
        const isLate = error instanceof pg.DatabaseError && error.code === '23505';
        if (!isLate || attempt === RESTARTS) {
          throw error;
        }
      }
    }
  } finally {
    client.release();
  }
}

function isWrite(operation: string): operation is WriteName {
  return operation in WRITES;
}
