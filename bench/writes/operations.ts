/** What is written, and how each contender is asked for it. */
import { decodeId, encodeId, type IdKind, kindOf } from '../../src/domain/id.ts';
import { type Contender, GATEHOUSE, requestOf } from '../operations.ts';
import { OPERATIONS } from '../questions.ts';
import { randomNumbers } from '../samples.ts';
import { organizationUuid } from '../world.ts';
import { type Asks, postOnce } from './asks.ts';
import { type Place, roleKey, type Targets, TENANTS } from './world.ts';

export type WriteName = 'membershipCreate' | 'membershipRoleAssign' | 'membershipSuspend';

export const WRITES: Record<WriteName, { target: keyof Targets; input(email: string): object }> = {
  membershipCreate: {
    target: 'organizations',
    input: (email) => ({ organization: { id: '$target' }, user: { email } }),
  },
  membershipRoleAssign: {
    target: 'memberships',
    input: () => ({ membershipId: '$target', roleKeys: [roleKey('$lap')] }),
  },
  membershipSuspend: { target: 'memberships', input: () => ({ membershipId: '$target' }) },
};

export const WRITE_NAMES = Object.keys(WRITES) as WriteName[];

const READS = 2048;

/** How a contender is asked for a write, over and over, each time on the next target of the place. */
export function asksOf(
  contender: Contender,
  write: WriteName,
  place: Place,
  targets: Targets,
): Asks {
  const { name, url, key } = contender;
  const { target, input } = WRITES[write];
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const variables = { input: input(`${place}.$number@example.com`) };
  const uuids = targets[target];
  // Who is suspended must be brought back before they can be suspended again.
  const perTurn = write === 'membershipSuspend' ? uuids.length : undefined;
  if (name !== GATEHOUSE) {
    const body = JSON.stringify(variables.input);
    return { url: `${url}/${write}`, headers, body, targets: uuids, expected: '"id":', perTurn };
  }
  const type = `${write.charAt(0).toUpperCase()}${write.slice(1)}`;
  const query = `mutation ($input: ${type}Input!) {
  ${write}(input: $input) { __typename ... on ${type}Payload { membership { id status version } } } }`;
  const kind = target === 'organizations' ? 'org' : 'mbr';
  return {
    url,
    headers,
    body: JSON.stringify({ query, variables }),
    targets: uuids.map((uuid) => encodeId(kind, uuid)),
    expected: `"__typename":"${type}Payload"`,
    perTurn,
  };
}

/** How a contender is asked for the read (b), of organizations in which nobody writes. */
export function readsOf(contender: Contender): Asks {
  const random = randomNumbers(READS);
  const requests = Array.from({ length: READS }, () => {
    const id = organizationUuid(Math.floor(random() * TENANTS));
    return requestOf(contender, { operation: 'b', first: OPERATIONS.b.first, id });
  });
  const [{ url, headers } = { url: '', headers: {} }] = requests;
  const bodies = requests.map(({ body }) => body);
  return { url, headers, body: '$target', targets: bodies, expected: '"totalCount"' };
}

/** What came of a write: the membership, with its uuid; null when it was refused. */
export type Written = { id: string; status: string; version: number };

/** Asks for the `number`th write of `asks`. Rejects when there is no answer that says yes or no. */
export async function writeOnce(asks: Asks, number: number): Promise<Written | null> {
  const { url } = asks;
  const response = await postOnce(asks, number);
  const text = await response.text();
  if (response.status === 409) {
    return null;
  }
  const answer: { data?: Record<string, { membership?: Written }> } & Partial<Written> = JSON.parse(
    text,
    uuidOfId,
  );
  if (answer.data !== undefined) {
    return Object.values(answer.data)[0]?.membership ?? null;
  }
  const { id, status, version } = answer;
  if (!response.ok || id === undefined || status === undefined || version === undefined) {
    throw new Error(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
  }
  return { id, status, version };
}

function uuidOfId(_name: string, value: unknown): unknown {
  const kind: IdKind | null = typeof value === 'string' ? kindOf(value) : null;
  return typeof value === 'string' && kind !== null ? decodeId(kind, value) : value;
}
