import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fresh } from '../domain/world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { brokenInvariants } from '../support/invariants.ts';
import {
  expectPayload,
  expectRefusal,
  type Suspensions,
  suspend,
  suspensionsIn,
} from './suspensions.ts';
import { overSocket } from './wire.ts';

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

describe('a key', () => {
  const long = 'k'.repeat(255);

  it.each([long, ' ', '"7f8a, b"', '~'])('may be %s', async (key) => {
    const { id, operation } = await there.newMember();
    const extensions = { idempotencyKey: key };
    expectPayload(await there.ask({ ...operation, extensions }), id);
    expectPayload(await there.ask({ ...operation, extensions }), id);
  });

  it.each(['', `${long}k`, 'schlüssel', 'a\nb', '\u007f', 7, true, {}, ['a']])(
    'may not be %j',
    async (idempotencyKey) => {
      const { membershipId, operation } = await there.newMember();
      const keyed = { ...operation, extensions: { idempotencyKey } };
      expectRefusal(await there.ask(keyed), /1 to 255 printable ASCII/);
      expectRefusal(await overSocket(world.gateway.url, keyed, world.key), /1 to 255 printable/);
      expect(await there.causes(membershipId)).toEqual(['IMPORTED']);
    },
  );

  it('may not be empty in the header, nor another one than in the extensions', async () => {
    const { membershipId, operation } = await there.newMember();
    expectRefusal(await there.ask(operation, ''), /1 to 255 printable ASCII/);
    const keyed = { ...operation, extensions: { idempotencyKey: 'a' } };
    expectRefusal(await there.ask(keyed, 'b'), /one in the header and another/);
    expect(await there.causes(membershipId)).toEqual(['IMPORTED']);
  });

  it('is nobody’s without credentials', async () => {
    const { operation } = await there.newMember();
    expectRefusal(await there.ask(operation, 'a', null), /needs a caller who is known/);
  });

  it('is none when it is null, or of a query', async () => {
    const { id, operation } = await there.newMember();
    expectPayload(await there.ask({ ...operation, extensions: { idempotencyKey: null } }), id);
    const query = { query: '{ a: viewer { kind } b: viewer { kind } }' };
    expect((await there.ask(query, 'schlüssel')).errors).toBeUndefined();
    expect((await there.ask(query, 'a', null)).errors).toBeUndefined();
  });
});

describe('an operation with a key', () => {
  const head =
    'mutation ($a: MembershipSuspendInput!, $b: MembershipSuspendInput!, $no: Boolean = false)';
  const one = 'a: membershipSuspend(input: $a) @skip(if: $no) { __typename }';
  const other = 'b: membershipSuspend(input: $b) { __typename }';

  /** Asks with both members as variables, and tells what became of them. */
  async function tried(query: string) {
    const members = [await there.newMember(), await there.newMember()];
    const [a, b] = members.map(({ id }) => ({ membershipId: id }));
    const answer = await there.ask({ query, variables: { a, b } }, fresh('key'));
    const told = await Promise.all(members.map(({ membershipId }) => there.causes(membershipId)));
    return { answer, done: told.map((list) => list.includes('SUSPENDED')) };
  }

  it.each([
    ['two', `${head} { ${one} ${other} }`],
    [
      'two by a fragment',
      `${head} { ${one} ...F } fragment F on Mutation { ...G } fragment G on Mutation { ${other} }`,
    ],
    ['two by an inline fragment', `${head} { ${one} ... on Mutation { ${other} } }`],
    ['two, one of them included', `${head} { ${one} ... @skip(if: $no) { ${other} } }`],
    [
      'none',
      `${head} { __typename c: __typename ${one.replace('skip', 'include')} ${other.replace('{', '@include(if: $no) {')} }`,
    ],
  ])('is refused when it has %s', async (_what, query) => {
    const { answer, done } = await tried(query);
    expectRefusal(answer, /exactly one mutation/);
    expect(done).toEqual([false, false]);
  });

  it.each([
    [
      'one and its name',
      `${head} { __typename ${one} ${other.replace('{', '@include(if: $no) {')} }`,
    ],
    [
      'the same twice',
      `${head} { ${one} ${one} ...F @skip(if: true) } fragment F on Mutation { ${other} }`,
    ],
  ])('is done when it has %s', async (_what, query) => {
    const { answer, done } = await tried(query);
    expect(answer.errors).toBeUndefined();
    expect(done).toEqual([true, false]);
  });

  it('is refused for its variables as without one', async () => {
    const operation = { query: suspend, variables: { input: 7 } };
    expect(await there.ask(operation, fresh('key'))).toEqual(await there.ask(operation));
  });

  it('is looked through once, however its fragments are woven', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `F${index}`);
    const woven = names
      .slice(1)
      .map(
        (name, index) =>
          `fragment F${index} on Mutation { ...${name} ... on Mutation { ...${name} } }`,
      );
    const query = `${head} { ...F0 } ${woven.join(' ')} fragment F5 on Mutation { ${one} ${other} }`;
    const { answer } = await tried(query);
    expectRefusal(answer, /exactly one mutation/);
  });
});
