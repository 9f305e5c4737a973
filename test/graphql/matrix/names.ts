/** Two organizations with everything in them that a right can hide, and what all of it is called. */
import { randomUUID } from 'node:crypto';
import { createApiKey } from '../../../src/domain/api-key.ts';
import { BUILT_IN_ROLE_IDS } from '../../../src/domain/environment.ts';
import { encodeId, type IdKind } from '../../../src/domain/id.ts';
import { suspendMembers } from '../../../src/domain/membership.ts';
import { single } from '../../../src/domain/outcome.ts';
import { act, join } from '../../domain/world.ts';
import type { TestDatabase } from '../../support/database.ts';
import { everyType, writeEvent } from '../event-world.ts';
import { OF_ORGANIZATION, type Tenant } from './callers.ts';
import { type Guests, inviteGuests } from './guests.ts';

/** What things of one organization are called. */
export type Names = {
  tenant?: Tenant;
  org: string;
  slug: string;
  formerSlug: string;
  externalId: string;
  /** A word that stands in the name of the organization and of Ada. */
  word: string;
  /** Ada has everything that a membership and a user can have, and is suspended for a time. */
  ada: { mbr: string; usr: string; email: string; externalId: string; userExternalId: string };
  /** A plain member, one who was removed, and an owner. */
  mia: { mbr: string; usr: string; email: string };
  gone: { mbr: string; usr: string; email: string };
  boss: { mbr: string; usr: string; email: string };
  /** Of Ada, newest last. */
  invitations: string[];
  guests: Guests;
  role: string;
  roleKey: string;
  key: string;
  revokedKey: string;
  /** One of each type that organizations have. */
  events: Record<string, string>;
  account: { issuer: string; subject: string };
};

/** Fills an organization (uuid). */
export async function furnish(
  world: TestDatabase,
  tenant: Tenant,
  organizationId: string,
): Promise<Names> {
  const word = `word${tenant}`.toLowerCase();
  const slug = `slug-${word}`;
  const externalId = `external-${word}`;
  const [role] = await world.query<{ id: string }>(
    `INSERT INTO role (id, scope_id, organization_id, key, display_name, description, permissions, extends_role_id,
       extends_scope_id, created_at, updated_at)
     VALUES (gen_random_uuid(), $1, $1, $2, 'Own', 'Our own.', '{}', $3, $4, now(), now()) RETURNING id`,
    [
      organizationId,
      `role-${word}`,
      BUILT_IN_ROLE_IDS.member,
      '00000000-0000-0000-0000-000000000000',
    ],
  );
  const roleId = role?.id ?? '';
  await world.query(
    `UPDATE organization SET display_name = $2, search_text = $2, external_id = $3, seat_limit = 900,
       logo_url = 'https://logo.example/x', metadata = $4, creator_role_id = $5, creator_role_scope_id = $6,
       member_role_id = $7, member_role_scope_id = $1, auth_methods = 'RESTRICTED',
       allowed_auth_methods = '{GOOGLE,SSO}', mfa_policy = $8::mfa_policy, email_jit_provisioning = 'RESTRICTED',
       allowed_domains = ARRAY[$2 || '.example'] WHERE id = $1`,
    [
      organizationId,
      word,
      externalId,
      { plan: word },
      BUILT_IN_ROLE_IDS.owner,
      '00000000-0000-0000-0000-000000000000',
      roleId,
      tenant === 'A' ? 'REQUIRED' : 'OPTIONAL',
    ],
  );
  await world.query(
    'INSERT INTO organization_slug (slug, organization_id, created_at) VALUES ($1, $2, now())',
    [`former-${word}`, organizationId],
  );
  const member = async (name: string, input: Parameters<typeof join>[2]) => {
    const joined = await join(world, organizationId, {
      email: `${name}@${word}.example`,
      roleKeys: ['member'],
      ...input,
    });
    const { membershipId, userId, email } = joined;
    return { membershipId, userId, email, mbr: id('mbr', membershipId), usr: id('usr', userId) };
  };
  const boss = await member('boss', {
    name: 'Boss',
    roleKeys: ['owner'],
    provisioningMethod: 'CREATOR',
  });
  // Who came by themselves, with a verified address, lets others of their domain come.
  await world.query('UPDATE "user" SET email_verified = true WHERE id = $1', [boss.userId]);
  const mia = await member('mia', {});
  const gone = await member('gone', {
    status: 'REMOVED',
    roleKeys: [],
    joinedAt: new Date('2026-01-01T00:00:00Z'),
  });
  const ada = await member('ada', { externalId: `member-${word}`, roleKeys: [`role-${word}`] });
  const keyOf = (name: string, permissions: string[] = []) =>
    act(world, [organizationId], (tx) => createApiKey(tx, { name, organizationId, permissions }));
  const key = await keyOf('Working');
  const revoked = await keyOf('Revoked', ['*:*']);
  await dress(world, { organizationId, word, ada, boss });
  const manager = await member('manager', { roleKeys: [await roleOfAll(world, organizationId)] });
  const guests = await inviteGuests(
    world,
    { organizationId, word },
    {
      boss: { kind: 'USER', id: boss.userId },
      ofGone: { kind: 'USER', id: gone.userId },
      ofMember: { kind: 'USER', id: mia.userId },
      ofKey: { kind: 'API_KEY', id: revoked.id },
      ofManager: { kind: 'USER', id: manager.userId },
    },
  );
  await world.query(
    `UPDATE api_key SET created_at = now() - interval '1 day', revoked_at = now(), last_used_at = now(),
       expires_at = now() + interval '1 day' WHERE id = $1`,
    [revoked.id],
  );
  const invitations = await world.query<{ id: string }>(
    'SELECT id FROM invitation WHERE membership_id = $1 ORDER BY created_at',
    [ada.membershipId],
  );
  const subjects = {
    organizationId,
    membershipId: ada.membershipId,
    userId: ada.userId,
    invitedMembershipId: ada.membershipId,
    invitationId: invitations[0]?.id ?? '',
    roleId,
    apiKeyId: key.id,
    secret: '',
  };
  const events: Names['events'] = {};
  for (const event of everyType(subjects)) {
    if (event.organizationId != null) {
      events[event.type] = await writeEvent(world, event);
    }
  }
  return {
    tenant,
    org: id('org', organizationId),
    slug,
    formerSlug: `former-${word}`,
    externalId,
    word,
    ada: { ...ada, externalId: `member-${word}`, userExternalId: `user-${word}` },
    mia,
    gone,
    boss,
    invitations: invitations.map((invitation) => id('inv', invitation.id)),
    guests,
    role: id('rol', roleId),
    roleKey: `role-${word}`,
    key: id('key', key.id),
    revokedKey: id('key', revoked.id),
    events,
    account: { issuer: 'https://issuer.example', subject: word },
  };
}

