/** What the floors have in common: an HTTP server with nothing on it but a few operations. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { takePart, task } from '../contender.ts';
import { type Account, createTokens } from './tokens.ts';

/** The parameters of an operation: a uuid or several, how many to list, what to search for, and where to begin. */
export type Parameters = {
  id: string | string[];
  first: number;
  search?: string;
  after?: string;
};

/** Answers an operation to whom a token belongs, with JSON; null when they lack a right or there is nothing to see. */
export type Answer = (pool: pg.Pool, account: Account, given: Parameters) => Promise<string | null>;

/** Serves the operations, each at the path of its name, in the manner of a contender. */
export async function serveFloor(operations: Record<string, Answer>): Promise<void> {
  // As many connections as Gatehouse's read pool has.
  const { DATABASE_URL, SETTINGS = '{}' } = task();
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
  const [issuer] = JSON.parse(JSON.parse(SETTINGS).GATEHOUSE_TRUSTED_ISSUERS);
  const accountOf = createTokens(issuer);
  const server = createServer(async (request, response) => {
    const operation = operations[(request.url ?? '').slice(1)];
    const token = /^Bearer ([\w.-]+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    try {
      const [account, given] = await Promise.all([accountOf(token), bodyOf(request)]);
      if (operation === undefined || account === null) {
        response.writeHead(401).end();
        return;
      }
      const body = await operation(pool, account, JSON.parse(given));
      if (body === null) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      });
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
    await pool.end();
  });
}

/** The body of a request, as text. */
export function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => resolve(body));
    request.on('error', reject);
  });
}

/** Part of every statement, with the hash of the key as $1: one row when it holds all of `permissions`, else none. */
export function caller(...permissions: string[]): string {
  const rights = permissions.map((permission) => {
    const everyAction = `${permission.split(':')[0]}:*`;
    return ` AND permissions && ARRAY['${permission}', '${everyAction}', '*:*']`;
  });
  return `(SELECT id, permissions FROM api_key WHERE secret_hash = $1 AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > now()) AND organization_id IS NULL${rights.join('')}) AS caller`;
}

/** Part of the statements: the first `limit` members of the organization, oldest first; `more` is one more condition. */
export function membersOf(organization: string, limit: number, more = ''): string {
  return `SELECT id, user_id, created_at, membership_status_at(status, status_deadline, now()) AS status
    FROM membership WHERE organization_id = ${organization} AND status <> 'REMOVED'${more} ORDER BY created_at, id LIMIT ${limit}`;
}

/** Part of a statement: the memberships of the user of that column, oldest first; `more` is one more condition. */
export function membershipsOf(user: string, limit = 100, more = ''): string {
  return `SELECT id, organization_id, created_at, membership_status_at(status, status_deadline, now()) AS status
    FROM membership WHERE user_id = ${user} AND status <> 'REMOVED'${more} ORDER BY created_at, id LIMIT ${limit}`;
}

/** An expression: how many members the organization `o` lists. */
export const LISTED = 'o.pending_count + o.expired_count + o.active_count + o.suspended_count';
