/** Tokens of invitations without the mail that they come in. */
import { createHash, randomBytes } from 'node:crypto';
import { decodeId } from '../../src/domain/id.ts';
import type { TestDatabase } from './database.ts';

/**
 * Makes a token good for the invitation (inv_… or its uuid) as it was last sent, as its mail would, and returns it.
 * `sendNumber`: of which sending it is.
 */
export async function goodToken(
  world: Pick<TestDatabase, 'query'>,
  invitationId: string,
  {
    token = randomBytes(32).toString('base64url'),
    sendNumber,
  }: { token?: string; sendNumber?: number } = {},
): Promise<string> {
  const id = invitationId.startsWith('inv_') ? decodeId('inv', invitationId) : invitationId;
  const made = await world.query(
    `INSERT INTO invitation_token (token_hash, invitation_id, send_number, created_at)
     SELECT $1, id, coalesce($3::int, send_count), now() FROM invitation WHERE id = $2 RETURNING send_number`,
    [createHash('sha256').update(token).digest(), id, sendNumber],
  );
  if (made.length === 0) {
    throw new Error(`There is no invitation ${invitationId}.`);
  }
  return token;
}
