// Gatehouse as a contender: the whole gateway in a process of its own, on the database it is told.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { readConfig } from '../src/config.ts';
import { startGateway } from '../src/gateway.ts';
import { takePart, task } from './contender.ts';

const { DATABASE_URL, API_KEY, SETTINGS = '{}' } = task();
// Not that of whoever measures: the mail there is of another database.
const GATEHOUSE_DATA_DIR = join(tmpdir(), `gatehouse-bench-${process.pid}`);
const config = readConfig({
  PORT: '0',
  DATABASE_URL,
  GATEHOUSE_DATA_DIR,
  GATEHOUSE_API_KEY: API_KEY,
  ...JSON.parse(SETTINGS),
});
const gateway = await startGateway(config, { log: pino({ level: 'warn' }) });
takePart(`${gateway.url}/graphql`, () => gateway.stop());
