/** The commands of the program. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { describeSettings, readConfig } from '../config.ts';
import { openStore } from '../store.ts';
import type { Connect } from './connect.ts';
import { demoCommand } from './demo/command.ts';
import { importCommand } from './import/command.ts';
import { keyCommand } from './key.ts';
import { mailPreviewCommand } from './mail-preview.ts';
import { migrateCommand } from './migrate.ts';
import { startCommand } from './start.ts';
import { tokenCommand } from './token.ts';

type Surroundings = { argv: string[]; env: Record<string, string | undefined> };

const manifest = new URL('../../package.json', import.meta.url);

/**
 * Runs the command that `argv` names, `start` when it names none, and resolves to the exit code. What goes wrong is
 * said in one line on standard error.
 */
export async function runCommand({ argv, env }: Surroundings): Promise<number> {
  const settings = () => readConfig(env);
  const connect: Connect = () => openStore(settings(), { onProgress: say });
  const { version, description } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    version: string;
    description: string;
  };
  const program = new Command('gatehouse')
    .description(`Gatehouse: ${description.charAt(0).toLowerCase()}${description.slice(1)}`)
    .version(version)
    .addCommand(startCommand(settings, say), { isDefault: true })
    .addCommand(demoCommand(connect))
    .addCommand(importCommand(connect))
    .addCommand(keyCommand(connect))
    .addCommand(mailPreviewCommand(settings))
    .addCommand(migrateCommand(connect))
    .addCommand(tokenCommand(settings))
    .addHelpText('after', settingsHelp());
  throwInsteadOfExiting(program);
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) {
      return misused(error, program, argv);
    }
    say(error instanceof Error ? oneLine(error) : String(error));
    return 1;
  }
}

// Progress and refusals go to standard error, so that what a command prints can be piped.
function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

function oneLine({ name, message }: Error): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '');
  // Prisma begins with the call that failed, and ends with the reason.
  return (/^Invalid `prisma/.test(lines[0] ?? '') ? lines.at(-1) : lines[0]) ?? name;
}

/** Says what is wrong with the command line, in one line, and returns the exit code. */
function misused({ exitCode, code, message }: CommanderError, program: Command, argv: string[]) {
  if (exitCode === 0) {
    return 0;
  }
  const word = argv.slice(2).find((argument) => !argument.startsWith('-'));
  const isUnknown = !program.commands.some((command) => command.name() === word);
  if (code === 'commander.excessArguments' && isUnknown) {
    // Without a command everything goes to `start`, which would only say that it is too much.
    say(`error: unknown command '${word}' (see --help)`);
  } else if (code !== 'commander.help') {
    say(message.replaceAll('\n', ' '));
  }
  return 2;
}

function throwInsteadOfExiting(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
  command.commands.forEach(throwInsteadOfExiting);
}

function settingsHelp(): string {
  const settings = describeSettings();
  const width = Math.max(...settings.map(({ name }) => name.length)) + 2;
  const lines = settings.map(({ name, meaning, byDefault }) => {
    const suffix = byDefault === '' ? '' : ` Default: ${byDefault}.`;
    return `  ${name.padEnd(width)}${meaning}${suffix}`;
  });
  return `\nSettings, as environment variables:\n${lines.join('\n')}\n`;
}
