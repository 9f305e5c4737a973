import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { attachEmbeddedPostgres } from '../../src/db/embedded/embedded.ts';
import { gone, query, serverOf, temporaryFolder } from '../support/embedded-world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { type Client, createClient, type Target } from './client.ts';
import { KEY, startGateway } from './program.ts';

const SECONDS = Number(process.env.SOAK_SECONDS ?? 60);
const KILLS = 100;
const CLIENTS = 12;

async function ask<Data>({ url }: { url: string }, text: string): Promise<Data> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
    body: JSON.stringify({ query: text }),
  });
  return (await response.json()).data;
}

async function foundOrganizations(gateway: { url: string }): Promise<string[]> {
  const create = (n: number) =>
    `o${n}: organizationCreate(input: { displayName: "Organization ${n}" }) {
      ... on OrganizationCreatePayload { organization { id } } }`;
  const answers = await ask<Record<string, { organization: { id: string } }>>(
    gateway,
    `mutation { ${[1, 2, 3].map(create).join('\n')} }`,
  );
  return Object.values(answers).map(({ organization }) => organization.id);
}

/** What is stored of the clients' members, in the words of what they know. */
async function stored(gateway: { url: string }, clients: Client[]) {
  const members = clients.filter(({ known }) => known.id !== '');
  const fields = 'id status name roles { key } history(first: 0) { totalCount }';
  const list = members.map(({ known }) => `"${known.id}"`).join(', ');
  const { nodes } = await ask<{
    nodes: {
      id: string;
      status: string;
      name: string | null;
      roles: { key: string }[];
      history: { totalCount: number };
    }[];
  }>(gateway, `{ nodes(ids: [${list}]) { ... on Membership { ${fields} } } }`);
  return nodes.map(({ id, status, name, roles, history }) => ({
    id,
    status,
    name,
    roles: roles.map(({ key }) => key).sort(),
    events: history.totalCount,
  }));
}

it(
  `keeps what it acknowledged, each change once with its event, through ${KILLS} kills`,
  async () => {
    const folder = await temporaryFolder();
    const dataDir = join(folder, '.data');
    await mkdir(dataDir);
    let gateway = await startGateway(dataDir);
    const organizations = await foundOrganizations(gateway);
    const clients = Array.from({ length: CLIENTS }, (_, n) => createClient(organizations, n));
    let told = 0;
    let kills = 0;
    for (const until = Date.now() + SECONDS * 1000; kills < KILLS && Date.now() < until; ) {
      const target: Target = { url: gateway.url, key: KEY };
      const running = clients.map((client) => client.run(target));
      await sleep(50 + Math.random() * 700);
      const ended = once(gateway.child, 'exit');
      gateway.child.kill('SIGKILL');
      if (kills % 3 === 0) {
        const { pid } = await serverOf(dataDir);
        process.kill(pid, 'SIGKILL');
        await gone(pid);
      }
      await ended;
      kills += 1;
      told += (await Promise.all(running)).reduce((sum, each) => sum + each, 0);

      gateway = await startGateway(dataDir);
      await Promise.all(clients.map((client) => client.repeat({ url: gateway.url, key: KEY })));
      expect(await stored(gateway, clients), `after kill ${kills}`).toEqual(
        clients
          .filter(({ known }) => known.id !== '')
          .map(({ known: { id, status, name, roles, events } }) => ({
            id,
            status,
            name,
            roles: [...roles].sort(),
            events,
          })),
      );
      const server = await attachEmbeddedPostgres({ dataDir });
      try {
        expect(await brokenInvariants(server.url), `after kill ${kills}`).toEqual([]);
        // Each client has one member, however often it had to ask.
        const [members] = await query(server.url, 'SELECT count(*) FROM membership');
        expect(Number(members)).toBe(clients.filter(({ known }) => known.id !== '').length);
      } finally {
        await server.detach();
      }
    }
    expect(told).toBeGreaterThan(kills);
  },
  (SECONDS + 120) * 1000,
);
