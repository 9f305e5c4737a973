/** Which columns the three files have. */

export const fileKinds = ['organizations', 'users', 'memberships'] as const;

export type FileKind = (typeof fileKinds)[number];

type Columns = {
  required: readonly string[];
  optional: readonly string[];
  /** At least one of these. */
  anyOf?: readonly string[];
  /** At most one of these. */
  oneOf?: readonly string[];
};

export const columns: Record<FileKind, Columns> = {
  organizations: {
    required: ['external_id', 'display_name'],
    optional: ['slug', 'metadata', 'settings', 'seat_limit', 'logo_url'],
  },
  users: {
    required: ['email'],
    optional: [
      'external_id',
      'name',
      'given_name',
      'family_name',
      'email_verified',
      'picture_url',
      'locale',
      'metadata',
      'untrusted_metadata',
      'issuer',
      'subject',
    ],
  },
  memberships: {
    required: ['organization_external_id'],
    optional: [
      'email',
      'user_external_id',
      'name',
      'external_id',
      'role',
      'roles',
      'status',
      'joined_at',
      'metadata',
      'untrusted_metadata',
      'primary_identity_provider',
    ],
    anyOf: ['email', 'user_external_id'],
    oneOf: ['role', 'roles'],
  },
};

/** The problems of a header, as sentences; none if the file can be read. `names` are the cells of its first row. */
export function headerProblems(kind: FileKind, names: string[]): string[] {
  const { required, optional, anyOf = [], oneOf = [] } = columns[kind];
  const known = [...required, ...optional];
  const problems: string[] = [];
  for (const name of required.filter((each) => !names.includes(each))) {
    problems.push(`The column "${name}" is missing.`);
  }
  if (anyOf.length > 0 && !anyOf.some((name) => names.includes(name))) {
    problems.push(`One of the columns ${quoteAll(anyOf)} is missing.`);
  }
  if (oneOf.filter((name) => names.includes(name)).length > 1) {
    problems.push(`Only one of the columns ${quoteAll(oneOf)} can be there.`);
  }
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    problems.push(`Unknown: ${quoteAll(unknown)}. The columns are ${known.join(', ')}.`);
  }
  for (const name of new Set(names.filter((each, at) => names.indexOf(each) !== at))) {
    problems.push(`The column "${name}" is there twice.`);
  }
  return problems;
}

function quoteAll(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name.slice(0, 100))).join(', ');
}
