/** What is asked, how each contender is asked, and what its answer says. */
import { decodeId, encodeId, type IdKind, kindOf } from '../src/domain/id.ts';
import { PEERS } from './peers/peers.ts';

export type OperationName = 'a' | 'b' | 'c';

/** One operation on certain things of a world. */
export type Question = {
  operation: OperationName;
  /** How many members of an organization to ask for. */
  first: number;
  /** A uuid, or for (c) fifty. */
  id: string | string[];
};

export type Request = {
  /** @default POST */
  method?: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body: string;
};

/** A server that can be asked. */
export type Contender = { name: string; url: string; key: string };

export const GATEHOUSE = 'gatehouse';

export const OPERATIONS: Record<OperationName, { title: string; first: number; query: string }> = {
  a: {
    title: 'one user with its memberships, each with organization and roles',
    first: 100,
    query: `query A($id: ID!, $first: Int!) {
  user(by: { id: $id }) { id name email
    memberships(first: $first) { nodes { id status organization { id displayName slug } roles { id key displayName } } } } }`,
  },
  b: {
    title: 'one organization, its first 50 members with user and roles, totalCount',
    first: 50,
    query: `query B($id: ID!, $first: Int!) {
  organization(by: { id: $id }) { id displayName slug
    memberships(first: $first) { totalCount nodes { id status user { id name email } roles { id key displayName } } } } }`,
  },
  c: {
    title: '50 organizations with the first 10 members and users each',
    first: 10,
    query: `query C($id: [ID!]!, $first: Int!) {
  nodes(ids: $id) { ... on Organization { id displayName slug
    memberships(first: $first) { nodes { id status user { id name email } } } } } }`,
  },
};

export const OPERATION_NAMES = Object.keys(OPERATIONS) as OperationName[];

/** The request by which a contender is asked. The floors take uuids and know how many members are asked for. */
export function requestOf(contender: Contender, question: Question): Request {
  const { name, url, key } = contender;
  const peer = PEERS[name];
  if (peer !== undefined) {
    return peer.requestOf(contender, question);
  }
  const { operation, first, id } = question;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  if (name !== GATEHOUSE) {
    return { url: `${url}/${operation}`, headers, body: JSON.stringify({ id }) };
  }
  const kind = operation === 'a' ? 'usr' : 'org';
  const ids = typeof id === 'string' ? encodeId(kind, id) : id.map((one) => encodeId(kind, one));
  const { query } = OPERATIONS[operation];
  return { url, headers, body: JSON.stringify({ query, variables: { id: ids, first } }) };
}

/** Asks, and resolves to the data with every id as a uuid. Rejects when there is no data, or an error beside it. */
export async function ask(contender: Contender, question: Question): Promise<unknown> {
  const response = await send(requestOf(contender, question));
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${contender.name} answered ${response.status}: ${text.slice(0, 200)}`);
  }
  const answer: unknown = JSON.parse(text, uuidOfId);
  const data = dataOf(contender.name, answer, question);
  if (data === undefined) {
    throw new Error(`${contender.name} answered: ${text.slice(0, 200)}`);
  }
  return data;
}

/** Sends a request once. */
export function send({ method = 'POST', url, headers, body }: Request): Promise<Response> {
  return fetch(url, { method, headers, body: method === 'POST' ? body : undefined });
}

function dataOf(name: string, answer: unknown, question: Question): unknown {
  const peer = PEERS[name];
  if (peer !== undefined) {
    return peer.dataOf(answer, question);
  }
  if (name !== GATEHOUSE) {
    return answer;
  }
  const { data, errors } = answer as { data?: unknown; errors?: unknown };
  return errors === undefined ? data : undefined;
}

function uuidOfId(_name: string, value: unknown): unknown {
  const kind: IdKind | null = typeof value === 'string' ? kindOf(value) : null;
  return typeof value === 'string' && kind !== null ? decodeId(kind, value) : value;
}
