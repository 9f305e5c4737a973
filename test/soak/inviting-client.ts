/** A client that invites without a pause, and knows what was acknowledged to it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEY } from './program.ts';

/** What was acknowledged of an invitation (inv_…). */
export type Acknowledged = { sends: number; isRevoked: boolean };

export type InvitingClient = {
  /** Invites, resends and revokes until told to stop; goes to another gateway when one does not answer. */
  run(urls: () => string[], signal: AbortSignal): Promise<void>;
  known: Map<string, Acknowledged>;
  /** How often there was no answer. */
  failures(): number;
};

const MOST_OPEN = 40;

type Shown = { id: string; sendCount: number };

/** What may be said besides: an invitation that another request of ours, which we know nothing of, has changed. */
const REFUSALS = ['BUSY', 'INVITATION_REVOKED'];

/** Makes a client that invites to these organizations (org_…). */
export function createInvitingClient(organizations: string[]): InvitingClient {
  const known = new Map<string, Acknowledged>();
  /** Those to go on with. */
  const open: string[] = [];
  let failures = 0;

  const ask = async (url: string, name: string, input: object, shown: string) => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const query = `mutation ($input: ${type}Input!) { result: ${name}(input: $input) {
      __typename ... on Error { code } ... on ${type}Payload { ${shown} } } }`;
    let answer: { data?: { result: Record<string, unknown> }; errors?: unknown };
    try {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
        body: JSON.stringify({ query, variables: { input } }),
      });
      answer = await response.json();
    } catch {
      failures += 1;
      await sleep(50);
      return undefined;
    }
    const result = answer.data?.result;
    if (!result || answer.errors) {
      throw new Error(`${name} had no result: ${JSON.stringify(answer)}`);
    }
    if (result.code !== undefined && !REFUSALS.includes(String(result.code))) {
      throw new Error(`${name} was refused: ${result.code}`);
    }
    return result.code === undefined ? result : undefined;
  };
  const INVITATION = 'invitation { id sendCount }';
  const sent = (invitation: unknown) => {
    const { id, sendCount } = invitation as Shown;
    if (!known.has(id)) {
      open.push(id);
      open.splice(0, open.length - MOST_OPEN);
    }
    known.set(id, { sends: sendCount, isRevoked: false });
  };
  const newcomer = () => ({ email: `${randomUUID()}@example.com`, message: 'Welcome aboard' });

  const step = async (url: string) => {
    const organizationId = pick(organizations);
    const invitationId = pick(open);
    const dice = Math.random();
    if (dice < 0.2 && invitationId !== undefined) {
      const done = await ask(url, 'invitationResend', { invitationId }, INVITATION);
      if (done) {
        sent(done.invitation);
      }
    } else if (dice < 0.3 && invitationId !== undefined) {
      const done = await ask(url, 'invitationRevoke', { invitationId }, INVITATION);
      if (done) {
        open.splice(open.indexOf(invitationId), 1);
        known.set(invitationId, { sends: known.get(invitationId)?.sends ?? 0, isRevoked: true });
      }
    } else if (dice < 0.5) {
      const rows = Array.from({ length: 2 + Math.floor(Math.random() * 10) }, newcomer);
      const shown = `results { ... on InvitationBulkCreateRowPayload { ${INVITATION} } }`;
      const done = await ask(url, 'invitationBulkCreate', { organizationId, rows }, shown);
      for (const row of (done?.results ?? []) as { invitation?: Shown }[]) {
        sent(row.invitation);
      }
    } else {
      const done = await ask(
        url,
        'invitationCreate',
        { organizationId, ...newcomer() },
        INVITATION,
      );
      if (done) {
        sent(done.invitation);
      }
    }
  };
  return {
    known,
    failures: () => failures,
    async run(urls, signal) {
      while (!signal.aborted) {
        await step(pick(urls()) ?? '');
      }
    },
  };
}

function pick<T>(of: T[]): T | undefined {
  return of[Math.floor(Math.random() * of.length)];
}
