/** What the tests of the feed have in common: acts through the gateway, and what the table has. */
import { vi } from 'vitest';
import { decodeId, encodeId } from '../../src/domain/id.ts';
import { decodeEventCursor, encodeEventCursor } from '../../src/graphql/event-cursor.ts';
import type { EventPlace } from '../../src/loaders/event-place.ts';
import { found, fresh } from '../domain/world.ts';
import type { TestDatabase } from '../support/database.ts';
import type { TestGateway } from '../support/gateway.ts';
import type { Event, Stream } from './listener.ts';

/** Waits until a check of what was told holds. */
export const soon = (check: () => void | Promise<void>, timeout = 40_000) =>
  vi.waitFor(check, { timeout, interval: 20 });

type Asking = Pick<TestGateway, 'ask'>;

/** Does an act, which must succeed; BUSY is tried again. Resolves to the payload's selection. */
export async function change<Payload = Record<string, unknown>>(
  world: Asking,
  name: string,
  input: object,
  { credential, selection = '' }: { credential?: string; selection?: string } = {},
): Promise<Payload> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const { data, errors } = await world.ask<{ result: { __typename: string; code?: string } }>(
    `mutation ($input: ${type}Input!) {
      result: ${name}(input: $input) { __typename ... on Error { code message } ... on ${type}Payload { __typename ${selection} } } }`,
    { input },
    credential,
  );
  if (data?.result.code === 'BUSY') {
    return change(world, name, input, { credential, selection });
  }
  if (data?.result.__typename !== `${type}Payload`) {
    throw new Error(JSON.stringify(errors ?? data));
  }
  return data.result as Payload;
}

/** Adds somebody to an organization (org_…): one event of it, and one of a new user. */
export const add = (world: Asking, organizationId: string) =>
  change(world, 'membershipCreate', {
    organization: { id: organizationId },
    user: { email: `${fresh('listened')}@example.com` },
  });

/** A new organization: its uuid, its id, and the cursor of its last event. */
export async function place(world: TestDatabase & Asking) {
  const uuid = await found(world);
  const id = encodeId('org', uuid);
  return { uuid, id, after: await lastCursor(world, id) };
}

/** The cursor of the last event of an organization (org_…), or of all, which the list may not show yet. */
export async function lastCursor(
  { query }: Pick<TestDatabase, 'query'>,
  organizationId?: string,
): Promise<string> {
  const [last] = await query<EventPlace>(
    `SELECT epoch, transaction_id::text AS "transactionId", position::text, organization_id AS "organizationId", sequence
    FROM event WHERE organization_id = $1 OR $1::uuid IS NULL
    ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT 1`,
    [organizationId === undefined ? null : decodeId('org', organizationId)],
  );
  return last === undefined ? '' : encodeEventCursor(last);
}

/** The ids (evt_…) of the events that a condition finds in the table, in the order of their stream. */
export async function stored(
  { query }: TestDatabase,
  condition: string,
  values: unknown[] = [],
): Promise<string[]> {
  const rows = await query<{ id: string }>(
    `SELECT id FROM event WHERE ${condition} ORDER BY epoch, transaction_id, position`,
    values,
  );
  return rows.map(({ id }) => encodeId('evt', id));
}

/** The ids of all events after a cursor in the stream of the environment. */
export function storedAfter(world: TestDatabase, cursor: string): Promise<string[]> {
  const { epoch, transactionId, position } = decodeEventCursor(cursor) ?? {};
  return stored(world, '(epoch, transaction_id, position) > ($1, $2, $3)', [
    epoch,
    transactionId,
    position,
  ]);
}

export const idsOf = (stream: { events(): Event[] }) => stream.events().map(({ id }) => id);

/** What a stream ended with, once it is over. */
export async function endOf(stream: Stream): Promise<{ code?: string; cursor?: string | null }> {
  await stream.over;
  return stream.error()?.extensions ?? {};
}
