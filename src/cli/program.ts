/** The commands of the program. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { describeSettings, readConfig } from '../config.ts';
import { openStore } from '../store.ts';
import type { Connect } from './connect.ts';
import { demoCommand } from './demo/command.ts';
import { importCommand } from './import/command.ts';
import { keyCommand } from './key.ts';
import { migrateCommand } from './migrate.ts';
import { startCommand } from './start.ts';

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
    .addCommand(migrateCommand(connect))
    .addHelpText('after', settingsHelp());
  throwInsteadOfExiting(program);
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? 0 : 2;
    }
    say(error instanceof Error ? firstLine(error) : String(error));
    return 1;
  }
}

// Progress and refusals go to standard error, so that what a command prints can be piped.
function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

function firstLine({ name, message }: Error): string {
  return message.split('\n').find((line) => line.trim() !== '') ?? name;
}

function throwInsteadOfExiting(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwInsteadOfExiting);
}

function settingsHelp(): string {
  const lines = describeSettings().map(({ name, meaning, byDefault }) => {
    const suffix = byDefault === '' ? '' : ` Default: ${byDefault}.`;
    return `  ${name.padEnd(31)}${meaning}${suffix}`;
  });
  return `\nSettings, as environment variables:\n${lines.join('\n')}\n`;
}
