/** The rules of the users file. */
import { normalizeEmail } from '../../domain/email.ts';
import { encodeId } from '../../domain/id.ts';
import { addUsers, type UserInput } from '../../domain/user.ts';
import { type FileRules, refuseByError } from './batch.ts';
import { divideInto } from './lanes.ts';
import type { RowResult } from './report.ts';
import type { Session } from './session.ts';
import { boolean, jsonObject, required } from './values.ts';

/** Users are known by their addresses; those that exist are left as they are. */
export function userRules(session: Session): FileRules<UserInput> {
  const publicId = (id: string) => (session.lasts(id) ? encodeId('usr', id) : undefined);
  return {
    sourceId: (cells) => cells.external_id ?? cells.email ?? '',
    read(cells) {
      const email = required(cells, 'email');
      return {
        key: normalizeEmail(email) ?? undefined,
        claims: [
          ...(cells.external_id === undefined ? [] : [JSON.stringify([cells.external_id])]),
          ...(cells.subject === undefined ? [] : [JSON.stringify([cells.issuer, cells.subject])]),
        ],
        input: {
          email,
          emailVerified: boolean(cells, 'email_verified'),
          externalId: cells.external_id,
          name: cells.name,
          givenName: cells.given_name,
          familyName: cells.family_name,
          pictureUrl: cells.picture_url,
          locale: cells.locale,
          metadata: jsonObject(cells, 'metadata'),
          untrustedMetadata: jsonObject(cells, 'untrusted_metadata'),
          issuer: cells.issuer,
          subject: cells.subject,
        },
      };
    },
    lanes: (candidates) => divideInto(session.lanes, candidates),
    apply: (candidates) =>
      session.write([], async (tx) => {
        const outcomes = await addUsers(
          tx,
          candidates.map(({ input }) => input),
          { act: 'import', existing: 'unchanged' },
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
            userId: publicId(outcome.id),
            notes: outcome.notes ?? [],
          };
        });
      }),
    async winners(candidates) {
      const rows = await session.query<{ id: string; email: string }>(
        'SELECT id, email FROM "user" WHERE email = ANY($1::text[])',
        [candidates.map(({ key }) => key)],
      );
      const ids = new Map(rows.map(({ id, email }) => [email, id]));
      return candidates.map(({ key = '' }) => {
        const id = ids.get(key);
        return { userId: id === undefined ? undefined : publicId(id) };
      });
    },
    duplicate: { code: 'DUPLICATE_EMAIL', note: 'An earlier row of the file has this address.' },
  };
}
