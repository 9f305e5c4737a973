/** `npm run schema`: writes schema.graphql; with --check, only compares it and fails when it differs. */
import { readFile, writeFile } from 'node:fs/promises';
import { printedSchema } from '../src/graphql/schema.ts';

const file = new URL('../schema.graphql', import.meta.url);
const printed = printedSchema();
if (!process.argv.includes('--check')) {
  await writeFile(file, printed);
} else if ((await readFile(file, 'utf8')) !== printed) {
  process.stderr.write('schema.graphql is not what the code says: run `npm run schema`.\n');
  process.exitCode = 1;
}
