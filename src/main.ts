/** The process: the only place that reads the environment, writes to the terminal and ends the process. */
import { runCommand } from './cli/program.ts';

process.exitCode = await runCommand({ argv: process.argv, env: process.env });
