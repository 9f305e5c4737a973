/** The flags that `npm start` gives to Node, for whoever starts the gateway as its users do, but without npm. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const [, flags = ''] = /\bnode (.+) src\/main\.ts$/.exec(scripts.start) ?? [];

/** Such as `--max-semi-space-size=32`; files are named whole. */
export const START_FLAGS: readonly string[] = flags
  .split(' ')
  .map((flag) => (flag.startsWith('./') ? fileURLToPath(new URL(flag, root)) : flag));
