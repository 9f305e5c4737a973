/** From credentials to a principal, with the rights that stand in the database at this moment. */
import { sql } from 'kysely';
import type { Database } from '../db/database.ts';
import type { IdentityModel } from '../db/generated/prisma/client.ts';
import { hashSecret } from '../domain/api-key.ts';
import { ANONYMOUS, type Principal } from '../domain/principal.ts';
import { param, run } from '../loaders/statement.ts';

/** Who is calling, and in which world: `identityModel` comes with the same statement. */
export type Caller = { principal: Principal; identityModel: IdentityModel };

/** Turns the value of an Authorization header, or its absence, into a caller; null: these credentials are refused. */
export type Authenticate = (authorization: string | undefined) => Promise<Caller | null>;

type KeyRow = {
  id: string;
  organizationId: string | null;
  permissions: string[];
  identityModel: IdentityModel;
  usedLately: boolean;
};

const BEARER = /^Bearer +(ghk_[A-Za-z0-9_-]{32,200})$/i;

/** Makes the authenticator on a database. It rejects when the database does not answer: nobody gets in on a failure. */
export function createAuthenticator({ read, prisma }: Database): Authenticate {
  return async (authorization) => {
    if (authorization === undefined) {
      // Nothing that an anonymous caller may read depends on the model.
      return { principal: ANONYMOUS, identityModel: 'SHARED' };
    }
    const secret = BEARER.exec(authorization)?.[1];
    if (secret === undefined) {
      return null;
    }
    const [key] = await run<KeyRow>(read, 'authenticate key', keyBySecret, {
      hash: Buffer.from(hashSecret(secret)),
    });
    if (key === undefined) {
      return null;
    }
    const { id, organizationId, permissions, identityModel } = key;
    if (!key.usedLately) {
      // Whoever finds the row taken leaves it: somebody else is noting the same, or revoking the key.
      await prisma.$executeRaw`
        UPDATE api_key SET last_used_at = now() WHERE id = (
          SELECT id FROM api_key WHERE id = ${id}::uuid FOR UPDATE SKIP LOCKED)`;
    }
    return { principal: { kind: 'apiKey', id, organizationId, permissions }, identityModel };
  };
}

function keyBySecret() {
  return sql`SELECT a.id, a.organization_id AS "organizationId", a.permissions, e.identity_model AS "identityModel",
coalesce(a.last_used_at > now() - interval '1 minute', false) AS "usedLately"
FROM api_key a CROSS JOIN environment e
WHERE a.secret_hash = ${param('hash')} AND a.revoked_at IS NULL AND coalesce(a.expires_at > now(), true)`;
}
