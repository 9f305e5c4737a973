/** The data: that of the writes, with open invitations to accept. */
import { readConfig } from '../../src/config.ts';
import { inviteMembers } from '../../src/domain/invitation.ts';
import { isRefused } from '../../src/domain/outcome.ts';
import { SYSTEM } from '../../src/domain/principal.ts';
import { inTransaction } from '../../src/domain/transaction.ts';
import { openStore } from '../../src/store.ts';
import { loadTargets, loadWrittenWorld, onDatabase, TENANTS } from '../writes/world.ts';
import type { Targets } from './operations.ts';

/** In each organization. More than are accepted in a run. */
const OPEN = 20;

/** Organizations per transaction. */
const STEP = 50;

// They are those of the key, and their mail is another matter.
const PREPARE = `
  UPDATE invitation SET inviter_kind = 'API_KEY', inviter_id = (SELECT id FROM api_key);
  INSERT INTO invitation_token (token_hash, invitation_id, send_number, created_at)
  SELECT sha256(lpad(number::text, 43, 'a')::bytea), id, 1, now()
  FROM (SELECT id, row_number() OVER (ORDER BY md5(id::text)) - 1 AS number FROM invitation) AS invitation;
  DELETE FROM pgboss.job;
  VACUUM ANALYZE`;

/** Fills the empty database at `url`. */
export async function loadInvitedWorld(url: string, key: string): Promise<Targets> {
  await loadWrittenWorld(url, key);
  const { organizations } = (await loadTargets(url)).spread;
  const store = await openStore(readConfig({ DATABASE_URL: url }));
  try {
    for (let from = 0; from < TENANTS; from += STEP) {
      const some = organizations.slice(from, from + STEP);
      const rows = some.flatMap((organizationId, at) =>
        Array.from({ length: OPEN }, (_, n) => ({
          organizationId,
          email: `open.${from + at}.${n}@example.com`,
        })),
      );
      const scope = { principal: SYSTEM, organizations: some };
      const outcomes = await inTransaction(store.runner, scope, (tx) =>
        inviteMembers(tx, rows, { isSent: true }),
      );
      if (outcomes.some(isRefused)) {
        throw new Error('Not everybody could be invited.');
      }
    }
  } finally {
    await store.close();
  }
  await onDatabase(url, async (client) => {
    for (const statement of PREPARE.split(';')) {
      await client.query(statement);
    }
  });
  const tokens = Array.from({ length: TENANTS * OPEN }, (_, n) => String(n).padStart(43, 'a'));
  return { organizations, tokens };
}
