import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { startGraphiqlServer } from './graphiql-server.ts';

const goodKey = 'ghk_0123456789abcdefghijklmnopqrstuvwxyz';
const examples = [
  { title: 'Who am I?', query: 'query Viewer { viewer { kind } }' },
  {
    title: 'A title with "quotes" & <b>tags</b>',
    query: 'query Again($with: Boolean!) { viewer { kind @include(if: $with) } }',
    variables: { with: true },
  },
  { title: 'Live', query: 'subscription Ticks { tick { number kind } }' },
];

describe('GraphiQL', { timeout: 60_000 }, () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof startGraphiqlServer>>;
  let context: BrowserContext;
  let problems: string[];
  let refusals: number;

  beforeAll(async () => {
    browser = await launchBrowser();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
  });

  beforeEach(async () => {
    server = await startGraphiqlServer(examples);
    server.keys.add(goodKey);
    problems = [];
    refusals = 0;
    context = await browser.newContext();
    await context.route(
      ({ origin, protocol }) => protocol.startsWith('http') && origin !== server.origin,
      (route) => {
        problems.push(`request to ${route.request().url()}`);
        return route.abort();
      },
    );
    context.on('weberror', (error) => problems.push(String(error.error())));
    context.on('console', (message) => {
      // Chromium logs every 401, asked for or not.
      if (message.text().includes('401 (Unauthorized)')) {
        refusals += 1;
      } else if (message.type() === 'error' || message.type() === 'warning') {
        problems.push(message.text());
      }
    });
  });

  afterEach(async () => {
    await context?.close();
    await server?.stop();
    expect(problems, 'requests to others, errors, violations of the policy').toEqual([]);
  });

  const open = async (): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(server.origin);
    await page.locator('.graphiql-execute-button').waitFor();
    return page;
  };
  const keyField = (page: Page) => page.getByLabel('API key or token');
  const forget = (page: Page) => page.getByRole('button', { name: 'Forget key' });
  const notice = (page: Page) => page.getByRole('status');
  const result = (page: Page, text: string) =>
    page.locator('.graphiql-response').getByText(text, { exact: true });
  const run = (page: Page) => page.getByRole('button', { name: /^Execute query/ }).click();
  const enter = async (page: Page, key: string) => {
    await keyField(page).fill(key);
    await keyField(page).press('Enter');
  };
  const kept = (page: Page) =>
    page.evaluate(() => ({
      session: JSON.stringify({ ...sessionStorage }),
      local: JSON.stringify({ ...localStorage }),
      cookie: document.cookie,
      url: location.href,
    }));

  it('opens at / and answers without a key', async () => {
    const page = await open();
    expect(page.url()).toBe(`${server.origin}/graphiql`);
    expect(await page.title()).toBe('Gatehouse');
    await run(page);
    await result(page, '"anonymous"').waitFor();
    expect(server.received.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('takes a key once, for the tab, and sends it with every request', async () => {
    const page = await open();
    await enter(page, `Bearer ${goodKey} `);
    await forget(page).waitFor();
    await run(page);
    await result(page, '"apiKey"').waitFor();

    server.received.length = 0;
    await page.reload();
    await forget(page).waitFor();
    await run(page);
    await result(page, '"apiKey"').waitFor();
    expect(await keyField(page).isVisible()).toBe(false);
    expect(new Set(server.received.map(({ authorization }) => authorization))).toEqual(
      new Set([`Bearer ${goodKey}`]),
    );

    const { session, local, cookie, url } = await kept(page);
    expect(session).toContain(goodKey);
    expect({ local, cookie, url }).toEqual({
      local: '{}',
      cookie: '',
      url: `${server.origin}/graphiql`,
    });
    expect(await page.content()).not.toContain(goodKey);

    const other = await open();
    await keyField(other).waitFor();
    expect((await kept(other)).session).not.toContain(goodKey);
    await run(other);
    await result(other, '"anonymous"').waitFor();
  });

  it('forgets the key', async () => {
    const page = await open();
    await enter(page, goodKey);
    await forget(page).click();
    await keyField(page).waitFor();
    expect((await kept(page)).session).not.toContain(goodKey);
    await run(page);
    await result(page, '"anonymous"').waitFor();
  });

  it('says so when the server refuses a key, and asks again', async () => {
    const page = await open();
    await enter(page, 'ghk_wrong');
    await notice(page).getByText('refused this key (401)').waitFor();
    expect((await kept(page)).session).not.toContain('ghk_wrong');
    expect(refusals).toBe(1);

    await enter(page, goodKey);
    await forget(page).waitFor();
    server.keys.delete(goodKey);
    await run(page);
    await notice(page).getByText('refused this key (401)').waitFor();
    await result(page, '"Not authenticated."').waitFor();
    expect(await keyField(page).isVisible()).toBe(true);
    expect((await kept(page)).session).not.toContain(goodKey);
  });

  it('drops a stored key that was revoked meanwhile, and still shows the whole schema', async () => {
    const page = await open();
    await enter(page, goodKey);
    await forget(page).waitFor();
    server.keys.delete(goodKey);
    await page.reload();
    await notice(page).getByText('refused this key (401)').waitFor();
    // GraphiQL asks for the schema twice when the first answer has none; the second time there is no key.
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.getByRole('link', { name: 'Subscription', exact: true }).waitFor();
  });

  it('opens with the examples as tabs', async () => {
    const page = await open();
    const tabs = page.getByRole('tab');
    expect(await tabs.allInnerTexts()).toEqual(['Viewer', 'Again', 'Ticks']);
    await tabs.nth(1).click();
    const editor = page.getByLabel('Operation Editor');
    await editor.getByText('# A title with "quotes" & <b>tags</b>', { exact: true }).waitFor();
    await run(page);
    await result(page, '"anonymous"').waitFor();
  });

  it('reopens the tabs as they were, and the one that was open', async () => {
    const page = await open();
    for (const [index, name] of ['Viewer', 'Again'].entries()) {
      await page.getByRole('tab', { name }).click();
      // GraphiQL writes half a second after the last change.
      await page.waitForFunction(
        (state) => sessionStorage.getItem('graphiql:tabState')?.includes(state),
        `"activeTabIndex":${index}`,
      );
      await page.reload();
      await page.getByRole('tab', { name, selected: true }).waitFor();
      expect(await page.getByRole('tab').allInnerTexts()).toEqual(['Viewer', 'Again', 'Ticks']);
      await run(page);
      await result(page, '"anonymous"').waitFor();
    }
  });

  it('keeps what is typed out of the address and of what outlives the tab', async () => {
    const page = await open();
    await page.getByLabel('Operation Editor').locator('.view-lines').click();
    await page.keyboard.type('# a-token-of-an-invitation');
    await page.waitForFunction(() =>
      JSON.stringify({ ...sessionStorage }).includes('a-token-of-an-invitation'),
    );
    expect(await kept(page)).toMatchObject({
      local: '{}',
      cookie: '',
      url: `${server.origin}/graphiql`,
    });
  });

  it('has the documentation of the schema', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.getByRole('link', { name: 'Query', exact: true }).click();
    await page.getByText('Who is calling.', { exact: true }).waitFor();
  });

  it('shows the values of a subscription as they come, until it is stopped', async () => {
    const page = await open();
    await enter(page, goodKey);
    await forget(page).waitFor();
    await page.getByRole('tab', { name: 'Ticks' }).click();
    await run(page);
    await server.subscribed;
    for (const number of [41, 42]) {
      server.publish(number);
      await result(page, String(number)).waitFor();
    }
    await result(page, '"apiKey"').waitFor();
    await page.getByRole('button', { name: /^Stop query/ }).click();
    await server.unsubscribed;
    expect(new Set(server.received.map(({ method, url }) => `${method} ${url}`))).toEqual(
      new Set(['POST /graphql']),
    );
  });
});