/** The key of a role with all that owners hold, what the product gives them included. */
async function roleOfAll(world: TestDatabase, organizationId: string): Promise<string> {
  await world.query(
    `INSERT INTO role (id, scope_id, organization_id, key, display_name, permissions, created_at, updated_at)
     VALUES (gen_random_uuid(), $1, $1, 'everything', 'Everything', $2, now(), now())`,
    [organizationId, [...OF_ORGANIZATION, 'invoice:*']],
  );
  return 'everything';
}

type Person = { membershipId: string; userId: string; email: string };

/** Gives Ada everything that she can have, past the rules where they take longer. */
async function dress(
  world: TestDatabase,
  { organizationId, word, ada, boss }: Record<'ada' | 'boss', Person> & Record<string, unknown>,
): Promise<void> {
  const suspension = {
    membershipId: ada.membershipId,
    reason: 'A reason.',
    until: new Date(Date.now() + 86_400_000),
  };
  single(await act(world, [String(organizationId)], (tx) => suspendMembers(tx, [suspension])));
  await world.query(
    `UPDATE "user" SET external_id = $2, name = $3, given_name = $3, family_name = $3, locale = 'en',
       picture_url = 'https://picture.example/x', metadata = $4, untrusted_metadata = $4, search_text = $5
     WHERE id = $1`,
    [ada.userId, `user-${word}`, word, { plan: word }, `${word} ${ada.email}`],
  );
  await world.query(
    `UPDATE membership SET metadata = $2, untrusted_metadata = $2, primary_identity_provider = 'Test', search_text = $3,
       name_key = $4
     WHERE id = $1`,
    [ada.membershipId, { plan: word }, `${word} ${ada.email}`, word],
  );
  await world.query(
    `UPDATE role_assignment SET granted_by_kind = 'USER', granted_by_id = $2 WHERE membership_id = $1`,
    [ada.membershipId, boss.userId],
  );
  await world.query(
    `INSERT INTO identity (id, user_id, issuer, subject, email, auth_method, created_at, last_used_at)
     VALUES (gen_random_uuid(), $1, 'https://issuer.example', $2, $3, 'GOOGLE', now(), now())`,
    [ada.userId, word, ada.email],
  );
  await world.query(
    `INSERT INTO invitation (id, organization_id, membership_id, email, status, inviter_kind, inviter_id, message,
       locale, redirect_url, sent_at, send_count, delivery_failed_at, delivery_error, expires_at, accepted_at, declined_at,
       revoked_at, search_text, created_at, updated_at)
     SELECT gen_random_uuid(), $1, $2, $3, status::invitation_status, 'USER', $4, 'Welcome.', 'en', 'https://app.example/',
       now(), 1, now(), 'No such box.', now() + interval '1 day', CASE status WHEN 'ACCEPTED' THEN now() END,
       CASE status WHEN 'DECLINED' THEN now() END, CASE status WHEN 'REVOKED' THEN now() END, $3,
       now() + n * interval '1 second', now()
     FROM unnest(ARRAY['ACCEPTED', 'DECLINED', 'REVOKED']) WITH ORDINALITY AS given(status, n)`,
    [organizationId, ada.membershipId, ada.email, boss.userId],
  );
}

/** Names of the same kinds that nobody and nothing has. */
export function nothing(like: Names): Names {
  const absent = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      return value.map(absent);
    }
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([name, its]) => [name, absent(its)]));
    }
    const kind = /^(org|usr|mbr|inv|rol|key|evt)_/.exec(String(value))?.[1];
    return kind === undefined
      ? String(value).replace(/word[ab]/g, 'wordx')
      : encodeId(kind as IdKind, randomUUID());
  };
  return { ...(absent({ ...like, tenant: '' }) as Names), tenant: undefined };
}

function id(kind: IdKind, uuid: string): string {
  return encodeId(kind, uuid);
}
