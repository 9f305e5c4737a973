/** Somebody who was invited to an organization and has the mail. */
import { randomUUID } from 'node:crypto';
import { decodeId } from '../../src/domain/id.ts';
import { graphql } from '../generated/gql.ts';
import { tokenOf } from '../graphql/invitation-world.ts';
import type { TestGateway } from './gateway.ts';

export type Invited = {
  token: string;
  email: string;
  /** org_…; the uuid is beside it. */
  organizationId: string;
  organizationUuid: string;
  /** inv_… */
  invitationId: string;
};

const create = graphql(`
  mutation InvitedOrganization($input: OrganizationCreateInput!) {
    organizationCreate(input: $input) {
      ... on OrganizationCreatePayload { organization { id } }
      ... on Error { message }
    }
  }
`);

const inviteSomebody = graphql(`
  mutation InvitedInvitation($input: InvitationCreateInput!) {
    invitationCreate(input: $input) {
      ... on InvitationCreatePayload { invitation { id } }
      ... on Error { message }
    }
  }
`);

/** Invites somebody to a new organization; the token is that of the mail. */
export async function invite(
  world: TestGateway,
  {
    organization = {},
    email = `grace.${randomUUID()}@navy.example`,
    message,
    credential,
  }: {
    organization?: { displayName?: string; logoUrl?: string };
    email?: string;
    message?: string;
    /** Of whoever founds the organization and invites: the key by default. */
    credential?: string;
  } = {},
): Promise<Invited> {
  const input = { displayName: 'Acme', ...organization };
  const founded = (await world.ask(create, { input }, credential)).data?.organizationCreate;
  if (!founded || !('organization' in founded) || !founded.organization) {
    throw new Error(`No organization: ${JSON.stringify(founded)}`);
  }
  const organizationId = founded.organization.id;
  const whom = { organizationId, email, message };
  const made = (await world.ask(inviteSomebody, { input: whom }, credential)).data
    ?.invitationCreate;
  if (!made || !('invitation' in made) || !made.invitation) {
    throw new Error(`No invitation: ${JSON.stringify(made)}`);
  }
  const invitationId = made.invitation.id;
  const token = await tokenOf(world, invitationId);
  const organizationUuid = decodeId('org', organizationId) ?? '';
  return { token, email, organizationId, organizationUuid, invitationId };
}
