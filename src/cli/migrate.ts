/** `gatehouse migrate`: what a start does to the database, without starting. */
import { Command } from 'commander';
import type { Connect } from './connect.ts';

/** The command `migrate`. */
export function migrateCommand(connect: Connect): Command {
  return new Command('migrate')
    .description('Brings the database to this version, as every start does.')
    .action(async () => {
      const store = await connect();
      await store.close();
      process.stdout.write('The database is at this version.\n');
    });
}
