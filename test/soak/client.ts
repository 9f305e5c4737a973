/** One of many clients that change memberships without a pause, and know what was acknowledged to them. */
import { randomUUID } from 'node:crypto';

/** What a client was told of its member. */
type Known = {
  id: string;
  status: string;
  roles: Set<string>;
  name: string | null;
  events: number;
};

type Sent = {
  key: string;
  mutation: string;
  input: Record<string, unknown>;
  /** What is known once it is acknowledged. */
  apply(known: Known): void;
};

export type Target = { url: string; key: string };

export type Client = {
  /** Changes its member, one change after the other, until a connection fails. Resolves to how many it was told of. */
  run(target: Target): Promise<number>;
  /** Sends again what was on its way when the connection failed, with the same key. */
  repeat(target: Target): Promise<void>;
  known: Known;
};

/** Thrown when the gateway answers what it should not. */
class Wrong extends Error {}

/** Makes a client whose member joins one of the organizations. */
export function createClient(organizations: string[], number: number): Client {
  const email = `client${number}@example.com`;
  const known: Known = { id: '', status: 'NONE', roles: new Set(), name: null, events: 0 };
  let sent: Sent | undefined;

  const next = (): Sent => {
    const membershipId = known.id;
    const act = pick(possible(known));
    const make = (
      mutation: string,
      input: Record<string, unknown>,
      apply: Sent['apply'],
    ): Sent => ({ key: randomUUID(), mutation, input, apply });
    const move = (mutation: string, status: string, roles?: string[]) =>
      make(mutation, { membershipId }, (it) => {
        it.status = status;
        it.roles = new Set(roles ?? it.roles);
      });
    switch (act) {
      case 'create': {
        const organization = { id: organizations[number % organizations.length] };
        return make('membershipCreate', { organization, user: { email } }, (it) => {
          it.status = 'ACTIVE';
          it.roles = new Set(['member']);
        });
      }
      case 'suspend':
        return move('membershipSuspend', 'SUSPENDED');
      case 'reinstate':
        return move('membershipReinstate', 'ACTIVE');
      case 'remove':
        return move('membershipRemove', 'REMOVED', []);
      case 'reactivate':
        return move('membershipReactivate', 'ACTIVE', ['member']);
      case 'rename': {
        const name = `Name ${randomUUID()}`;
        return make('membershipUpdate', { membershipId, name }, (it) => {
          it.name = name;
        });
      }
      case 'assign':
        return make('membershipRoleAssign', { membershipId, roleKeys: ['admin'] }, (it) => {
          it.roles.add('admin');
        });
      case 'unassign':
        return make('membershipRoleUnassign', { membershipId, roleKeys: ['admin'] }, (it) => {
          it.roles.delete('admin');
        });
    }
  };

  /** Resolves to whether it was done; rejects when the connection failed. */
  const send = async (target: Target, change: Sent): Promise<boolean> => {
    const answer = await mutate(target, change);
    if (answer.code === 'BUSY') {
      return false;
    }
    if (!answer.membership) {
      throw new Wrong(`${change.mutation} of ${JSON.stringify([...known.roles])}: ${answer.code}`);
    }
    known.id = answer.membership.id;
    known.events += 1;
    change.apply(known);
    return true;
  };

  return {
    known,
    async run(target) {
      for (let told = 0; ; ) {
        sent = next();
        try {
          told += Number(await send(target, sent));
          sent = undefined;
        } catch (error) {
          if (error instanceof Wrong) {
            throw error;
          }
          return told;
        }
      }
    },
    async repeat(target) {
      while (sent !== undefined) {
        sent = (await send(target, sent)) ? undefined : sent;
      }
    },
  };
}

type Act =
  | 'create'
  | 'suspend'
  | 'reinstate'
  | 'remove'
  | 'reactivate'
  | 'rename'
  | 'assign'
  | 'unassign';

function possible({ status, roles }: Known): Act[] {
  const grant = roles.has('admin') ? 'unassign' : 'assign';
  const acts: Record<string, Act[]> = {
    NONE: ['create'],
    ACTIVE: ['suspend', 'remove', 'rename', grant],
    SUSPENDED: ['reinstate', 'remove', 'rename', grant],
    REMOVED: ['reactivate', 'rename'],
  };
  return acts[status] ?? [];
}

function pick(acts: Act[]): Act {
  return acts[Math.floor(Math.random() * acts.length)] ?? 'rename';
}

type Answer = { code?: string; membership?: { id: string } };

async function mutate({ url, key }: Target, change: Sent): Promise<Answer> {
  const type = `${change.mutation.charAt(0).toUpperCase()}${change.mutation.slice(1)}`;
  const query = `mutation ($input: ${type}Input!) {
    ${change.mutation}(input: $input) {
      ... on Error { code } ... on ${type}Payload { membership { id } }
    }
  }`;
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${key}`,
      'idempotency-key': change.key,
    },
    body: JSON.stringify({ query, variables: { input: change.input } }),
  });
  const { data } = await response.json();
  if (!data?.[change.mutation]) {
    throw new Error(`No answer: ${response.status}`);
  }
  return data[change.mutation];
}
