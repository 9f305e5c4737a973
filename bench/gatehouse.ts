// Gatehouse as a contender: the whole gateway in a process of its own, on the database it is told.
import { pino } from 'pino';
import { readConfig } from '../src/config.ts';
import { startGateway } from '../src/gateway.ts';
import { takePart, task } from './contender.ts';

const { DATABASE_URL, API_KEY } = task();
const config = readConfig({ PORT: '0', DATABASE_URL, GATEHOUSE_API_KEY: API_KEY });
const gateway = await startGateway(config, { log: pino({ level: 'warn' }) });
takePart(`${gateway.url}/graphql`, () => gateway.stop());
