/** What an operation needs of the rows that are read for it. */

/** Tables of which lists show a few columns most of the time. */
export type NarrowTable = 'organization' | 'user' | 'membership' | 'role';

export type Needs = {
  /** Of which tables the few columns do. */
  narrow: ReadonlySet<NarrowTable>;
  /** Whether it shows what of these is shown more rarely. */
  rare: boolean;
  /** Whether it shows places in lists, which are told by what lists are sorted by. */
  places: boolean;
  /** What it asks of memberships besides themselves: read in the same statement. */
  withMemberships: ReadonlySet<'organization' | 'user' | 'role'>;
};

/** Everything, each thing by a statement of its own. */
export const ALL: Needs = {
  narrow: new Set(),
  rare: true,
  places: true,
  withMemberships: new Set(),
};

const FEW: Record<NarrowTable, { shown: string[]; rare: string[]; sorted: string[] }> = {
  organization: {
    shown: ['id', 'displayName', 'slug'],
    rare: ['logoUrl'],
    sorted: ['createdAt', 'nameKey'],
  },
  user: { shown: ['id', 'email', 'name'], rare: [], sorted: ['createdAt', 'nameKey'] },
  membership: {
    shown: ['id', 'organizationId', 'userId', 'status'],
    rare: ['name', 'joinedAt'],
    sorted: ['createdAt', 'joinedAt', 'nameKey', 'emailKey'],
  },
  role: { shown: ['id', 'key', 'displayName'], rare: ['organizationId'], sorted: [] },
};

/** The fields of the model to read; undefined: all. Their number does not grow with what is asked. */
export function fieldsOf(
  table: NarrowTable,
  { narrow, rare, places }: Needs,
): string[] | undefined {
  if (!narrow.has(table)) {
    return undefined;
  }
  const few = FEW[table];
  const more = [...(rare ? few.rare : []), ...(places ? few.sorted : [])];
  return [...new Set([...few.shown, ...more])];
}

/** Whether rows of the table will do of which only the few columns are there, without those that are rare. */
export function suffice(table: NarrowTable, { narrow, rare }: Needs): boolean {
  return narrow.has(table) && !(rare && FEW[table].rare.length > 0);
}

/** What tells statements apart that read a table for different needs. */
export function shapeOf(table: NarrowTable, { narrow, rare, places }: Needs): string {
  return narrow.has(table)
    ? `few of ${table}${rare ? ' with the rare' : ''}${places ? ' with places' : ''}`
    : '';
}
