import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { startGateway } from '../../src/gateway.ts';
import { fresh } from '../domain/world.ts';
import { newDataDir } from '../support/data-dir.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { expectPayload, type Suspensions, suspend, suspensionsIn } from './suspensions.ts';
import { keyWith } from './tenant.ts';
import { bearer, overSocket, post, resultInEvents, transports } from './wire.ts';

let world: TestGateway;
let there: Suspensions;

beforeAll(async () => {
  world = await createGateway();
  there = await suspensionsIn(world);
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

/** Changes what the key that was made last may do. */
async function allowNewestKey(permissions: string): Promise<void> {
  await world.query(
    `UPDATE api_key SET permissions = $1 WHERE id = (
      SELECT id FROM api_key ORDER BY created_at DESC, id DESC LIMIT 1)`,
    [permissions],
  );
}

describe('the same request', () => {
  it('is done once, and answered alike', async () => {
    const { membershipId, id, operation } = await there.newMember();
    const key = fresh('key');
    expectPayload(await there.ask(operation, key), id);
    expectPayload(await there.ask(operation, key), id);
    expect(await there.causes(membershipId)).toEqual(['IMPORTED', 'SUSPENDED']);
    const again = await there.ask(operation);
    expect(again.data.membershipSuspend.code).toBe('INVALID_TRANSITION');
  });

  it('is done once when it comes twenty times at once', async () => {
    const { membershipId, id, operation } = await there.newMember();
    const key = fresh('key');
    const answers = await Promise.all(Array.from({ length: 20 }, () => there.ask(operation, key)));
    for (const answer of answers) {
      expectPayload(answer, id);
    }
    expect(await there.causes(membershipId)).toEqual(['IMPORTED', 'SUSPENDED']);
  });

  it('is done once whatever transport it comes by', async () => {
    const { membershipId, id, operation } = await there.newMember();
    const key = fresh('key');
    const keyed = { ...operation, extensions: { idempotencyKey: key } };
    const headers = {
      ...bearer(world.key),
      'idempotency-key': key,
      accept: 'text/event-stream',
    };
    const streamed = await post(world.gateway.url, operation, headers);
    const answers = [
      resultInEvents(streamed.body),
      await overSocket(world.gateway.url, keyed, world.key),
      await transports.POST?.(world.gateway.url, keyed, world.key),
      await transports['SSE by POST']?.(world.gateway.url, keyed, world.key),
      await there.ask(keyed, key),
    ];
    for (const answer of answers) {
      expectPayload(answer, id);
    }
    expect(await there.causes(membershipId)).toEqual(['IMPORTED', 'SUSPENDED']);
  });

  it('is told by its values: neither by their order nor by a name that goes without saying', async () => {
    const { membershipId, id } = await there.newMember();
    const key = fresh('key');
    const input = { membershipId: id, reason: 'Leave' };
    const reordered = { reason: 'Leave', membershipId: id };
    expectPayload(await there.ask({ query: suspend, variables: { input } }, key), id);
    const named = { query: suspend, variables: { input: reordered }, operationName: 'Suspend' };
    expectPayload(await there.ask(named, key), id);
    expect(await there.causes(membershipId)).toHaveLength(2);
  });

  it('shows what it changed as it is now, to those who may see it now', async () => {
    const { membershipId, operation } = await there.newMember();
    const key = fresh('key');
    const mine = await keyWith(
      world,
      ['membership:suspend', 'membership:read'],
      there.organizationId,
    );
    await there.ask(operation, key, mine);
    await world.query('UPDATE membership SET version = 7 WHERE id = $1', [membershipId]);
    const seen = await there.ask(operation, key, mine);
    expect(seen.data.membershipSuspend.membership).toMatchObject({ version: 7 });
    await allowNewestKey('{organization:read}');
    const unseen = await there.ask(operation, key, mine);
    expect(unseen.data.membershipSuspend).toEqual({
      __typename: 'MembershipSuspendPayload',
      membership: null,
    });
  });

  it('counts over a restart of the gateway', async () => {
    const { membershipId, id, operation } = await there.newMember();
    const key = fresh('key');
    const GATEHOUSE_DATA_DIR = newDataDir();
    const config = readConfig({ PORT: '0', DATABASE_URL: world.url, GATEHOUSE_DATA_DIR });
    for (const _start of [1, 2]) {
      const gateway = await startGateway(config, { log: pino({ level: 'silent' }) });
      const headers = { ...bearer(world.key), 'idempotency-key': key };
      const { body } = await post(gateway.url, operation, headers);
      await gateway.stop();
      expectPayload(JSON.parse(body), id);
    }
    expect(await there.causes(membershipId)).toHaveLength(2);
  });
});

describe('another request', () => {
  it('with the same key is refused, and nothing runs', async () => {
    const [one, other] = [await there.newMember(), await there.newMember()];
    const key = fresh('key');
    await there.ask(one.operation, key);
    const spaced = { ...one.operation, query: `${suspend} ` };
    const renamed = { ...one.operation, query: suspend.replace('Suspend(', 'Other(') };
    for (const operation of [other.operation, spaced, renamed]) {
      const answer = await there.ask(operation, key);
      expect(answer.data.membershipSuspend).toEqual({
        __typename: 'InputError',
        code: 'INVALID_INPUT',
        message: expect.stringContaining('Idempotency-Key was used for another operation'),
        issues: [{ path: ['Idempotency-Key'], message: expect.any(String) }],
      });
    }
    expect(await there.causes(other.membershipId)).toEqual(['IMPORTED']);
  });

  it('is what somebody else asks: the key is theirs', async () => {
    const [one, other] = [await there.newMember(), await there.newMember()];
    const key = fresh('key');
    const theirs = await keyWith(
      world,
      ['membership:suspend', 'membership:read'],
      there.organizationId,
    );
    expectPayload(await there.ask(one.operation, key), one.id);
    expectPayload(await there.ask(other.operation, key, theirs), other.id);
    const same = await there.ask(one.operation, key, theirs);
    expect(same.data.membershipSuspend.code).toBe('INVALID_INPUT');
  });

  it('is the same a day later', async () => {
    const { membershipId, id, operation } = await there.newMember();
    const other = await there.newMember();
    const key = fresh('key');
    expectPayload(await there.ask(operation, key), id);
    const age = (interval: string) =>
      world.query(
        `UPDATE idempotency_record SET created_at = now() - $2::interval WHERE key = $1`,
        [key, interval],
      );
    await age('23 hours 59 minutes');
    expectPayload(await there.ask(operation, key), id);
    await age('24 hours');
    expect((await there.ask(operation, key)).data.membershipSuspend.code).toBe(
      'INVALID_TRANSITION',
    );
    expectPayload(await there.ask(other.operation, key), other.id);
    expectPayload(await there.ask(other.operation, key), other.id);
    expect(await there.causes(membershipId)).toHaveLength(2);
    expect(await there.causes(other.membershipId)).toHaveLength(2);
  });

  it('is the one after a refusal, which is not kept', async () => {
    const { membershipId, id, operation } = await there.newMember();
    const key = fresh('key');
    const weak = await keyWith(world, ['membership:read'], there.organizationId);
    expect((await there.ask(operation, key, weak)).data.membershipSuspend.code).toBe('FORBIDDEN');
    await allowNewestKey('{membership:read,membership:suspend}');
    expectPayload(await there.ask(operation, key, weak), id);
    expectPayload(await there.ask(operation, key, weak), id);
    expect(await there.causes(membershipId)).toHaveLength(2);
  });
});
