/** `gatehouse start`: the gateway itself. */
import { Command } from 'commander';
import { pino } from 'pino';
import type { Config } from '../config.ts';
import type { Gateway } from '../gateway.ts';

/** How long a stop may take. What is under way was given up long before; only a database that hangs takes longer. */
const STOP_MS = 15_000;

/** How long a start that is told to stop may take to come to where it can: a new database is not left half made. */
const START_MS = 60_000;

/** Ctrl-C reaches us from the terminal and once more from npm: that is one wish to stop, not two. */
const SAME_SIGNAL_MS = 500;

/** The command `start`. It ends when the process is told to, after draining. */
export function startCommand(settings: () => Config, say: (message: string) => void): Command {
  return new Command('start')
    .description('Starts the gateway. This is what happens without a command.')
    .action(async () => {
      const config = settings();
      const stopping = stopSignal(say);
      const log = pino({ level: config.logLevel }, pino.destination({ fd: 2, sync: true }));
      // Loaded only now: it takes most of a second, which no other command needs.
      const { startGateway } = await import('../gateway.ts');
      const gateway = await startGateway(config, { log, onProgress: say });
      const { trustsDevelopmentIssuer } = await import('../auth/development-issuer.ts');
      process.stdout.write(greeting(gateway, trustsDevelopmentIssuer(config)));
      await stopping;
      setTimeout(giveUp, STOP_MS, say).unref();
      await gateway.stop();
    });
}

function greeting(gateway: Gateway, isForDevelopment: boolean): string {
  const { url, graphiqlUrl, newApiKey, mailFolder } = gateway;
  const key = newApiKey
    ? [
        '',
        `  API key    ${newApiKey}`,
        '             It can do everything and is shown only this once: keep it.',
      ]
    : [];
  const token = isForDevelopment
    ? ['', '  People     `npm run token -- <email>` prints a token to call as a person.']
    : [];
  const mail =
    mailFolder === undefined
      ? []
      : [
          '',
          `  Mail       ${mailFolder}`,
          '             Without GATEHOUSE_SMTP_URL it goes to files.',
        ];
  const graphiql = graphiqlUrl === undefined ? [] : [`  GraphiQL   ${graphiqlUrl}`];
  const urls = [...graphiql, `  GraphQL    ${url}/graphql`];
  return ['', ...urls, ...key, ...mail, ...token, '', ''].join('\n');
}

// Listened for from before the start: a signal that comes in the middle of it counts, too.
function stopSignal(say: (message: string) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let since: number | undefined;
  const take = (signal: string) => {
    if (since === undefined) {
      since = performance.now();
      say(`${signal}: finishing what is under way.`);
      setTimeout(giveUp, START_MS, say).unref();
      resolve();
    } else if (performance.now() - since > SAME_SIGNAL_MS) {
      process.exit(130);
    }
  };
  process.on('SIGINT', take).on('SIGTERM', take);
  return promise;
}

// A crash is safe, and a stop that never ends is not one.
function giveUp(say: (message: string) => void): void {
  say('It does not end: stopping all the same.');
  process.exit(1);
}
