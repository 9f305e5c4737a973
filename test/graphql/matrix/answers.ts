/** What mutations answer with: which rule opens each field of a payload or an error, and whether it shows accordingly. */
import { isUnionType } from 'graphql';
import { schema } from '../../../src/graphql/schema.ts';
import type { Caller } from './callers.ts';
import { selectionOf } from './fields.ts';
import { cellsOf, inputOf, mutationOf, RIGHTS } from './mutate.ts';
import type { Names } from './names.ts';
import { has, open, type Rule, sees } from './rule.ts';
import type { Case } from './verdict.ts';
import type { Matrix } from './world.ts';

const byScope =
  (shared: Rule, own: Rule): Rule =>
  (caller, thing) =>
    (thing.tenant === undefined ? shared : own)(caller, thing);

/** By the name of the field, in whatever payload or error it stands: one line for a new one. */
export const answerRules: Record<string, Rule> = {
  apiKey: byScope(sees.sharedKey, sees.ownKey),
  environment: sees.environment,
  fromMembership: sees.membership,
  membership: sees.membership,
  organization: sees.organization,
  permission: sees.environment,
  role: byScope(sees.sharedRole, sees.ownRole),
  toMembership: sees.membership,
  user: sees.user,
  // Of those who see what stands there; the list is empty for others.
  organizations: open,
  allowedDomains: has('organization:read'),
  existing: sees.membership,
  invitation: sees.invitation,
  openInvitations: sees.invitation,
  ...opens('allowedAuthMethods', 'apiKeys', 'code', 'currentVersion', 'defaults', 'field'),
  ...opens(
    'deletedMembershipId',
    'deletedOrganizationId',
    'deletedPermissionName',
    'deletedRoleId',
  ),
  ...opens('expiredAt', 'invitedCount', 'membershipId', 'organizationName'),
  ...opens('refusedCount', 'results'),
  ...opens('deletedUserId', 'identityModel', 'invitations', 'issues', 'memberships', 'message'),
  ...opens('path', 'permissions', 'retryAfterMs', 'roles', 'seatLimit', 'secret', 'status'),
};

function opens(...names: string[]): Record<string, Rule> {
  return Object.fromEntries(names.map((name) => [name, open]));
}

/** Null as well when there is nothing: an organization without a creator, a limit that names no method. */
const MAYBE = new Set([
  'OrganizationCreatePayload.membership',
  'ForbiddenError.permission',
  'InvitationBulkCreateRowPayload.invitation',
]);

/** What came of one row of many. */
const ROW = 'InvitationBulkCreateRowResult';

/** What only people do: they come, then go. */
const OF_PEOPLE = ['organizationJoin', 'membershipLeave'];

/**
 * People come and go, and are invited, while the doors are as they were. Deletes come last, since what they delete is what the others are
 * about; the organization, when all else is done.
 */
const rankOf = (what: Case) => {
  const name = mutationOf(what);
  return OF_PEOPLE.includes(name)
    ? OF_PEOPLE.indexOf(name) - OF_PEOPLE.length - 1
    : name.startsWith('invitation')
      ? -1
      : name === 'organizationDelete'
        ? 2
        : /^[a-z]+Delete/.test(name)
          ? 1
          : 0;
};

/**
 * Does for real what people do with what is theirs, then in A what keys of the environment may, each in its turn, and
 * compares what they are shown of it.
 */
export async function walkAnswers(
  matrix: Matrix,
): Promise<{ cells: number; wrong: string[]; types: Set<string> }> {
  const findings = { cells: 0, wrong: [] as string[], types: new Set<string>() };
  const keys = matrix.callers.filter(({ holds }) => holds.environment.length === 1);
  const people = matrix.callers.filter(({ kind }) => kind === 'person');
  const theirs = people.flatMap((caller) =>
    cellsOf(matrix, caller)
      .filter(({ expected, what }) => OF_PEOPLE.includes(mutationOf(what)) && !RIGHTS.has(expected))
      .map((cell) => ({ caller, ...cell })),
  );
  const answering = matrix.callers
    .filter((caller) => !keys.includes(caller))
    .flatMap((caller) =>
      cellsOf(matrix, caller)
        .filter(({ expected, what }) => what.isByToken && what.isOnce && expected === 'done')
        .map((cell) => ({ caller, ...cell })),
    );
  const done = [...keys, matrix.master].flatMap((caller) =>
    cellsOf(matrix, caller)
      .filter(({ expected, what }) => expected === 'done' && what.isFor === undefined)
      .map((cell) => ({ caller, ...cell })),
  );
  const ordered = [...theirs, ...answering, ...done].sort(
    (one, other) => rankOf(one.what) - rankOf(other.what),
  );
  for (const [number, cell] of ordered.entries()) {
    const { caller, what, thing, names, expected: code } = cell;
    const answer = await answerTo(matrix, caller, what, names, `answered${number}`);
    const type = String(answer.__typename);
    const parts = [answer, ...rowsOf(answer)];
    if (what.isOnce && code === 'done' && !type.endsWith('Payload')) {
      findings.wrong.push(`${caller.name}: ${what.name}: ${type}`);
    }
    for (const [name, value] of parts.flatMap(Object.entries)) {
      if (name === '__typename') {
        findings.types.add(value as string);
        continue;
      }
      const [owner, field = ''] = name.split('_');
      const isTheirs = type === 'OrganizationJoinPayload' && field === 'membership';
      const expected = isTheirs || (answerRules[field]?.(caller, thing) ?? false);
      // Its list is empty for those who may not read it.
      const isShown = field === 'allowedDomains' ? Object(value).length > 0 : value !== null;
      findings.cells += 1;
      if (isShown !== expected && !(expected && MAYBE.has(`${owner}.${field}`))) {
        findings.wrong.push(
          `${caller.name}: ${what.name}: ${owner}.${field} ${expected ? 'hides' : 'shows'}`,
        );
      }
    }
  }
  return findings;
}

/** What came of each row, where there are many. */
function rowsOf(answer: Record<string, unknown>): Record<string, unknown>[] {
  return Object.entries(answer).flatMap(([name, value]) =>
    name.endsWith('_results') ? (value as Record<string, unknown>[]) : [],
  );
}

async function answerTo(
  matrix: Matrix,
  caller: Caller,
  what: Case,
  names: Names,
  fresh: string,
): Promise<Record<string, unknown>> {
  const mutation = mutationOf(what);
  const type = inputOf(mutation);
  const result = type.replace(/Input$/, 'Result');
  const { shared } = matrix;
  const input = what.input({ names, others: names, shared, caller, fresh });
  const { data, errors } = await matrix.ask(
    `mutation ($input: ${type}!) { answer: ${mutation}(input: $input) { ${anythingOf(result)} } }`,
    caller,
    { input },
  );
  if (errors) {
    throw new Error(`${caller.name}: ${what.name}: ${JSON.stringify(errors)}`);
  }
  return data?.answer as Record<string, unknown>;
}

/** All that the members of a union tell. The same field has other types in other members, so each gets a name of its own. */
function anythingOf(union: string): string {
  const result = schema.getType(union);
  const members = isUnionType(result) ? result.getTypes().map(({ name }) => name) : [];
  const fragments = members.map((member) => {
    const fields = selectionOf(member, (field) => `${member}_${field}: ${field}`);
    const ofRows = () => `results { ${anythingOf(ROW)} }`;
    return `... on ${member} { ${fields.replace('results { __typename }', ofRows)} }`;
  });
  return `__typename ${fragments.join(' ')}`;
}
