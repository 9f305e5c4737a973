/** The flags that `npm start` gives to Node, for whoever starts the gateway as its users do, but without npm. */
import { readFileSync } from 'node:fs';

const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Those that are numbers, such as `--max-semi-space-size=32`. */
export const START_FLAGS: readonly string[] = scripts.start.match(/--[\w-]+=\d+/g) ?? [];
