/** What lists should say, worked out the slow and plain way from all rows. */
import { encodeId } from '../../src/domain/id.ts';
import type { TestDatabase } from '../support/database.ts';

export type Person = {
  id: string;
  organizationId: string;
  userId: string;
  status: string;
  isOpenEnded: boolean;
  name: string;
  email: string;
  createdAt: number;
  joinedAt: number;
  metadata: unknown;
  untrustedMetadata: unknown;
  provisioningMethod: string;
  roles: { id: string; key: string }[];
};

export type Order = { field: string; direction: 'ASC' | 'DESC' };

/** All memberships, as they are at this moment. Ids are those of the API. */
export async function people(world: TestDatabase): Promise<Person[]> {
  const rows = await world.query(
    `SELECT m.*, u.name AS user_name, u.email,
       (SELECT json_agg(json_build_object('id', r.id, 'key', r.key)) FROM role_assignment a JOIN role r ON r.id = a.role_id
        WHERE a.membership_id = m.id) AS roles
     FROM membership m JOIN "user" u ON u.id = m.user_id`,
  );
  return rows.map((row) => ({
    id: encodeId('mbr', row.id),
    organizationId: row.organization_id,
    userId: row.user_id,
    status: statusNow(row.status, row.status_deadline),
    isOpenEnded: row.status_deadline === null,
    name: row.user_name ?? row.name ?? '',
    email: row.email,
    createdAt: row.created_at.getTime(),
    joinedAt: row.joined_at?.getTime() ?? Number.POSITIVE_INFINITY,
    metadata: row.metadata,
    untrustedMetadata: row.untrusted_metadata,
    provisioningMethod: row.provisioning_method,
    roles: (row.roles ?? []).map((role: { id: string; key: string }) => ({
      id: encodeId('rol', role.id),
      key: role.key,
    })),
  }));
}

/** A status whose deadline has passed is another one. */
export function statusNow(status: string, deadline: Date | null): string {
  if (deadline === null || deadline.getTime() > Date.now()) {
    return status;
  }
  return (
    { PENDING_INVITE: 'INVITE_EXPIRED', SUSPENDED: 'ACTIVE', PENDING: 'EXPIRED' }[status] ?? status
  );
}

/** Without case, accents and extra spaces. */
export function plain(text: string): string {
  const letters = text
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '');
  return letters.replace(/\s+/g, ' ').trim();
}

/** Whether a search finds any of these texts. */
export function finds(search: string, ...texts: string[]): boolean {
  return texts.some((text) => plain(text).includes(plain(search)));
}

/** Whether JSON contains other JSON, as PostgreSQL means it. */
export function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part)) {
    return Array.isArray(whole) && part.every((item) => whole.some((one) => contains(one, item)));
  }
  if (typeof part === 'object' && part !== null) {
    return (
      typeof whole === 'object' &&
      whole !== null &&
      !Array.isArray(whole) &&
      Object.entries(part).every(
        ([key, value]) => key in whole && contains(Reflect.get(whole, key), value),
      )
    );
  }
  return whole === part;
}

/** Sorts by a key, then by id; texts byte by byte. */
export function sorted<Row extends { id: string }>(
  rows: Row[],
  keyOf: (row: Row) => string | number,
  direction: Order['direction'],
): Row[] {
  const sign = direction === 'ASC' ? 1 : -1;
  return rows.toSorted((a, b) => sign * (compare(keyOf(a), keyOf(b)) || compare(a.id, b.id)));
}

function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number'
    ? a === b
      ? 0
      : a - b
    : Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}
