import type { Browser, Page, Response } from 'playwright-core';
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

async function enterKey(page: Page) {
  await page.getByLabel('API key or token').fill(world.key);
  await page.getByLabel('API key or token').press('Enter');
  await page.getByRole('button', { name: 'Forget key' }).waitFor();
}

/** Runs what the open tab holds, the named operation; resolves when the gateway begins to answer. */
async function execute(page: Page, name: string): Promise<Response> {
  const answered = page.waitForResponse((response) =>
    response.request().postDataJSON()?.query.includes(` ${name}`),
  );
  await page.getByRole('button', { name: /^Execute query/ }).click();
  return answered;
}

it('explores the demo: the key once, then every example query answers without an error', async () => {
  const page = await open();
  await enterKey(page);
  for (const { query } of examples) {
    const [, kind = '', name = ''] = /(query|mutation|subscription) (\w+)/.exec(query) ?? [];
    if (kind === 'subscription') {
      continue;
    }
    await page.getByRole('tab', { name }).click();
    const answer = await (await execute(page, name)).json();
    expect(answer.errors, name).toBeUndefined();
    expect(JSON.stringify(answer.data), name).not.toMatch(/^\{"\w+":null\}$/);
  }
});

it('shows what happens as it happens, with the example that listens, until it is stopped', async () => {
  const page = await open();
  await enterKey(page);
  await page.getByRole('tab', { name: 'Listen' }).click();
  const answer = await execute(page, 'Listen');
  expect(answer.headers()['content-type']).toContain('text/event-stream');
  const shown = (text: string) =>
    page.locator('.graphiql-response').getByText(text, { exact: true }).waitFor();
  for (const name of ['First Live', 'Second Live']) {
    const { data } = await world.ask<{ organizationCreate: { __typename: string } }>(
      'mutation ($name: String!) { organizationCreate(input: { displayName: $name }) { __typename } }',
      { name },
    );
    expect(data?.organizationCreate.__typename).toBe('OrganizationCreatePayload');
    await shown('"ORGANIZATION_CREATED"');
    await shown(`"${name}"`);
  }
  await page.getByRole('button', { name: /^Stop query/ }).click();
  await page.getByRole('button', { name: /^Execute query/ }).waitFor();
});

it('shows the documentation of the schema to somebody without a key', async () => {
  const page = await open();
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByRole('link', { name: 'Query', exact: true }).click();
  await page.getByText('Everything that can be read.').waitFor();
  await page.getByRole('link', { name: 'organizations', exact: true }).waitFor();
});
