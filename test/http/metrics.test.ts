import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type ObservedGateway, observeGateway } from './observed-gateway.ts';
import { bearer, openSocket, post, type Reply, send, transports } from './wire.ts';

const TOKEN = 'metrics-token-of-this-test';
const viewer = '{ viewer { kind } }';

let world: ObservedGateway;
let closed: ObservedGateway;

beforeAll(async () => {
  world = await observeGateway({ GATEHOUSE_METRICS_TOKEN: TOKEN });
  closed = await observeGateway();
});

afterAll(async () => {
  await world?.close();
  await closed?.close();
});

function scrape(headers: Record<string, string | string[]> = bearer(TOKEN)): Promise<Reply> {
  return send(`${world.url}/metrics`, { headers });
}

/** The samples by what they are called, labels included. */
async function samples(): Promise<Map<string, number>> {
  const { body } = await scrape();
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1).replace('Nan', 'NaN'))];
    }),
  );
}

/** By how much the sample grew while `work` was done: at last, since answers are counted when they are over. */
async function growth(work: () => Promise<unknown>, name: string, expected: number) {
  const before = (await samples()).get(name) ?? 0;
  await work();
  const grown = async () => ((await samples()).get(name) ?? 0) - before;
  await expect.poll(grown, { message: name }).toBe(expected);
}

/** A transaction that has run the statement, and ends when the result is called. */
async function hold(statement: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: world.database.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(statement);
  onTestFinished(() => client.end());
  return () => client.end();
}

async function mutate(mutation: string) {
  const query = `mutation { ${mutation} }`;
  const { body } = await post(world.url, { query }, bearer(world.key));
  return JSON.parse(body).data;
}

async function organizationCreate(name: string): Promise<string> {
  const data = await mutate(
    `organizationCreate(input: { displayName: "${name}" }) {
      ... on OrganizationCreatePayload { organization { id } } }`,
  );
  return data.organizationCreate.organization.id;
}

describe('who may read them', () => {
  it('is whoever has the token, and nobody where there is none', async () => {
    expect((await scrape()).status).toBe(200);
    expect((await send(`${closed.url}/metrics`, { headers: bearer(TOKEN) })).status).toBe(404);
    expect((await send(`${closed.url}/metrics`)).status).toBe(404);
  });

  it.each([
    [{}],
    [bearer(`${TOKEN}x`)],
    [bearer(TOKEN.slice(1))],
    [bearer('')],
    [{ authorization: TOKEN }],
    [{ authorization: [`Bearer ${TOKEN}`, `Bearer ${TOKEN}`] }],
  ])('is nobody with %j', async (headers) => {
    const reply = await scrape(headers);
    expect(reply).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    expect(reply.body).not.toContain('gatehouse_');
  });

  it('is no key, and the token opens nothing else', async () => {
    expect((await scrape(bearer(world.key))).status).toBe(401);
    expect((await post(world.url, { query: viewer }, bearer(TOKEN))).status).toBe(401);
    const headers = bearer(TOKEN);
    expect((await send(`${world.url}/metrics`, { method: 'POST', headers })).status).toBe(405);
  });
});

