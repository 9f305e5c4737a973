/** The rules of the memberships file. */
import { normalizeEmail } from '../../domain/email.ts';
import { encodeId, type IdKind } from '../../domain/id.ts';
import { addMembers, type MemberInput } from '../../domain/membership.ts';
import { type Candidate, type FileRules, refusal, refuseByError } from './batch.ts';
import { divideInto } from './lanes.ts';
import { organizationIds } from './organizations.ts';
import type { RowResult } from './report.ts';
import type { Session } from './session.ts';
import { CellError, type Cells, dateTime, jsonObject, list, oneOf, required } from './values.ts';

/** `organizationId` is filled in when the organization is found. */
export type MembershipRow = MemberInput & { organizationExternalId: string };

const statuses = ['ACTIVE', 'SUSPENDED', 'PENDING_INVITE', 'REMOVED'] as const;

/** What the command says about all memberships. */
export type MembershipOptions = {
  /** People who were removed since come back. */
  reactivate: boolean;
  /** The invitations that are made are mailed. */
  sendInvitations: boolean;
};

/** Memberships are known by organization and person. */
export function membershipRules(
  session: Session,
  { reactivate, sendInvitations }: MembershipOptions,
): FileRules<MembershipRow> {
  const publicId = (kind: IdKind, id: string) =>
    session.lasts(id) ? encodeId(kind, id) : undefined;
  return {
    sourceId: (cells) =>
      `${cells.organization_external_id ?? ''}/${cells.email ?? cells.user_external_id ?? ''}`,
    read,
    async resolve(candidates) {
      const ids = await organizationIds(
        session,
        candidates.map(({ input }) => input.organizationExternalId),
      );
      return candidates.map((candidate) => {
        const { organizationExternalId } = candidate.input;
        const organizationId = ids.get(organizationExternalId);
        return organizationId === undefined
          ? refusal(
              candidate,
              'NOT_FOUND',
              `There is no organization with the external id "${organizationExternalId}".`,
            )
          : { ...candidate, input: { ...candidate.input, organizationId } };
      });
    },
    lanes: (candidates) =>
      divideInto(session.lanes, candidates, ({ input }) => input.organizationId),
    apply(candidates) {
      const organizations = new Set(candidates.map(({ input }) => input.organizationId));
      return session.write([...organizations], async (tx) => {
        const rows = candidates.map(({ input: { organizationExternalId: _, ...row } }) => row);
        const how = { act: 'import', reactivate, sendInvitations } as const;
        const outcomes = await addMembers(tx, rows, how);
        return candidates.map((candidate, at): RowResult => {
          const outcome = outcomes[at];
          const organizationId = publicId('org', candidate.input.organizationId);
          if (outcome === undefined || outcome.outcome === 'refused') {
            return { organizationId, ...refuseByError(session, candidate, outcome?.error) };
          }
          return {
            line: candidate.line,
            sourceId: candidate.sourceId,
            outcome: outcome.outcome,
            organizationId,
            userId: publicId('usr', outcome.userId),
            membershipId: publicId('mbr', outcome.membershipId),
            notes: outcome.notes ?? [],
          };
        });
      });
    },
    group: ({ input }) => input.organizationId,
    async winners(candidates) {
      const found = await findMemberships(session, candidates);
      return candidates.map((_, at) => {
        const row = found.get(at);
        return row === undefined
          ? {}
          : {
              organizationId: publicId('org', row.organization_id),
              userId: publicId('usr', row.user_id),
              membershipId: publicId('mbr', row.id),
            };
      });
    },
    duplicate: {
      code: 'DUPLICATE_EMAIL',
      note: 'An earlier row of the file has this person in this organization; several roles stand in one cell, with | between them.',
    },
  };
}

function read(cells: Cells) {
  const organizationExternalId = required(cells, 'organization_external_id');
  const { email, user_external_id: userExternalId } = cells;
  if (email === undefined && userExternalId === undefined) {
    throw new CellError('"email" or "user_external_id" must be filled.');
  }
  if (email !== undefined && userExternalId !== undefined) {
    throw new CellError('Only one of "email" and "user_external_id" can be filled.');
  }
  const address = email === undefined ? undefined : normalizeEmail(email);
  const person = address ?? userExternalId;
  return {
    key: person === undefined ? undefined : JSON.stringify([organizationExternalId, person]),
    input: {
      organizationExternalId,
      organizationId: '',
      email,
      userExternalId,
      status: oneOf(cells, 'status', statuses),
      roleKeys: roleKeys(cells),
      name: cells.name,
      externalId: cells.external_id,
      metadata: jsonObject(cells, 'metadata'),
      untrustedMetadata: jsonObject(cells, 'untrusted_metadata'),
      joinedAt: dateTime(cells, 'joined_at'),
      primaryIdentityProvider: cells.primary_identity_provider,
    },
  };
}

function roleKeys(cells: Cells): string[] | undefined {
  const names = list(cells, 'roles') ?? (cells.role === undefined ? undefined : [cells.role]);
  return names && [...new Set(names.map((name) => name.toLowerCase()))];
}

type Found = { place: number; id: string; user_id: string; organization_id: string };

async function findMemberships(
  session: Session,
  candidates: Candidate<MembershipRow>[],
): Promise<Map<number, Found>> {
  const inputs = candidates.map(({ input }) => input);
  const rows = await session.query<Found>(
    `SELECT wanted.place::int - 1 AS place, membership.id, membership.user_id, membership.organization_id
     FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY
       AS wanted(organization_id, email, external_id, place)
     JOIN "user" ON "user".email = wanted.email OR "user".external_id = wanted.external_id
     JOIN membership ON membership.organization_id = wanted.organization_id
       AND membership.user_id = "user".id`,
    [
      inputs.map(({ organizationId }) => organizationId),
      inputs.map(({ email }) => (email ? normalizeEmail(email) : null)),
      inputs.map(({ userExternalId }) => userExternalId ?? null),
    ],
  );
  return new Map(rows.map((row) => [row.place, row]));
}
