/** What is asked, how each contender is asked, and what its answer says. */
import { decodeId, encodeId, type IdKind, kindOf } from '../src/domain/id.ts';
import { PEERS } from './peers/peers.ts';
import { OPERATIONS, type OperationName } from './questions.ts';

/** One operation on certain things of a world. */
export type Question = {
  operation: OperationName;
  /** How many to ask for: members, memberships or events. */
  first: number;
  /** A uuid, or for (c) fifty. */
  id: string | string[];
  /** The token of the person who asks; left out: the contender's key. */
  token?: string;
  /** Part of a name. */
  search?: string;
  /** How many to pass over before the page begins. */
  skip?: number;
  /** The cursor behind those, as the contender that is asked writes it. */
  after?: string;
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

/** The request by which a contender is asked. The floors take uuids and know how much is asked for. */
export function requestOf(contender: Contender, question: Question): Request {
  const { name, url, key } = contender;
  const peer = PEERS[name];
  if (peer !== undefined) {
    return peer.requestOf(contender, question);
  }
  const { operation, first, id, token = key, search, after } = question;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  if (name !== GATEHOUSE) {
    return {
      url: `${url}/${operation}`,
      headers,
      body: JSON.stringify({ id, first, search, after }),
    };
  }
  const { query, kind } = OPERATIONS[operation];
  const ids = typeof id === 'string' ? encodeId(kind, id) : id.map((one) => encodeId(kind, one));
  const variables = { id: ids, first, search, after };
  return { url, headers, body: JSON.stringify({ query, variables }) };
}

/**
 * Asks, and resolves to the data with every id as a uuid and without cursors, which each contender writes in its own
 * way. Rejects when there is no data, or an error beside it.
 */
export async function ask(contender: Contender, question: Question): Promise<unknown> {
  const response = await send(requestOf(contender, question));
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${contender.name} answered ${response.status}: ${text.slice(0, 200)}`);
  }
  const answer: unknown = JSON.parse(text, comparable);
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

function comparable(name: string, value: unknown): unknown {
  if (name === 'endCursor') {
    return undefined;
  }
  const kind: IdKind | null = typeof value === 'string' ? kindOf(value) : null;
  return typeof value === 'string' && kind !== null ? decodeId(kind, value) : value;
}
