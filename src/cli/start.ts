/** `gatehouse start`: the gateway itself. */
import { Command } from 'commander';
import { pino } from 'pino';
import type { Config } from '../config.ts';
import { type Gateway, startGateway } from '../gateway.ts';

/** The command `start`. It ends when the process is told to, after draining. */
export function startCommand(settings: () => Config, say: (message: string) => void): Command {
  return new Command('start')
    .description('Starts the gateway. This is what happens without a command.')
    .action(async () => {
      const config = settings();
      const stopping = stopSignal();
      const log = pino({ level: config.logLevel }, pino.destination({ fd: 2, sync: true }));
      const gateway = await startGateway(config, { log, onProgress: say });
      process.stdout.write(greeting(gateway));
      const signal = await stopping;
      say(`${signal}: finishing what is under way.`);
      await gateway.stop();
    });
}

function greeting({ url, newApiKey }: Gateway): string {
  const key = newApiKey
    ? [
        '',
        `  API key    ${newApiKey}`,
        '             It can do everything and is shown only this once: keep it.',
      ]
    : [];
  return ['', `  GraphiQL   ${url}/graphiql`, `  GraphQL    ${url}/graphql`, ...key, '', ''].join(
    '\n',
  );
}

// Listened for from before the start: a signal that comes in the middle of it counts, too.
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        resolve(signal);
      });
    }
  });
}
