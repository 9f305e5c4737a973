/** The rules of the organizations file. */
import { encodeId } from '../../domain/id.ts';
import { addOrganizations, type OrganizationInput } from '../../domain/organization.ts';
import { type Candidate, type FileRules, refuseByError } from './batch.ts';
import type { RowResult } from './report.ts';
import type { Session } from './session.ts';
import { settings } from './settings.ts';
import { jsonObject, required, wholeNumber } from './values.ts';

/** Organizations are known by their external ids; those that exist are left as they are. */
export function organizationRules(session: Session): FileRules<OrganizationInput> {
  const publicId = (id: string) => (session.lasts(id) ? encodeId('org', id) : undefined);
  return {
    sourceId: (cells) => cells.external_id ?? '',
    read(cells) {
      const externalId = required(cells, 'external_id');
      return {
        key: externalId,
        input: {
          externalId,
          displayName: required(cells, 'display_name'),
          slug: cells.slug,
          metadata: jsonObject(cells, 'metadata'),
          settings: settings(cells, 'settings'),
          seatLimit: wholeNumber(cells, 'seat_limit'),
          logoUrl: cells.logo_url,
        },
      };
    },
    apply: (candidates) =>
      session.write([], async (tx) => {
        const outcomes = await addOrganizations(
          tx,
          candidates.map(({ input }) => input),
          { act: 'import', existing: 'unchanged', convertSlug: true },
        );
        return candidates.map((candidate, at): RowResult => {
          const outcome = outcomes[at];
          if (outcome === undefined || outcome.outcome === 'refused') {
            return refuseByError(session, candidate, outcome?.error);
          }
          return {
            line: candidate.line,
            sourceId: candidate.sourceId,
            outcome: outcome.outcome,
            organizationId: publicId(outcome.id),
            notes: outcome.notes ?? [],
          };
        });
      }),
    async winners(candidates) {
      const ids = await organizationIds(session, candidates.map(externalIdOf));
      return candidates.map((candidate) => {
        const id = ids.get(externalIdOf(candidate));
        return { organizationId: id === undefined ? undefined : publicId(id) };
      });
    },
    duplicate: {
      code: 'DUPLICATE_EXTERNAL_ID',
      note: 'An earlier row of the file has this external id.',
    },
  };
}

/** The uuids of organizations by their external ids. */
export async function organizationIds(
  session: Session,
  externalIds: string[],
): Promise<Map<string, string>> {
  const rows = await session.query<{ id: string; external_id: string }>(
    'SELECT id, external_id FROM organization WHERE external_id = ANY($1::text[])',
    [[...new Set(externalIds)]],
  );
  return new Map(rows.map(({ id, external_id }) => [external_id, id]));
}

function externalIdOf({ input }: Candidate<OrganizationInput>): string {
  return input.externalId ?? '';
}
