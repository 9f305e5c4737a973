/** `gatehouse token`: to call as a person without an issuer, in development. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../config.ts';
import { normalizeEmail } from '../domain/email.ts';

/** Thrown where there are no tokens to be had from us. */
export class NoDevelopmentError extends Error {
  override readonly name = 'NoDevelopmentError';
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

type Options = { name?: string; mfa: boolean; expires: number };

/** The command `token`. It needs the data directory, and no database. */
export function tokenCommand(settings: () => Config): Command {
  return new Command('token')
    .description("Prints a person's token, for development on the embedded database.")
    .argument('<email>', 'whose', readEmail)
    .option('--name <name>', 'what the person is called')
    .option('--mfa', 'with a second factor', false)
    .addOption(
      new Option('--expires <time>', 'after how long, such as 90s, 15m, 12h, 7d')
        .argParser(readTime)
        .default(UNITS.d, '1d'),
    )
    .addHelpText('after', '\nThe person counts as having verified the address.\n')
    .action(async (email: string, { name, mfa, expires }: Options) => {
      const config = settings();
      // Loaded only now: --help needs no cryptography.
      const { signDevelopmentToken, trustsDevelopmentIssuer } = await import(
        '../auth/development-issuer.ts'
      );
      if (!trustsDevelopmentIssuer(config)) {
        throw new NoDevelopmentError(
          `With ${config.databaseUrl === undefined ? 'GATEHOUSE_TRUSTED_ISSUERS' : 'DATABASE_URL'} set there ` +
            'are no development tokens: people come with those of the issuers that you trust.',
        );
      }
      const issuedAt = new Date();
      const expiresAt = new Date(issuedAt.getTime() + expires * 1000);
      const person = { email, name, mfa, issuedAt, expiresAt };
      process.stdout.write(`${await signDevelopmentToken(config.dataDir, person)}\n`);
    });
}

function readEmail(text: string): string {
  const email = normalizeEmail(text);
  if (email === null) {
    throw new InvalidArgumentError('It must be one plain email address.');
  }
  return email;
}

/** Seconds. */
function readTime(text: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,4})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (!(seconds <= 366 * 86_400)) {
    throw new InvalidArgumentError('It must be a number and s, m, h or d; a year at most.');
  }
  return seconds;
}
