/** What the memberships of a user are listed and found by, as far as it follows from the user. */
import type { IdentityModel } from '../db/generated/prisma/enums.ts';
import { effectiveName } from './identity-model.ts';
import { foldText, searchText } from './text.ts';
import type { Transaction } from './transaction.ts';

/**
 * Lists the memberships of a user (uuid, locked) under their address and name. Nobody writes these columns without the
 * user's lock, so those of the organizations are not needed; and as nothing that a membership shows is kept there, it
 * is no change of the membership: neither its version nor its organization's events tell of it.
 */
export async function passKeys(
  tx: Transaction,
  identityModel: IdentityModel,
  user: { id: string; email: string; name: string | null },
): Promise<void> {
  const memberships = await tx.db.$queryRaw<{ id: string; name: string | null }[]>`
    SELECT id, name FROM membership WHERE user_id = ${user.id}::uuid`;
  const rows = memberships.map(({ id, name }) => {
    const shown = effectiveName(identityModel, user, { name });
    return { id, nameKey: foldText(shown ?? ''), searchText: searchText(shown, user.email) };
  });
  if (rows.length > 0) {
    await tx.db.$executeRaw`
      UPDATE membership SET email_key = ${user.email}, name_key = input."nameKey", search_text = input."searchText"
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS input(id uuid, "nameKey" text, "searchText" text)
      WHERE membership.id = input.id`;
  }
}
