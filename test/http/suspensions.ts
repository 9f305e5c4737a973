/** Suspensions that are asked for with idempotency keys, and what came of them. */
import { expect } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, join } from '../domain/world.ts';
import type { TestGateway } from '../support/gateway.ts';
import { bearer, type Operation, post } from './wire.ts';

export const suspend = `mutation Suspend($input: MembershipSuspendInput!) {
  membershipSuspend(input: $input) {
    __typename
    ... on MembershipSuspendPayload { membership { id status version } }
    ... on Error { code message }
    ... on InputError { issues { path message } }
  }
}`;

/** A world in which there are always members to suspend. */
export async function suspensionsIn(world: TestGateway) {
  const organizationId = await found(world);
  return {
    organizationId,

    /** A member to suspend, and the operation that does it. */
    async newMember() {
      const { membershipId } = await join(world, organizationId);
      const id = encodeId('mbr', membershipId);
      const operation: Operation = { query: suspend, variables: { input: { membershipId: id } } };
      return { membershipId, id, operation };
    },

    /** Asks by POST, with the idempotency key in the header. */
    async ask(operation: Operation, key?: string, credential: string | null = world.key) {
      const header: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
      const headers = { ...bearer(credential), ...header };
      const { body } = await post(world.gateway.url, operation, headers);
      return JSON.parse(body);
    },

    /** What the events say of a membership, oldest first. */
    async causes(membershipId: string): Promise<string[]> {
      const rows = await world.query<{ cause: string }>(
        'SELECT cause FROM event WHERE membership_id = $1 ORDER BY sequence',
        [membershipId],
      );
      return rows.map(({ cause }) => cause);
    },
  };
}

export type Suspensions = Awaited<ReturnType<typeof suspensionsIn>>;

/** The answer shows the membership, suspended once. */
export function expectPayload(answer: unknown, id: string): void {
  expect(answer).toEqual({
    data: {
      membershipSuspend: {
        __typename: 'MembershipSuspendPayload',
        membership: { id, status: 'SUSPENDED', version: 2 },
      },
    },
  });
}

/** The operation was refused for its idempotency key. */
export function expectRefusal(answer: unknown, message: RegExp): void {
  expect(answer).toEqual({
    errors: [
      {
        message: expect.stringMatching(message),
        extensions: { code: 'INVALID_INPUT', argument: ['Idempotency-Key'] },
      },
    ],
  });
}
