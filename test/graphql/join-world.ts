/** Organizations that are open to a domain, and people who come by themselves. */
import { encodeId } from '../../src/domain/id.ts';
import type { MemberInput } from '../../src/domain/membership.ts';
import type { OrganizationInput } from '../../src/domain/organization.ts';
import { found, fresh, join } from '../domain/world.ts';
import type { TestDatabase } from '../support/database.ts';
import type { TestGateway } from '../support/gateway.ts';
import { mutate, type Result } from './membership-moves.ts';

export type Open = { id: string; organizationId: string; domain: string; owner: string };

/** A domain that nobody else uses. */
export function freshDomain(): string {
  return `${fresh('company')}.example`;
}

/** Somebody who vouches for their domain, unless told otherwise: with a verified address, as the creator. */
export async function enter(
  db: TestDatabase,
  id: string,
  input: Partial<MemberInput> & { isVerified?: boolean } = {},
): Promise<{ membershipId: string; userId: string; email: string }> {
  const { isVerified = true, ...rest } = input;
  const member = await join(db, id, { provisioningMethod: 'CREATOR', ...rest });
  await db.query('UPDATE "user" SET email_verified = $2 WHERE id = $1', [
    member.userId,
    isVerified,
  ]);
  return member;
}

/** An organization (`id` is the uuid) that lets in addresses of `domain`, as its owner has one. */
export async function openOrganization(
  db: TestDatabase,
  { settings, ...input }: Partial<OrganizationInput> = {},
  domain = freshDomain(),
): Promise<Open> {
  const open: OrganizationInput['settings'] = {
    emailJitProvisioning: 'RESTRICTED',
    allowedDomains: [domain],
  };
  const id = await found(db, { settings: { ...open, ...settings }, ...input });
  const owner = await enter(db, id, { email: `${fresh('owner')}@${domain}`, roleKeys: ['owner'] });
  return { id, organizationId: encodeId('org', id), domain, owner: owner.email };
}

/** What comes of joining. */
export function joinAs(
  world: Pick<TestGateway, 'ask'>,
  organizationId: string,
  credential: string | null,
): Promise<Result> {
  return mutate(
    world,
    'organizationJoin',
    { organizationId },
    credential,
    `... on InvitePolicyError { allowedDomains } ... on PolicyError { allowedAuthMethods }
     ... on InvalidTransitionError { status } ... on SeatLimitError { seatLimit } ... on ForbiddenError { permission }
     ... on AlreadyMemberError { member: membership { id } }`,
  );
}

/** The code of the refusal, or the new status. */
export function saidOf(result: Result): unknown {
  return result.code ?? result.membership?.status;
}
