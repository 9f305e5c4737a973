import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, fresh, join } from '../domain/world.ts';
import { say } from '../graphql/user-asks.ts';
import {
  accountsOf,
  createIssuersGateway,
  type IssuerName,
  type IssuersGateway,
} from './issuers.ts';

let world: IssuersGateway;

beforeAll(async () => {
  world = await createIssuersGateway();
});

afterAll(() => world.close());

const VIEWER = `query ($id: ID) { viewer { user { id email emailVerified } permissions(organizationId: $id) } }`;

type Viewer = {
  user: { id: string; email: string | null; emailVerified: boolean | null };
  permissions: string[];
};

/** Who somebody with this verified address is by that issuer; null for nobody. */
async function come(
  issuer: IssuerName,
  email: string,
  organizationId?: string,
): Promise<Viewer | null> {
  const id = organizationId && encodeId('org', organizationId);
  const { data } = await world.ask<{ viewer: Viewer }>(
    VIEWER,
    { id },
    await world.tokenOf(issuer, email),
  );
  return data?.viewer ?? null;
}

const address = (domain = 'victim.example') => `${fresh('victim')}@${domain}`;

const account = () => ({ issuer: 'https://imported.example', subject: fresh('account') });

describe('who came first by an issuer that does not speak for the address', () => {
  it('is a person whose address is not verified, and whom its owner does not join', async () => {
    const email = address();
    const attacker = await come('mute', email);
    expect(attacker?.user).toMatchObject({ email, emailVerified: false });
    expect(await come('home', email)).toBeNull();
    expect(await accountsOf(world, email)).toHaveLength(1);
  });

  it('makes way when a key takes the account away', async () => {
    const email = address();
    const attacker = await come('mute', email);
    const { issuer } = world.issuers.mute;
    await say(world, 'identityUnlink', { userId: attacker?.user.id, issuer, subject: email });
    expect((await come('home', email))?.user).toMatchObject({ email, emailVerified: true });
    expect(await come('mute', email)).toBeNull();
  });

  it('is joined when a key has verified the address', async () => {
    const email = address();
    const first = await come('mute', email);
    await say(world, 'userUpdate', { user: { id: first?.user.id }, emailVerified: true });
    expect((await come('home', email))?.user.id).toBe(first?.user.id);
  });
});

describe('a user of a key', () => {
  it.each([true, false])(
    'whom nobody signs in as is who comes: verified %s',
    async (emailVerified) => {
      const email = address();
      const { user } = await say(world, 'userCreate', { email, emailVerified });
      expect(await come('mute', email)).toBeNull();
      expect((await come('home', email))?.user).toEqual({
        id: user?.id,
        email,
        emailVerified: true,
      });
      expect((await come('second', email))?.user.id).toBe(user?.id);
      expect(await accountsOf(world, email)).toHaveLength(2);
    },
  );

  it('with somebody’s account is joined by those alone whose address is verified', async () => {
    const email = address();
    const { user } = await say(world, 'userCreate', { email, emailVerified: false });
    await say(world, 'identityLink', { userId: user?.id, ...account() });
    expect(await come('home', email)).toBeNull();
    await say(world, 'userUpdate', { user: { id: user?.id }, emailVerified: true });
    expect((await come('home', email))?.user.id).toBe(user?.id);
  });

  it('who got another address is joined by its owner only as whoever was there', async () => {
    const before = address();
    const after = address();
    const first = await come('home', before);
    await say(world, 'userUpdate', { user: { id: first?.user.id }, email: after });
    // Nobody has verified the new one, and somebody signs in.
    expect(await come('second', after)).toBeNull();
    const newcomer = await come('second', before);
    expect(newcomer?.user.id).not.toBe(first?.user.id);
    expect((await come('home', before))?.user.id).toBe(first?.user.id);
  });

  it('who is imported with an account is not joined either', async () => {
    const organizationId = await found(world);
    const email = address();
    await join(world, organizationId, { email });
    await world.query(
      `INSERT INTO identity (id, user_id, issuer, subject, created_at)
       SELECT gen_random_uuid(), id, 'https://imported.example', $1, now() FROM "user" WHERE email = $1`,
      [email],
    );
    expect(await come('home', email, organizationId)).toBeNull();
    expect(await accountsOf(world, email)).toHaveLength(1);
  });
});

describe('the single sign-on of an organization', () => {
  it('makes no user for another domain, and none of another domain its own', async () => {
    const newcomer = address();
    expect(await come('sso', newcomer)).toBeNull();
    const email = address();
    await come('home', email);
    expect(await come('sso', email)).toBeNull();
    expect(await accountsOf(world, newcomer)).toEqual([]);
    expect(await accountsOf(world, email)).toHaveLength(1);
  });

  it('gives what somebody holds there, and nothing elsewhere', async () => {
    const email = address('customer.example');
    const elsewhere = await found(world);
    const owner = { email, roleKeys: ['owner'] };
    await join(world, elsewhere, owner);
    const { userId } = await join(world, world.customerId, owner);
    const id = encodeId('usr', userId);
    const here = await come('sso', email, world.customerId);
    expect(here).toEqual({
      user: { id, email, emailVerified: true },
      permissions: expect.arrayContaining(['organization:delete']),
    });
    expect((await come('sso', email, elsewhere))?.permissions).toEqual([]);
    expect((await come('home', email, elsewhere))?.permissions).toContain('organization:delete');
    const { data } = await world.ask(
      `query ($here: ID!, $elsewhere: ID!) {
        here: organization(by: { id: $here }) { id }
        elsewhere: organization(by: { id: $elsewhere }) { id }
        viewer { user { createdAt identities { issuer } memberships { nodes { organization { id } } } } }
      }`,
      { here: encodeId('org', world.customerId), elsewhere: encodeId('org', elsewhere) },
      await world.tokenOf('sso', email),
    );
    const organization = { id: encodeId('org', world.customerId) };
    expect(data).toEqual({
      here: organization,
      elsewhere: null,
      viewer: {
        user: { createdAt: null, identities: null, memberships: { nodes: [{ organization }] } },
      },
    });
  });

  it('does not speak for the whole person', async () => {
    const email = address('customer.example');
    const { userId } = await join(world, world.customerId, { email });
    const token = await world.tokenOf('sso', email);
    const input = { user: { id: encodeId('usr', userId) }, profile: { name: 'Eve' } };
    expect(await say(world, 'userUpdate', input, token)).toMatchObject({ code: 'FORBIDDEN' });
    const whole = await world.tokenOf('home', email);
    expect((await say(world, 'userUpdate', input, whole)).user).toMatchObject({ name: 'Eve' });
  });

  it('makes a user who is somebody elsewhere only by an issuer that speaks for them', async () => {
    const email = address('customer.example');
    const first = await come('sso', email);
    expect(first?.user.id).toBeDefined();
    expect((await come('home', email))?.user.id).toBe(first?.user.id);
    expect(await come('mute', email)).toBeNull();
    expect(await come('limited', email)).toBeNull();
  });
});
