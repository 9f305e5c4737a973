import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_PERMISSIONS } from '../../src/domain/permission.ts';
import { createRateLimiter } from '../../src/http/limits/rate.ts';
import { found } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { keyWith } from './tenant.ts';
import { bearer, get, openSocket, post, transports } from './wire.ts';

const viewer = { query: '{ viewer { kind } }' };
/** Costs 101. */
const dear = { query: '{ users(first: 100) { nodes { id } } }' };

describe('the limit of a caller', () => {
  const key = (id: string) => ({
    principal: { kind: 'apiKey' as const, id, organizationId: 'of-one', permissions: [] },
    address: '192.0.2.1',
  });
  const nobody = (address: string) => ({ principal: { kind: 'anonymous' as const }, address });
  let now = 0;
  const limiter = (ratePerCaller?: number, ratePerAddress?: number) =>
    createRateLimiter({ ratePerCaller, ratePerAddress }, () => now);

  it('fills again in a minute, evenly', () => {
    const rate = limiter(600);
    expect(rate.take(key('a'), 600)).toBe(0);
    expect(rate.left(key('a'))).toBe(0);
    expect(rate.take(key('a'), 1)).toBe(100);
    now += 50;
    expect(rate.take(key('a'), 1)).toBe(50);
    now += 50;
    expect(rate.take(key('a'), 1)).toBe(0);
    now += 600_000;
    expect(rate.left(key('a'))).toBe(600);
  });

  it('is their own', () => {
    const rate = limiter(600, 100);
    rate.charge(key('a'), 600);
    expect(rate.take(key('a'), 1)).toBeGreaterThan(0);
    expect(rate.take(key('b'), 1)).toBe(0);
    expect(rate.take(nobody('192.0.2.1'), 1)).toBe(0);
    expect(rate.take({ principal: undefined, address: '192.0.2.1' }, 100)).toBeGreaterThan(0);
  });

  it('lets through what is dearer than a minute, and then nothing for as long as that takes', () => {
    const rate = limiter(600);
    expect(rate.take(key('a'), 1200)).toBe(0);
    expect(rate.take(key('a'), 0)).toBe(60_000);
    now += 60_000;
    expect(rate.take(key('a'), 0)).toBe(0);
    expect(rate.take(key('a'), 1200)).toBe(60_000);
  });

  it('asks nobody to wait for longer than two minutes', () => {
    const rate = limiter(600);
    rate.charge(key('a'), 1_000_000);
    expect(rate.take(key('a'), 600)).toBe(120_000);
  });

  it('is one for the network of an IPv6 address, however it is written', () => {
    const rate = limiter(undefined, 100);
    rate.charge(nobody('2001:db8::1'), 100);
    for (const address of ['2001:db8::2', '2001:db8:0:0:ffff:1:2:3', '2001:db8::1%eth0']) {
      expect(rate.take(nobody(address), 1), address).toBeGreaterThan(0);
    }
    expect(rate.take(nobody('2001:db8:0:1::1'), 1)).toBe(0);
    rate.charge(nobody('::ffff:192.0.2.1'), 100);
    expect(rate.take(nobody('192.0.2.1'), 1)).toBeGreaterThan(0);
    expect(rate.take(nobody('192.0.2.2'), 1)).toBe(0);
  });

  it('does not remember more callers than it has room for', () => {
    const rate = limiter(undefined, 100);
    rate.charge(nobody('first'), 100);
    for (let index = 0; index < 100_000; index += 1) {
      rate.charge(nobody(`other ${index}`), 100);
    }
    expect(rate.left(nobody('first'))).toBe(100);
    expect(rate.left(nobody('other 99999'))).toBe(0);
  });

  it('is a hundred times as much for a backend, which asks for all whom it serves', () => {
    const rate = limiter(600);
    const backend = key('a');
    const asking = { ...backend, principal: { ...backend.principal, organizationId: null } };
    expect(rate.left(asking)).toBe(60_000);
    expect(rate.take(asking, 60_000)).toBe(0);
    expect(rate.take(asking, 1)).toBeGreaterThan(0);
  });

  it('can be switched off', () => {
    const rate = limiter();
    rate.charge(key('a'), 1e12);
    expect(rate.take(key('a'), 1e12)).toBe(0);
    expect(rate.left(key('a'))).toBeNull();
  });
});

describe('over the wire', () => {
  let world: TestGateway;
  let url: string;
  let key: string;
  let other: string;

  beforeAll(async () => {
    world = await createGateway({
      GATEHOUSE_RATE_PER_CALLER: '150',
      GATEHOUSE_RATE_PER_ADDRESS: '250',
    });
    url = world.gateway.url;
    const organizationId = await found(world);
    key = await keyWith(world, [ALL_PERMISSIONS], organizationId);
    other = await keyWith(world, [ALL_PERMISSIONS], organizationId);
  });

  afterAll(() => world.close());

  const limited = {
    errors: [
      {
        message: expect.stringMatching(/^This exceeds the limit "rate": try again in \d+ ms\.$/),
        extensions: { code: 'RATE_LIMITED', limit: 'rate', retryAfterMs: expect.any(Number) },
      },
    ],
  };

  it('refuses a key that asked for too much, on every transport, and lets another one be', async () => {
    expect((await world.ask(dear.query, {}, key)).errors).toBeUndefined();
    for (const [name, transport] of Object.entries(transports)) {
      expect(await transport(url, dear, key), name).toEqual(limited);
    }
    expect((await world.ask(viewer.query, {}, other)).data).toEqual({
      viewer: { kind: 'API_KEY' },
    });
  });

  it('says so by the status and by Retry-After', async () => {
    for (const accept of [
      'application/json',
      'application/graphql-response+json',
      'text/event-stream',
    ]) {
      const headers = { ...bearer(key), accept };
      for (const reply of [await post(url, dear, headers), await get(url, dear, headers)]) {
        expect(reply.status, accept).toBe(429);
        expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
      }
    }
  });

  it('counts what is refused, and credentials that are refused against their address', async () => {
    const guess = (index: number) => bearer(`ghk_${'x'.repeat(40)}${index}`);
    const statuses: number[] = [];
    for (let index = 0; index < 4; index += 1) {
      const headers = { ...guess(index), 'x-forwarded-for': `192.0.2.${index}` };
      statuses.push((await post(url, viewer, headers)).status);
    }
    expect(statuses).toEqual([401, 401, 429, 429]);
    // Another bad document does not find what a good one would cost either.
    expect((await post(url, { query: '{ nothing }' })).status).toBe(200);
    for (const [name, transport] of Object.entries(transports)) {
      expect(await transport(url, viewer, null), name).toEqual(limited);
    }
    const forwarded = {
      'x-forwarded-for': '192.0.2.9',
      forwarded: 'for=192.0.2.9',
      'x-real-ip': '192.0.2.9',
    };
    expect((await post(url, viewer, forwarded)).status).toBe(429);
    const socket = await openSocket(url);
    socket.tell({ type: 'connection_init', payload: guess(9) });
    expect(await socket.closed).toEqual({ code: 1013, reason: 'Try again later' });
  });
});
