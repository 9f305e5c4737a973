/** Backends, by their keys. */
import { sql } from 'kysely';
import type { Database } from '../db/database.ts';
import type { IdentityModel } from '../db/generated/prisma/enums.ts';
import { hashSecret } from '../domain/api-key.ts';
import { param, run } from '../loaders/statement.ts';
import type { Recognize } from './caller.ts';

type KeyRow = {
  id: string;
  organizationId: string | null;
  permissions: string[];
  identityModel: IdentityModel;
  usedLately: boolean;
};

const SECRET = /^ghk_[A-Za-z0-9_-]{32,200}$/;

/** Recognizes keys that work, and notes to the minute when they were used. */
export function recognizeKeys({ read, prisma }: Database): Recognize {
  return async (secret) => {
    if (!SECRET.test(secret)) {
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
