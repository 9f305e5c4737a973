/** better-auth with its organization plugin: tables and sessions of its own, in a schema of the same database. */
import { createHmac } from 'node:crypto';
import type { Peer } from './peer.ts';

type Named = { id: string; name: string; slug: string };
type Member = { id: string; role: string; status: string; user: object };
type FullOrganization = Named & { members: Member[] };

/** The whole organization is what its owner gets, in a session of their own. */
export const betterAuth: Peer = {
  title: 'better-auth',
  program: 'contenders/better-auth.ts',
  operations: ['b'],
  needsInstall: true,
  authorizes: true,
  databaseUrl: betterAuthUrl,
  requestOf({ url, key }, { id, first }) {
    const search = new URLSearchParams({ organizationId: String(id), membersLimit: String(first) });
    return {
      method: 'GET',
      url: `${url}/organization/get-full-organization?${search}`,
      headers: { cookie: sessionCookie(ownerSession(String(id)), key) },
      body: '',
    };
  },
  dataOf(answer) {
    const { id, name, slug, members } = answer as FullOrganization;
    const nodes = members.map((member) => ({
      id: member.id,
      status: member.status,
      user: personOf(member.user),
      roles: member.role.split(','),
    }));
    return { organization: { id, displayName: name, slug, memberships: { nodes } } };
  },
  // It does not count, and its roles are nothing but keys.
  said(data) {
    return JSON.parse(
      JSON.stringify(data, (name, value) => (name === 'totalCount' ? undefined : value)),
      (name, value) =>
        name === 'roles' ? (value as { key: string }[]).map(({ key }) => key) : value,
    );
  },
};

/** The URL of better-auth's schema in the database at `url`. */
export function betterAuthUrl(url: string): string {
  const own = new URL(url);
  own.searchParams.set('options', '-c search_path=better_auth');
  return own.href;
}

/** The token of the session that the owner of an organization has. */
export function ownerSession(organization: string): string {
  return `owner-${organization}`;
}

/** The token of the session that the person has to whom an invitation is addressed. */
export function inviteeSession(invitation: string): string {
  return `invitee-${invitation}`;
}

/** The cookie of a session, signed as better-auth signs it with its secret. */
export function sessionCookie(token: string, secret: string): string {
  const signature = createHmac('sha256', secret).update(token).digest('base64');
  return `better-auth.session_token=${encodeURIComponent(`${token}.${signature}`)}`;
}

function personOf(user: object): object {
  const { id, name, email } = user as { id: string; name: string; email: string };
  return { id, name, email };
}
