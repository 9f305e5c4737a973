/** `gatehouse import`: organizations, users and memberships out of CSV files. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { Connect } from '../connect.ts';
import { columns, type FileKind, fileKinds } from './columns.ts';
import { describeFailure } from './failures.ts';
import { createProgress } from './progress.ts';
import { openReport, type Report } from './report.ts';
import { importSources } from './run.ts';
import { openSource, type Source, UsageError } from './source.ts';
import { createSummary } from './summary.ts';

type Options = Partial<Record<FileKind, string>> & {
  report?: string;
  dryRun?: boolean;
  reactivate?: boolean;
  sendInvitations?: boolean;
};

const exitCodes = { refused: 1, usage: 2, interrupted: 130 };

/**
 * The command `import`. It exits with 1 if a row was refused or the import could not go on, and with 2, nothing written,
 * if it was called wrongly.
 */
export function importCommand(connect: Connect): Command {
  const command = new Command('import')
    .description('Imports organizations, users and memberships from CSV files.')
    .option('--organizations <file>', 'CSV file of organizations')
    .option('--users <file>', 'CSV file of users')
    .option('--memberships <file>', 'CSV file of memberships')
    .option('--report <file>', 'write what became of every row, with its ids, to this CSV file')
    .option('--dry-run', 'try everything, report it, and write nothing')
    .option('--reactivate', 'bring back people who were removed since')
    .option('--send-invitations', 'mail the invitations that are made (status PENDING_INVITE)')
    .addHelpText('after', helpText());
  return command.action(async (options: Options) => {
    try {
      process.exitCode = await run(connect, options);
    } catch (error) {
      if (error instanceof UsageError) {
        command.error(`error: ${error.message}`, { exitCode: exitCodes.usage });
      }
      throw error;
    }
  });
}

async function run(connect: Connect, options: Options): Promise<number> {
  const sources = await openSources(options);
  let report: Report | undefined;
  try {
    report = await openReportOf(options);
    return await importInto(connect, sources, report, options);
  } finally {
    await report?.close();
    await Promise.all(sources.map((source) => source.close()));
  }
}

async function importInto(
  connect: Connect,
  sources: Source[],
  report: Report | undefined,
  { dryRun = false, reactivate = false, sendInvitations = false, report: reportPath }: Options,
): Promise<number> {
  const connection = await connect();
  const summary = createSummary();
  const interruption = new AbortController();
  // A second signal ends the process at once, as ever.
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  let problem: string | undefined;
  try {
    await importSources(connection, sources, {
      dryRun,
      reactivate,
      sendInvitations,
      progress: createProgress(process.stderr),
      signal: interruption.signal,
      async onResults(kind, results) {
        summary.add(kind, results);
        await report?.add(kind, results);
      },
    });
  } catch (error) {
    problem = describeFailure(error);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await connection.close();
  }
  const lines = summary.lines(reportPath);
  process.stdout.write(
    `${[...(dryRun ? ['Dry run: nothing was written.'] : []), ...lines].join('\n')}\n`,
  );
  if (interruption.signal.aborted) {
    process.stderr.write('The import was interrupted. Run it again to go on.\n');
    return exitCodes.interrupted;
  }
  if (problem !== undefined) {
    process.stderr.write(`The import could not go on: ${problem} Run it again to go on.\n`);
    return exitCodes.refused;
  }
  return summary.refused() > 0 ? exitCodes.refused : 0;
}

async function openSources(options: Options): Promise<Source[]> {
  const sources: Source[] = [];
  try {
    for (const kind of fileKinds) {
      const path = options[kind];
      if (path !== undefined) {
        sources.push(await openSource(kind, path));
      }
    }
    if (sources.length === 0) {
      throw new UsageError('Name a file: --organizations, --users or --memberships.');
    }
    return sources;
  } catch (error) {
    await Promise.all(sources.map((source) => source.close()));
    throw error;
  }
}

async function openReportOf(options: Options): Promise<Report | undefined> {
  const { report } = options;
  if (report === undefined) {
    return undefined;
  }
  const inputs = fileKinds.flatMap((kind) => options[kind] ?? []);
  if (inputs.some((path) => resolve(path) === resolve(report))) {
    throw new UsageError(`--report ${report}: This is one of the files to import.`);
  }
  try {
    return await openReport(report);
  } catch (error) {
    throw new UsageError(`--report ${report}: ${(error as Error).message}`);
  }
}

function helpText(): string {
  const lines = fileKinds.map((kind) => {
    const { required, anyOf = [], optional } = columns[kind];
    const rest = optional.filter((name) => !anyOf.includes(name));
    const needed = [...required, ...(anyOf.length > 0 ? [anyOf.join(' or ')] : [])];
    return `  ${kind}: ${needed.join(', ')} [${rest.join(', ')}]`;
  });
  return `
Columns (in brackets: may be left out):
${lines.join('\n')}

An import can be repeated and continued: what is there already is left unchanged. Several roles stand in one cell, with |
between them. A dry run holds the rows it touches until it ends: writers of these organizations are told to try again.
Exit code: 0 all rows are in, 1 some were refused, 2 called wrongly and nothing written.`;
}
