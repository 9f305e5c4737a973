import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeId } from '../../src/domain/id.ts';
import { graphql } from '../generated/gql.ts';
import { mailOf } from '../graphql/invitation-world.ts';
import { launchBrowser } from '../support/browser.ts';
import { createGateway } from '../support/gateway.ts';
import { type Invited, invite } from '../support/invited.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { holdLock } from '../support/writer.ts';
import { startProxy, type Visitor, visit } from './accept-world.ts';

const statusOf = graphql(`
  query AcceptPageStatus($id: ID!) {
    node(id: $id) { ... on Invitation { status membership { status } } }
  }
`);

const accept = graphql(`
  mutation AcceptPageAccept($token: String!) {
    invitationAccept(input: { token: $token }) { __typename }
  }
`);

const decline = graphql(`
  mutation AcceptPageDecline($token: String!) {
    invitationDecline(input: { token: $token }) { __typename }
  }
`);

const revoke = graphql(`
  mutation AcceptPageRevoke($invitationId: ID!) {
    invitationRevoke(input: { invitationId: $invitationId }) { __typename }
  }
`);

const resend = graphql(`
  mutation AcceptPageResend($invitationId: ID!) {
    invitationResend(input: { invitationId: $invitationId }) { __typename }
  }
`);

const restrict = graphql(`
  mutation AcceptPageRestrict($input: EnvironmentUpdateInput!) {
    environmentUpdate(input: $input) { __typename }
  }
`);

let browser: Browser;
let world: PeopleGateway;
let visitor: Visitor;

beforeAll(async () => {
  browser = await launchBrowser();
  world = await createPeopleGateway();
});

afterAll(async () => {
  await browser?.close();
  await world?.close();
});

beforeEach(async () => {
  visitor = await visit(browser);
});

afterEach(async () => {
  await visitor.context.close();
  expect(visitor.problems, 'errors, violations of the policy, a token told').toEqual([]);
});

const heading = (page: Page, name: string | RegExp) =>
  page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const notice = (page: Page) => page.getByRole('status');
const linkOf = ({ token }: Invited, url = world.gateway.url) => `${url}/accept?token=${token}`;

async function again(options: BrowserContextOptions): Promise<void> {
  await visitor.context.close();
  visitor = await visit(browser, options);
}

/** What has become of an invitation, and of the membership that it is about. */
async function became({ invitationId }: Invited): Promise<string[]> {
  const { node } = (await world.ask(statusOf, { id: invitationId })).data ?? {};
  return node && 'membership' in node ? [node.status, node.membership.status] : [];
}

