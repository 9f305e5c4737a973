/** What is done to invitations, and how each contender is asked for it. */
import { encodeId } from '../../src/domain/id.ts';
import { type Contender, GATEHOUSE } from '../operations.ts';
import { type Asks, bodyOf } from '../writes/asks.ts';

/** Inviting one at a time or many in a batch, and accepting. */
export const WRITES = ['one', 'many', 'accept'] as const;

export type InvitationWrite = (typeof WRITES)[number];

/** How many people a batch invites. */
export const ROWS: Record<InvitationWrite, number> = { one: 1, many: 500, accept: 1 };

/** How many of each a turn asks for at most: there are only so many tokens. */
export const MOST_ACCEPTS = 500;

/** Organizations (uuids), and tokens of open invitations. */
export type Targets = { organizations: string[]; tokens: string[] };

const INVITE = `mutation ($input: InvitationBulkCreateInput!) {
  invitationBulkCreate(input: $input) { __typename ... on InvitationBulkCreatePayload { invitedCount refusedCount
    results { ... on InvitationBulkCreateRowPayload { invitation { id status } } } } } }`;

const ACCEPT = `mutation ($input: InvitationAcceptInput!) {
  invitationAccept(input: $input) { __typename
    ... on InvitationAcceptPayload { membershipId status organizationName } } }`;

/** How a contender is asked for a write, over and over, each time for other people. */
export function asksOf(
  { name, url, key }: Contender,
  write: InvitationWrite,
  { organizations, tokens }: Targets,
): Asks {
  const json = { 'content-type': 'application/json' };
  const isGatehouse = name === GATEHOUSE;
  if (write === 'accept') {
    return {
      url: isGatehouse ? url : `${url}/accept`,
      headers: json,
      body: JSON.stringify(
        isGatehouse
          ? { query: ACCEPT, variables: { input: { token: '$target' } } }
          : { token: '$target' },
      ),
      targets: tokens,
      expected: '"status":"ACTIVE"',
      perTurn: MOST_ACCEPTS,
    };
  }
  const rows = Array.from({ length: ROWS[write] }, (_, n) => ({
    email: `${write}.$number.${n}@example.com`,
  }));
  const input = { organizationId: '$target', rows };
  return {
    url: isGatehouse ? url : `${url}/invite`,
    headers: { ...json, authorization: `Bearer ${key}` },
    body: JSON.stringify(isGatehouse ? { query: INVITE, variables: { input } } : input),
    targets: isGatehouse ? organizations.map((id) => encodeId('org', id)) : organizations,
    expected: `"invitedCount":${ROWS[write]},"refusedCount":0`,
  };
}

/** Asks for the `number`th write; resolves to whether it was done. */
export async function askOnce(asks: Asks, number: number): Promise<boolean> {
  const { url, headers, expected } = asks;
  const response = await fetch(url, { method: 'POST', headers, body: bodyOf(asks, number) });
  const text = await response.text();
  if (!response.ok && ![401, 409].includes(response.status)) {
    throw new Error(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
  }
  return text.includes(expected);
}
