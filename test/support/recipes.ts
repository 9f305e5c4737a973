/** The recipes of the README, as they stand there. */
import { readFileSync } from 'node:fs';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The code block with a title; `url` takes the place of the address that a gateway has by default. */
export function recipe(title: string, url: string): string {
  const [, text] = new RegExp(`^\`\`\`\\w+ title=${title}\n(.*?)^\`\`\`$`, 'ms').exec(readme) ?? [];
  if (text === undefined) {
    throw new Error(`The README has no block of code with title=${title}.`);
  }
  return text.replaceAll('127.0.0.1:4000', new URL(url).host);
}