it('are written as OpenMetrics', async () => {
  const { headers, body } = await scrape();
  expect(headers['content-type']).toBe(
    'application/openmetrics-text; version=1.0.0; charset=utf-8',
  );
  expect(headers['cache-control']).toBe('no-store');
  expect(body).toMatch(/\n# EOF\n$/);
  const types = [...body.matchAll(/^# TYPE (\S+) (counter|gauge|histogram|summary)$/gm)];
  const names = types.map(([, name]) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const line of body.split('\n')) {
    expect(line).toMatch(/^(?:# (?:HELP|TYPE) \S+ .+|# EOF|[a-z0-9_]+(?:\{[^}]*\})? \S+|)$/);
  }
  expect(names).toEqual(
    expect.arrayContaining(['process_cpu_seconds', 'nodejs_eventloop_lag_seconds']),
  );
});

describe('requests', () => {
  const counted = (labels: string) => `gatehouse_requests_total{${labels}}`;

  it.each([
    ['POST', 'http'],
    ['GET', 'http'],
    ['SSE by POST', 'event-stream'],
    ['SSE by GET', 'event-stream'],
    ['WebSocket', 'websocket'],
  ])('are counted by %s', async (name, transport) => {
    const ask = (query: string) => () =>
      transports[name]?.(world.url, { query }, world.key) as Promise<unknown>;
    const labels = `route="graphql",transport="${transport}"`;
    await growth(ask(viewer), counted(`${labels},operation="query",outcome="ok"`), 1);
    await growth(ask('{ no }'), counted(`${labels},operation="none",outcome="refused"`), 1);
    const query = '{ node(id: "x") { id } }';
    await growth(ask(query), counted(`${labels},operation="query",outcome="refused"`), 1);
  });

  it('are counted as failed when it is our fault', async () => {
    const failed = 'route="graphql",transport="http",operation="query",outcome="failed"';
    await world.database.query('ALTER TABLE organization RENAME TO organization_away');
    const query = '{ organizations { nodes { id } } }';
    await growth(() => post(world.url, { query }, bearer(world.key)), counted(failed), 1);
    await world.database.query('ALTER TABLE organization_away RENAME TO organization');
  });

  it('are measured', async () => {
    const labels = 'route="graphql",transport="http",operation="query"';
    const count = `gatehouse_request_duration_seconds_count{${labels}}`;
    await growth(() => post(world.url, { query: viewer }), count, 1);
    const all = await samples();
    const sum = all.get(`gatehouse_request_duration_seconds_sum{${labels}}`) ?? 0;
    expect(sum).toBeGreaterThan(0);
    const infinite = `gatehouse_request_duration_seconds_bucket{le="+Inf",${labels}}`;
    expect(all.get(infinite)).toBe(all.get(count));
  });

  it('that ask for a mutation are counted as such, with what the result refuses', async () => {
    const query = `mutation { organizationCreate(input: { displayName: "A", slug: "not a slug" }) {
      ... on OrganizationCreatePayload { organization { id } } } }`;
    const ask = () => post(world.url, { query }, bearer(world.key));
    await growth(ask, 'gatehouse_refusals_total{code="INVALID_INPUT"}', 1);
    const refused = 'route="graphql",transport="http",operation="mutation",outcome="refused"';
    await growth(ask, counted(refused), 1);
  });

  it('that are refused are counted by code, however they come', async () => {
    const stranger = () => post(world.url, { query: viewer }, bearer('nobody'));
    await growth(stranger, 'gatehouse_refusals_total{code="UNAUTHENTICATED"}', 1);
    const page = () => post(world.url, { query: viewer }, { origin: 'null' });
    await growth(page, 'gatehouse_refusals_total{code="ORIGIN_NOT_ALLOWED"}', 1);
  });
});

it("have labels of a few values, none of them the caller's", async () => {
  const needles = ['Zebra', 'zebra', world.key, TOKEN];
  const before = (await samples()).size;
  for (let index = 0; index < 20; index += 1) {
    const query = `query Zebra${index} { viewer { kind } }`;
    await post(world.url, { query }, { 'x-request-id': `zebra-${index}`, ...bearer(world.key) });
    await send(`${world.url}/zebra/${index}`);
    await send(`${world.url}/graphql`, { method: 'DELETE' });
    const extensions = { code: `ZEBRA_${index}` };
    await post(world.url, { query: `{ zebra${index} }`, extensions }, bearer(world.key));
  }
  const { body } = await scrape();
  for (const needle of needles) {
    expect(body).not.toContain(needle);
  }
  // A handful of new combinations, once, with their buckets.
  expect((await samples()).size - before).toBeLessThan(80);
});

describe('the database', () => {
  beforeEach(async () => {
    await expect.poll(async () => (await samples()).get('gatehouse_database_up')).toBe(1);
  });

  it('is told by its pools and queues', async () => {
    await post(world.url, { query: viewer }, bearer(world.key));
    const all = await samples();
    for (const pool of ['read', 'write']) {
      const of = (state: string) =>
        all.get(`gatehouse_database_connections{pool="${pool}",state="${state}"}`) ?? Number.NaN;
      expect(of('busy') + of('idle'), pool).toBeGreaterThanOrEqual(1);
      expect(all.get(`gatehouse_queue_length{queue="database_${pool}"}`)).toBe(0);
    }
    expect(all.get('gatehouse_queue_length{queue="turns"}')).toBe(0);
  });

  it('shows who waits for their turn', async () => {
    const id = await organizationCreate('Busy');
    // The first writer waits for this lock, and the next ones for the first.
    const release = await hold('LOCK TABLE organization IN EXCLUSIVE MODE');
    const query = `mutation { organizationUpdate(input: { organization: { id: "${id}" }, displayName: "B" }) { __typename } }`;
    const writes = [1, 2, 3].map(() => post(world.url, { query }, bearer(world.key)));
    await expect
      .poll(async () => (await samples()).get('gatehouse_queue_length{queue="turns"}'))
      .toBe(2);
    await release();
    await Promise.all(writes);
    expect((await samples()).get('gatehouse_queue_length{queue="turns"}')).toBe(0);
  });

  it('shows how far the stream of events is behind', async () => {
    const lag = async () => (await samples()).get('gatehouse_feed_lag_seconds') ?? 0;
    const release = await hold('SELECT pg_current_xact_id()');
    const first = await lag();
    expect(first).toBeGreaterThan(0);
    await expect.poll(lag).toBeGreaterThan(first + 0.05);
    await release();
  });

  it('shows how far deadlines are behind', async () => {
    const lag = async () => (await samples()).get('gatehouse_sweeper_lag_seconds') ?? 0;
    expect(await lag()).toBeLessThan(60);
    const organizationId = await organizationCreate('Late');
    const added = await mutate(
      `membershipCreate(input: {
        organization: { id: "${organizationId}" }, user: { email: "late@example.com" }
      }) { ... on MembershipCreatePayload { membership { id } } }`,
    );
    const { id } = added.membershipCreate.membership;
    await mutate(
      `membershipSuspend(input: { membershipId: "${id}", until: "2090-01-01T00:00:00Z" }) { __typename }`,
    );
    // What is settled is written down with its event, which cannot be written now.
    const release = await hold('LOCK TABLE event IN EXCLUSIVE MODE');
    await world.database.query(
      `UPDATE membership SET status_changed_at = now() - interval '2 hours',
        status_deadline = now() - interval '1 hour' WHERE status_deadline IS NOT NULL`,
    );
    expect(await lag()).toBeGreaterThan(3590);
    await release();
    await expect.poll(lag).toBe(0);
  });

  it('shows how far mail is behind', async () => {
    const lag = async () => (await samples()).get('gatehouse_mail_lag_seconds');
    await expect.poll(lag).toBe(0);
    const organizationId = await organizationCreate('Slow mail');
    // Who leaves mail may, and nobody takes it.
    const release = await hold('LOCK TABLE invitation_token IN EXCLUSIVE MODE');
    await mutate(
      `invitationCreate(input: { organizationId: "${organizationId}", email: "slow@example.com" }) { __typename }`,
    );
    await expect.poll(lag).toBeGreaterThan(0.05);
    await release();
    await expect.poll(lag).toBe(0);
  });

  it('being away keeps nobody from the rest', async () => {
    await world.cut();
    const all = await samples();
    expect(all.get('gatehouse_database_up')).toBe(0);
    expect(all.get('gatehouse_feed_lag_seconds')).toBeNaN();
    expect(all.get('process_cpu_seconds_total')).toBeGreaterThan(0);
    await world.mend();
  });
});

it('forget nothing of WebSockets that are closed in the middle', async () => {
  const labels = 'route="graphql",transport="websocket",operation="query",outcome="ok"';
  const leave = async () => {
    const { tell, hear, socket } = await openSocket(world.url);
    tell({ type: 'connection_init', payload: bearer(world.key) });
    await hear();
    tell({ type: 'subscribe', id: '1', payload: { query: viewer } });
    socket.close(1000);
  };
  await growth(leave, `gatehouse_requests_total{${labels}}`, 1);
});
