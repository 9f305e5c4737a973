import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fillWorld } from '../../src/cli/demo/fill.ts';
import { examples } from '../../src/http/examples.ts';
import { launchBrowser } from '../support/browser.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';

let browser: Browser;
let world: TestGateway;

beforeAll(async () => {
  browser = await launchBrowser();
  world = await createGateway();
  await fillWorld(world.runner);
});

afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function open(): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(world.gateway.url);
  await page.locator('.graphiql-execute-button').waitFor();
  return page;
}

/** Runs what the open tab holds, the named operation, and tells what the gateway answered. */
async function execute(page: Page, name: string) {
  const answered = page.waitForResponse((response) =>
    response.request().postDataJSON()?.query.includes(` ${name}`),
  );
  await page.getByRole('button', { name: /^Execute query/ }).click();
  return (await answered).json();
}

it('explores the demo: the key once, then every example query answers without an error', async () => {
  const page = await open();
  await page.getByLabel('API key or token').fill(world.key);
  await page.getByLabel('API key or token').press('Enter');
  await page.getByRole('button', { name: 'Forget key' }).waitFor();
  for (const { query } of examples) {
    const name = /(?:query|mutation) (\w+)/.exec(query)?.[1] ?? '';
    await page.getByRole('tab', { name }).click();
    const answer = await execute(page, name);
    expect(answer.errors, name).toBeUndefined();
    expect(JSON.stringify(answer.data), name).not.toMatch(/^\{"\w+":null\}$/);
  }
});

it('shows the documentation of the schema to somebody without a key', async () => {
  const page = await open();
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByRole('link', { name: 'Query', exact: true }).click();
  await page.getByText('Everything that can be read.').waitFor();
  await page.getByRole('link', { name: 'organizations', exact: true }).waitFor();
});
