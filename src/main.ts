/** The process: the only place that reads the environment, writes to the terminal and ends the process. */
import { runCommand } from './cli/program.ts';

const code = await runCommand({ argv: process.argv, env: process.env });
// Not by itself: the engine of the migrations leaves a timer that would hold the process for ten seconds.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
