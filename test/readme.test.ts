import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { describeSettings } from '../src/config.ts';

it('lists every setting in the README, as the program itself describes it', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const rows = describeSettings().map(
    ({ name, meaning, byDefault }) =>
      `| \`${name}\` | ${meaning} | ${byDefault ? `\`${byDefault}\`` : '–'} |`,
  );
  const table = readme.match(/^\| setting .*\n.*\n((?:\|.*\n)+)/m)?.[1];
  expect(table?.trimEnd().split('\n')).toEqual(rows);
});
