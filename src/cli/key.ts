/** `gatehouse key`: keys of the environment, for those who have a shell on the machine. */
import { Command } from 'commander';
import { createApiKey, revokeApiKey } from '../domain/api-key.ts';
import { NotFoundError } from '../domain/errors.ts';
import { decodeId, encodeId } from '../domain/id.ts';
import { ALL_PERMISSIONS } from '../domain/permission.ts';
import { SYSTEM } from '../domain/principal.ts';
import { inTransaction, type Transaction } from '../domain/transaction.ts';
import type { Connect } from './connect.ts';

/** The command `key` with `create`, `list` and `revoke`. */
export function keyCommand(connect: Connect): Command {
  const inStore = async <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => {
    const store = await connect();
    try {
      const scope = { principal: SYSTEM, environment: 'exclusive' } as const;
      return await inTransaction(store.runner, scope, work);
    } finally {
      await store.close();
    }
  };
  return new Command('key')
    .description('Makes, lists and revokes API keys of the environment.')
    .addCommand(
      new Command('create')
        .description('Makes a key with all permissions and prints it, once.')
        .option('--name <name>', 'what people call it', 'From the command line')
        .action(async ({ name }: { name: string }) => {
          const permissions = [ALL_PERMISSIONS];
          const { secret } = await inStore((tx) => createApiKey(tx, { name, permissions }));
          process.stdout.write(`${secret}\n`);
        }),
    )
    .addCommand(
      new Command('list').description('Lists the keys, without their secrets.').action(async () => {
        const keys = await inStore((tx) =>
          tx.db.apiKey.findMany({
            where: { organizationId: null },
            orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
          }),
        );
        for (const { id, name, revokedAt, lastUsedAt } of keys) {
          const used = lastUsedAt ? `last used ${lastUsedAt.toISOString()}` : 'never used';
          const state = revokedAt ? `revoked ${revokedAt.toISOString()}` : used;
          process.stdout.write(`${encodeId('key', id)}  ${name}  ${state}\n`);
        }
      }),
    )
    .addCommand(
      new Command('revoke')
        .description('Revokes a key for good.')
        .argument('<id>', 'key_…')
        .action(async (id: string) => {
          const uuid = decodeId('key', id);
          if (uuid === null) {
            throw new NotFoundError('API key');
          }
          await inStore((tx) => revokeApiKey(tx, uuid));
          process.stdout.write(`Revoked ${id}.\n`);
        }),
    );
}