describe('an open invitation', () => {
  it('is shown, changes nothing by that, and is accepted by a button', async () => {
    const ada = await world.tokenOf('ada@acme.example', { name: 'Ada Lovelace' });
    const invited = await invite(world, { credential: ada });
    const { text = '' } = await mailOf(world, invited.invitationId);
    const page = await visitor.open(/\S+\/accept\?token=[\w-]+/.exec(text)?.[0] ?? '');
    await heading(page, 'Ada Lovelace invites you to join Acme');
    expect(await page.title()).toBe('Ada Lovelace invites you to join Acme');
    await page.getByText(invited.email, { exact: true }).waitFor();
    expect(await page.locator('time').getAttribute('datetime')).toMatch(/^\d{4}-.*Z$/);
    expect(await became(invited)).toEqual(['PENDING', 'PENDING_INVITE']);
    await press(page, 'Join Acme');
    await heading(page, 'You have joined Acme');
    await page.getByText(`as ${invited.email} to go on`).waitFor();
    expect(await became(invited)).toEqual(['ACCEPTED', 'ACTIVE']);
    expect(visitor.sent).toEqual(['AcceptPreview', 'AcceptInvitation']);
  });

  it('is asked for by its token alone', async () => {
    const { url } = world.gateway;
    await visitor.context.addCookies([{ name: 'session', value: 'x', url }]);
    const page = await visitor.context.newPage();
    const asking = page.waitForRequest('**/graphql');
    await page.goto(linkOf(await invite(world)));
    const headers = await (await asking).allHeaders();
    expect(headers).toHaveProperty('content-type', 'application/json');
    for (const name of ['authorization', 'cookie', 'referer']) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  it('says what the inviter wrote, to the letter and line by line', async () => {
    const message = 'Hello <b>Grace</b>,\nwe wait for you.';
    const page = await visitor.open(linkOf(await invite(world, { message })));
    await heading(page, 'You are invited to join Acme');
    expect(await page.locator('#text').textContent()).toBe(`“${message}”`);
  });

  it('of somebody without a name names the organization alone', async () => {
    const page = await visitor.open(linkOf(await invite(world)));
    await heading(page, 'You are invited to join Acme');
  });

  it('is declined after one more question', async () => {
    const invited = await invite(world);
    const page = await visitor.open(linkOf(invited));
    await press(page, 'Decline');
    await heading(page, 'Decline the invitation to Acme?');
    await press(page, 'Go back');
    await heading(page, 'You are invited to join Acme');
    await press(page, 'Decline');
    expect(await became(invited)).toEqual(['PENDING', 'PENDING_INVITE']);
    await press(page, 'Yes, decline');
    await heading(page, 'You declined the invitation to Acme');
    expect(await became(invited)).toEqual(['DECLINED', 'REMOVED']);
    expect(visitor.sent).toEqual(['AcceptPreview', 'DeclineInvitation']);
  });

  it('is accepted once by a double click, and not declined by one', async () => {
    // Short, so that the buttons of the question stand where those before it stood.
    const invited = await invite(world, { email: 'grace@navy.example' });
    const page = await visitor.open(linkOf(invited));
    await page.getByRole('button', { name: 'Decline' }).dblclick();
    await heading(page, 'Decline the invitation to Acme?');
    await page.getByRole('button', { name: 'Go back' }).click();
    // The second half comes while the first is under way: who waits for a lock would be told to come back after three seconds.
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await visitor.context.route('**/graphql', async (route) => {
      await released;
      await route.continue();
    });
    const button = page.getByRole('button', { name: 'Join Acme' });
    await button.dblclick();
    await notice(page).getByText('Joining…').waitFor();
    expect(await button.isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Decline' }).isDisabled()).toBe(true);
    await button.click({ force: true });
    release();
    await heading(page, 'You have joined Acme');
    expect(visitor.sent).toEqual(['AcceptPreview', 'AcceptInvitation']);
  });

  it('is answered by the keyboard alone, and read out as it goes', async () => {
    const invited = await invite(world);
    const page = await visitor.open(linkOf(invited));
    await heading(page, 'You are invited to join Acme');
    const focused = () =>
      page.evaluate(() => {
        const element = document.activeElement;
        return `${element?.localName}: ${element?.textContent}`;
      });
    expect(await focused()).toBe('h1: You are invited to join Acme');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('button: Join Acme');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('button: Decline');
    const outline = 'getComputedStyle(document.activeElement).outlineStyle';
    expect(await page.evaluate(outline)).toBe('solid');
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('h1: Decline the invitation to Acme?');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    expect(await focused()).toBe('h1: You are invited to join Acme');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await heading(page, 'You have joined Acme');
    expect(await focused()).toBe('h1: You have joined Acme');
  });
});

describe('a link that leads to nothing open', () => {
  const closed: [status: string, close: (invited: Invited) => Promise<unknown>, says: string][] = [
    [
      'accepted',
      ({ token }) => world.ask(accept, { token }, null),
      'The invitation to Acme was accepted',
    ],
    [
      'declined',
      ({ token }) => world.ask(decline, { token }, null),
      'The invitation to Acme was declined',
    ],
    [
      'revoked',
      ({ invitationId }) => world.ask(revoke, { invitationId }),
      'The invitation to Acme was withdrawn',
    ],
    ['expired', expire, 'The invitation to Acme has expired'],
  ];

  it.each(closed)('says that it was %s', async (_status, close, says) => {
    const invited = await invite(world);
    await close(invited);
    const page = await visitor.open(linkOf(invited));
    await heading(page, says);
    expect(await page.getByRole('button').count()).toBe(0);
  });

  // Accepting twice is answered like the first time.
  it.each(closed.slice(1))('says so when it was %s meanwhile', async (_status, close, says) => {
    const invited = await invite(world);
    const page = await visitor.open(linkOf(invited));
    await page.getByRole('button', { name: 'Join Acme' }).waitFor();
    await close(invited);
    await press(page, 'Join Acme');
    await heading(page, says);
  });

  it.each(['x', `${'A'.repeat(43)}`, '<img src=x>'])(
    'does not know the token %s',
    async (token) => {
      const page = await visitor.open(
        `${world.gateway.url}/accept?token=${encodeURIComponent(token)}`,
      );
      await heading(page, 'This link does not work');
    },
  );

  it('does not know the link of a mail that a newer one replaced', async () => {
    const invited = await invite(world);
    await world.ask(resend, { invitationId: invited.invitationId });
    const page = await visitor.open(linkOf(invited));
    await heading(page, 'This link does not work');
  });

  it.each(['', '?', '?token=', '?token=%20', '?tok'])('misses the token in "%s"', async (query) => {
    const page = await visitor.open(`${world.gateway.url}/accept${query}`);
    await heading(page, 'This link is incomplete');
    expect(visitor.sent).toEqual([]);
  });

  async function expire({ invitationId }: Invited): Promise<void> {
    const rows = await world.query(
      `WITH overdue AS (
         UPDATE invitation SET expires_at = created_at WHERE id = $1 RETURNING membership_id
       )
       UPDATE membership SET status_deadline = created_at FROM overdue WHERE id = membership_id
       RETURNING id`,
      [decodeId('inv', invitationId)],
    );
    expect(rows).toHaveLength(1);
  }
});

describe('what goes wrong', () => {
  it('without a network says so, and can be tried again', async () => {
    const invited = await invite(world);
    const offline = () => visitor.context.route('**/graphql', (route) => route.abort());
    await offline();
    const page = await visitor.open(linkOf(invited));
    await heading(page, 'Your invitation cannot be shown now');
    await notice(page).getByText('The server cannot be reached').waitFor();
    await visitor.context.unroute('**/graphql');
    await press(page, 'Try again');
    await heading(page, 'You are invited to join Acme');
    await offline();
    await press(page, 'Join Acme');
    await notice(page).getByText('The server cannot be reached').waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Try again');
    await visitor.context.unroute('**/graphql');
    await press(page, 'Try again');
    await heading(page, 'You have joined Acme');
  });

  it('offers another try while others write', async () => {
    const invited = await invite(world);
    const page = await visitor.open(linkOf(invited));
    const writer = await holdLock(world.url, invited.organizationUuid);
    await press(page, 'Decline');
    await press(page, 'Yes, decline');
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await heading(page, 'Decline the invitation to Acme?');
    expect(await notice(page).textContent()).not.toBe('');
    await writer.leave();
    await press(page, 'Try again');
    await heading(page, 'You declined the invitation to Acme');
  });

  it('asks for patience when there were too many requests', async () => {
    const limited = await createGateway({ GATEHOUSE_RATE_PER_ADDRESS: '1' });
    try {
      const page = await visitor.open(`${limited.gateway.url}/accept?token=x`);
      await heading(page, 'This link does not work');
      await page.reload();
      await heading(page, 'Your invitation cannot be shown now');
      await notice(page).getByText('Wait a minute and try again.').waitFor();
      await page.getByRole('button', { name: 'Try again' }).waitFor();
    } finally {
      await limited.close();
    }
  });

  it('sends whoever has an account to it', async () => {
    const email = 'doubtful@navy.example';
    await world.ask('{ viewer { user { id } } }', {}, await world.tokenOf(email));
    await world.query(`UPDATE "user" SET email_verified = false WHERE email = $1`, [email]);
    const invited = await invite(world, { email });
    const page = await visitor.open(linkOf(invited));
    await press(page, 'Join Acme');
    await heading(page, 'Sign in to join Acme');
    await page.getByText('open the link from there').waitFor();
    await press(page, 'Back to the invitation');
    await heading(page, 'You are invited to join Acme');
    expect(await became(invited)).toEqual(['PENDING', 'PENDING_INVITE']);
  });

  it('tells in the words of the gateway why somebody cannot join', async () => {
    const single = await createGateway();
    try {
      const input = { membershipsPerUser: 'ONE' as const };
      await single.ask(restrict, { input });
      const first = await invite(single);
      const second = await invite(single, { email: first.email });
      await single.ask(accept, { token: first.token }, null);
      const page = await visitor.open(linkOf(second, single.gateway.url));
      await press(page, 'Join Acme');
      await page.getByRole('button', { name: 'Try again' }).waitFor();
      await notice(page).getByText('organization').waitFor();
      expect(visitor.sent).toEqual(['AcceptPreview', 'AcceptInvitation', 'AcceptPreview']);
    } finally {
      await single.close();
    }
  });

  it('says what is needed where there are no scripts', async () => {
    await again({ javaScriptEnabled: false });
    const page = await visitor.open(linkOf(await invite(world)));
    await page.locator('noscript p').waitFor();
    expect(await page.getByText('Your invitation').isVisible()).toBe(true);
    expect(await page.getByText('Looking it up').isVisible()).toBe(false);
    expect(visitor.sent).toEqual([]);
  });
});

describe('what others chose', () => {
  it.each([
    '<img src=x onerror=alert(1)>',
    '"><script>alert(1)</script>',
    '&lt;b&gt; {{config}} $1',
    'مؤسسة <b>',
  ])('stays text: %s', async (displayName) => {
    const invited = await invite(world, { organization: { displayName } });
    const page = await visitor.open(linkOf(invited));
    await heading(page, `You are invited to join ${displayName}`);
    expect(await page.locator('img').count()).toBe(2);
    await press(page, `Join ${displayName}`);
    await heading(page, `You have joined ${displayName}`);
    expect(await page.locator('img:visible').count()).toBe(1);
    expect(visitor.elsewhere).toEqual([]);
  });

  it('is a logo by https alone, which is told nothing and hidden when it is none', async () => {
    const logo = (page: Page) => page.locator('#logo');
    const good = 'https://logo.example/acme.svg';
    const page = await visitor.open(
      linkOf(await invite(world, { organization: { logoUrl: good } })),
    );
    await logo(page).waitFor();
    expect(visitor.elsewhere).toEqual([{ url: good, headers: expect.anything() }]);
    expect(visitor.elsewhere[0]?.headers).not.toHaveProperty('referer');

    const broken = await invite(world, { organization: { logoUrl: 'https://broken.example/x' } });
    const failed = visitor.context.waitForEvent('requestfailed');
    const other = await visitor.open(linkOf(broken));
    await failed;
    await heading(other, 'You are invited to join Acme');
    expect(await logo(other).isVisible()).toBe(false);

    visitor.elsewhere.length = 0;
    for (const url of ['http://logo.example/x', 'javascript:alert(1)', 'data:image/svg+xml,x']) {
      await world.query(`UPDATE organization SET logo_url = $1 WHERE id = $2`, [
        url,
        broken.organizationUuid,
      ]);
      await other.reload();
      await heading(other, 'You are invited to join Acme');
      expect(await logo(other).getAttribute('src'), url).toBeNull();
    }
    expect(visitor.elsewhere).toEqual([]);
  });

  it('fits onto the smallest screen', async () => {
    await again({ viewport: { width: 320, height: 480 } });
    const displayName = `${'W'.repeat(100)} ${'Universität '.repeat(8)}`.trim();
    const email = `${'x'.repeat(60)}@${'y'.repeat(60)}.example`;
    const page = await visitor.open(
      linkOf(await invite(world, { organization: { displayName }, email })),
    );
    await heading(page, `You are invited to join ${displayName}`);
    const width = () => page.evaluate('document.documentElement.scrollWidth');
    expect(await width()).toBe(320);
    await press(page, 'Decline');
    expect(await width()).toBe(320);
  });
});

it('works below a path of a reverse proxy, and with a slash at the end', async () => {
  const proxy = await startProxy(world.gateway.localUrl);
  try {
    const invited = await invite(world);
    const page = await visitor.open(linkOf(invited, proxy.url).replace('?', '/?'));
    await press(page, 'Join Acme');
    await heading(page, 'You have joined Acme');
    const other = await visitor.open(linkOf(invited, proxy.url));
    await heading(other, 'The invitation to Acme was accepted');
  } finally {
    await proxy.stop();
  }
});

it('works where nothing else runs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-accept-'));
  const file = join(folder, 'f0a5a9c0.json');
  const viewer = '{ viewer { kind } }';
  await writeFile(file, JSON.stringify({ [await sha256(viewer)]: viewer }));
  const invited = await invite(world);
  const strict = await createGateway(
    {
      GATEHOUSE_PERSISTED_DOCUMENTS: file,
      GATEHOUSE_INTROSPECTION: 'off',
      GATEHOUSE_SUGGESTIONS: 'off',
      GATEHOUSE_GRAPHIQL: 'off',
    },
    world,
  );
  try {
    const page = await visitor.open(linkOf(invited, strict.gateway.url));
    await press(page, 'Join Acme');
    await heading(page, 'You have joined Acme');
  } finally {
    await strict.gateway.stop();
    await rm(folder, { recursive: true });
  }
});

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Buffer.from(digest).toString('hex');
}
