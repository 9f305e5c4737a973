import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, join } from '../domain/world.ts';
import { settled } from '../graphql/event-world.ts';
import { launchBrowser } from '../support/browser.ts';
import { type Cuttable, createCuttable } from '../support/cuttable.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { recipe } from '../support/recipes.ts';

/** What a bundler would find, and put in the place of `process.env.NODE_ENV`. */
const packages = {
  '@urql/core': '/node_modules/@urql/core/dist/urql-core.mjs',
  '@0no-co/graphql.web': '/node_modules/@0no-co/graphql.web/dist/graphql.web.mjs',
  wonka: '/node_modules/wonka/dist/wonka.mjs',
  'graphql-ws': '/node_modules/graphql-ws/dist/client.js',
};

const html = `<!doctype html><script type="importmap">${JSON.stringify({ imports: packages })}</script>
<script>process = { env: { NODE_ENV: 'production' } }</script>
<script type="module" src="/page.js"></script>`;

/** The pages of a product, on an origin of their own. */
const pages = createServer(async ({ url = '/' }, response) => {
  const isModule = url.startsWith('/node_modules/') || url === '/page.js';
  response.setHeader('content-type', isModule ? 'text/javascript' : 'text/html');
  if (url === '/page.js') {
    response.end(recipe('page.js', line.url));
  } else if (isModule) {
    response.end(await readFile(new URL(`../..${url}`, import.meta.url)));
  } else {
    response.end(html);
  }
});

let browser: Browser;
let world: PeopleGateway;
let line: Cuttable;
let origin: string;

beforeAll(async () => {
  browser = await launchBrowser();
  pages.listen(0, '127.0.0.1');
  await once(pages, 'listening');
  origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
  world = await createPeopleGateway({ gateway: { GATEHOUSE_ALLOWED_ORIGINS: origin } });
  line = await createCuttable(world.gateway.localUrl);
});

afterAll(async () => {
  await browser?.close();
  await line?.close();
  await world?.close();
  pages.close();
});

it('urql shows people what happens to their memberships, also after a lost connection', async () => {
  const member = await join(world, await found(world));
  // Or that they were added is told, too, once other transactions of the cluster do not hold it back any more.
  await settled(world);
  const membershipId = encodeId('mbr', member.membershipId);
  const done: string[] = [];
  const change = async (act: string, cause: string) => {
    const { data } = await world.ask<{ result: { __typename: string } }>(
      `mutation ($membershipId: ID!) { result: ${act}(input: { membershipId: $membershipId }) { __typename } }`,
      { membershipId },
    );
    expect(data?.result.__typename).toMatch(/Payload$/);
    done.push(cause);
  };
  const token = await world.tokenOf(member.email);
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.addInitScript((text) => sessionStorage.setItem('token', text), token);
  await page.goto(origin);
  const shown = () => page.locator('p').allInnerTexts();

  // It begins with what happens once it is there.
  while ((await shown()).length === 0) {
    await change('membershipSuspend', 'SUSPENDED');
    await change('membershipReinstate', 'REINSTATED');
    await page.waitForTimeout(300);
    expect(problems).toEqual([]);
  }
  line.cut();
  await change('membershipSuspend', 'SUSPENDED');
  await change('membershipReinstate', 'REINSTATED');
  line.mend();
  await change('membershipRemove', 'REMOVED');
  await page.getByText('REMOVED').waitFor();
  const told = await shown();
  expect(told).toEqual(done.slice(-told.length));
  expect(told.length).toBeGreaterThan(3);
  expect(problems).toEqual([]);
});
