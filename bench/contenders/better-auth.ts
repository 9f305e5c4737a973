// A peer: better-auth with its organization plugin, whose sessions and permissions every request goes through.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { fromNodeHeaders, toNodeHandler } from 'better-auth/node';
import { organization } from 'better-auth/plugins';
import { createAccessControl } from 'better-auth/plugins/access';
import {
  adminAc,
  defaultStatements,
  memberAc,
  ownerAc,
} from 'better-auth/plugins/organization/access';
import pg from 'pg';
import { task } from '../contender.ts';
import { fillWorld, isEmpty, loadCustomRoles } from './better-auth-world.ts';
import { CONNECTIONS, serve } from './serve.ts';

const { DATABASE_URL, API_KEY } = task();
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: CONNECTIONS });

const ac = createAccessControl(defaultStatements);
const customRoles = (await loadCustomRoles(pool)).map((key) => [key, ac.newRole({})] as const);

const auth = betterAuth({
  baseURL: 'http://127.0.0.1',
  trustedOrigins: ['http://127.0.0.1:*'],
  secret: API_KEY,
  database: pool,
  // It would refuse more than a few requests from one address.
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [
    organization({
      ac,
      roles: {
        owner: ownerAc,
        admin: adminAc,
        member: memberAc,
        ...Object.fromEntries(customRoles),
      },
      membershipLimit: 1_000_000,
      schema: {
        member: { additionalFields: { status: { type: 'string', defaultValue: 'ACTIVE' } } },
      },
    }),
  ],
});

if (await isEmpty(pool)) {
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
  await fillWorld(pool);
}

// Members are added by code on the server: it is for this code to ask what the caller may do.
async function addMember(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { organizationId, email } = JSON.parse(Buffer.concat(await request.toArray()).toString());
  const { success } = await auth.api.hasPermission({
    headers: fromNodeHeaders(request.headers),
    body: { organizationId, permissions: { member: ['create'] } },
  });
  if (!success) {
    response.writeHead(403).end();
    return;
  }
  const { internalAdapter } = await auth.$context;
  const user = await internalAdapter.createUser({ email, name: '' }, { method: 'admin' });
  const member = await auth.api.addMember({
    body: { userId: user.id, organizationId, role: 'member', status: 'ACTIVE' },
  });
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(member));
}

const handle = toNodeHandler(auth);
const server = createServer((request, response) => {
  if (request.url === '/api/auth/members') {
    addMember(request, response).catch((error) => response.writeHead(400).end(String(error)));
  } else {
    handle(request, response);
  }
});
await serve(server, '/api/auth', () => pool.end());
