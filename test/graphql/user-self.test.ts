import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh, join } from '../domain/world.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { createPeopleGateway, type PeopleGateway } from '../support/people.ts';
import { mutate } from './membership-moves.ts';
import { say } from './user-asks.ts';

let world: PeopleGateway;
let organization: string;

beforeAll(async () => {
  world = await createPeopleGateway();
  organization = await found(world);
  await join(world, organization, { roleKeys: ['owner'] });
});

afterAll(async () => {
  expect(await brokenInvariants(world.url)).toEqual([]);
  await world.close();
});

/** A member who has signed in. */
async function person() {
  const member = await join(world, organization, { email: `${fresh('self')}@example.com` });
  const token = await world.tokenOf(member.email);
  return { ...member, token, user: { id: encodeId('usr', member.userId) } };
}

async function inModel<T>(model: string, work: () => Promise<T>): Promise<T> {
  await world.query(`UPDATE environment SET identity_model = '${model}'`);
  try {
    return await work();
  } finally {
    await world.query(`UPDATE environment SET identity_model = 'SHARED'`);
  }
}

const profile = {
  name: 'Ada',
  givenName: 'Ada',
  familyName: 'Lovelace',
  pictureUrl: 'https://p.example/a.png',
  locale: 'en-GB',
};

describe('their own user', () => {
  it('the profile, and metadata that nobody trusts', async () => {
    const { user, token } = await person();
    const own = { user, profile, untrustedMetadata: { theme: 'dark' } };
    expect((await say(world, 'userUpdate', own, token)).user).toMatchObject({
      ...profile,
      untrustedMetadata: { theme: 'dark' },
    });
    const cleared = await say(world, 'userUpdate', { user, profile: null }, token);
    expect(cleared.user).toMatchObject({ name: null, locale: null });
  });

  it.each([
    ['email', { email: 'other@example.com' }],
    ['emailVerified', { emailVerified: true }],
    ['externalId', { externalId: 'U-1' }],
    ['metadata', { metadata: { plan: 'gold' } }],
    ['metadata with the profile', { metadata: null, profile }],
  ])('not %s', async (_, input) => {
    const { user, token } = await person();
    expect((await say(world, 'userUpdate', { user, ...input }, token)).code).toBe('FORBIDDEN');
  });

  it('not by address, which takes the right to look people up by it', async () => {
    const { email, token } = await person();
    const said = await say(world, 'userUpdate', { user: { email }, profile }, token);
    expect(said.code).toBe('NOT_FOUND');
  });

  it('in the isolated model only metadata: the profile is each organization’s', async () => {
    await inModel('ISOLATED', async () => {
      const { user, token } = await person();
      expect((await say(world, 'userUpdate', { user, profile }, token)).code).toBe(
        'WRONG_IDENTITY_MODEL',
      );
      const own = { user, untrustedMetadata: { theme: 'dark' } };
      expect((await say(world, 'userUpdate', own, token)).__typename).toBe('UserUpdatePayload');
    });
  });

  it('accounts are linked and taken by keys', async () => {
    const { user, token } = await person();
    const account = { userId: user.id, issuer: 'https://evil.example', subject: 's' };
    expect((await say(world, 'identityLink', account, token)).code).toBe('FORBIDDEN');
    expect((await say(world, 'identityUnlink', account, token)).code).toBe('FORBIDDEN');
  });
});

describe('their own membership', () => {
  const change = (membershipId: string, input: object, token: string) =>
    mutate(
      world,
      'membershipUpdate',
      { membershipId: encodeId('mbr', membershipId), ...input },
      token,
    );

  it('its name and untrusted metadata, and in the isolated model its profile', async () => {
    const { membershipId, token } = await person();
    const own = { name: 'Miss Ada', untrustedMetadata: { desk: 1 } };
    expect((await change(membershipId, own, token)).membership).toMatchObject(own);
    await inModel('ISOLATED', async () => {
      const isolated = await change(membershipId, { profile: { givenName: 'Ada' } }, token);
      expect(isolated.__typename).toBe('MembershipUpdatePayload');
    });
  });

  it.each([
    ['externalId', { externalId: 'M-1' }],
    ['metadata', { metadata: { plan: 'gold' } }],
    ['isBreakglass', { isBreakglass: true }],
    ['emailAddress', { emailAddress: 'other@example.com' }],
  ])('not %s', async (_, input) => {
    const { membershipId, token } = await person();
    expect((await change(membershipId, input, token)).code).toBe('FORBIDDEN');
  });
});

describe('somebody else', () => {
  it('who is met is forbidden, who is not met is not there', async () => {
    const [one, two] = [await person(), await person()];
    const elsewhere = await found(world);
    const stranger = await join(world, elsewhere);
    for (const [userId, code] of [
      [two.userId, 'FORBIDDEN'],
      [stranger.userId, 'NOT_FOUND'],
      [crypto.randomUUID(), 'NOT_FOUND'],
    ] as const) {
      const id = encodeId('usr', userId);
      const update = await say(world, 'userUpdate', { user: { id }, profile }, one.token);
      expect(update.code, 'userUpdate').toBe(code);
      const confirmEmail = two.email;
      const removal = await say(world, 'userDelete', { userId: id, confirmEmail }, one.token);
      expect(removal.code, 'userDelete').toBe(code);
    }
  });
});

describe('erasing themselves', () => {
  it('takes their address as confirmation, and their token is worth nothing afterwards', async () => {
    const { user, email, token } = await person();
    const wrong = { userId: user.id, confirmEmail: 'other@example.com' };
    expect((await say(world, 'userDelete', wrong, token)).code).toBe('INVALID_INPUT');
    const right = { userId: user.id, confirmEmail: email.toUpperCase() };
    expect((await say(world, 'userDelete', right, token)).deletedUserId).toBe(user.id);
    const { errors } = await world.ask('{ viewer { kind } }', {}, token);
    expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
    expect(await world.query('SELECT id FROM "user" WHERE email = $1', [email])).toEqual([]);
  });

  it('is refused while they are suspended anywhere, where they would come back as somebody new', async () => {
    const { user, email, membershipId, token } = await person();
    const id = { membershipId: encodeId('mbr', membershipId) };
    await mutate(world, 'membershipSuspend', id, world.key);
    const input = { userId: user.id, confirmEmail: email };
    expect((await say(world, 'userDelete', input, token)).code).toBe('FORBIDDEN');
    await mutate(world, 'membershipReinstate', id, world.key);
    expect((await say(world, 'userDelete', input, token)).deletedUserId).toBe(user.id);
  });

  it('is refused to a last owner, with the organizations', async () => {
    const own = await found(world);
    const { userId, email } = await join(world, own, { roleKeys: ['owner'] });
    const token = await world.tokenOf(email);
    const input = { userId: encodeId('usr', userId), confirmEmail: email };
    expect(await say(world, 'userDelete', input, token)).toMatchObject({
      code: 'LAST_OWNER',
      organizations: [{ id: encodeId('org', own) }],
    });
  });
});
