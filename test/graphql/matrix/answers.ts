/** What mutations answer with: which rule opens each field of a payload or an error, and whether it shows accordingly. */
import { isUnionType } from 'graphql';
import { schema } from '../../../src/graphql/schema.ts';
import type { Caller } from './callers.ts';
import { selectionOf } from './fields.ts';
import { cellsOf, inputOf, mutationOf } from './mutate.ts';
import { open, type Rule, sees } from './rule.ts';
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
  existing: sees.membership,
  ...opens('allowedAuthMethods', 'apiKeys', 'code', 'currentVersion', 'defaults', 'field'),
  ...opens(
    'deletedMembershipId',
    'deletedOrganizationId',
    'deletedPermissionName',
    'deletedRoleId',
  ),
  ...opens('deletedUserId', 'identityModel', 'invitations', 'issues', 'memberships', 'message'),
  ...opens('path', 'permissions', 'retryAfterMs', 'roles', 'seatLimit', 'secret', 'status'),
};

function opens(...names: string[]): Record<string, Rule> {
  return Object.fromEntries(names.map((name) => [name, open]));
}

/** Null as well when there is nothing: an organization without a creator, a limit that names no method. */
const MAYBE = new Set(['OrganizationCreatePayload.membership', 'ForbiddenError.permission']);

/** Deletes come last, since what they delete is what the others are about; the organization, when all else is done. */
const rankOf = ({ name }: Case) =>
  name.startsWith('organizationDelete') ? 2 : /^[a-z]+Delete/.test(name) ? 1 : 0;

/** Does for real in A what keys of the environment may, each in its turn, and compares what they are shown of it. */
export async function walkAnswers(
  matrix: Matrix,
): Promise<{ cells: number; wrong: string[]; types: Set<string> }> {
  const findings = { cells: 0, wrong: [] as string[], types: new Set<string>() };
  const keys = matrix.callers.filter(({ holds }) => holds.environment.length === 1);
  const asked = [...keys, matrix.master].flatMap((caller) =>
    cellsOf(matrix, caller)
      .filter(({ expected, what }) => expected === 'done' && what.isFor === undefined)
      .map(({ what, thing }) => ({ caller, what, thing })),
  );
  const ordered = asked.sort((one, other) => rankOf(one.what) - rankOf(other.what));
  for (const [number, { caller, what, thing }] of ordered.entries()) {
    const answer = await answerTo(matrix, caller, what, `answered${number}`);
    const type = String(answer.__typename);
    findings.types.add(type);
    for (const [name, value] of Object.entries(answer)) {
      if (name === '__typename') {
        continue;
      }
      const field = name.slice(name.indexOf('_') + 1);
      const expected = answerRules[field]?.(caller, thing) ?? false;
      findings.cells += 1;
      if ((value !== null) !== expected && !(expected && MAYBE.has(`${type}.${field}`))) {
        findings.wrong.push(
          `${caller.name}: ${what.name}: ${type}.${field} ${expected ? 'hides' : 'shows'}`,
        );
      }
    }
  }
  return findings;
}

async function answerTo(
  matrix: Matrix,
  caller: Caller,
  what: Case,
  fresh: string,
): Promise<Record<string, unknown>> {
  const mutation = mutationOf(what);
  const type = inputOf(mutation);
  const result = schema.getType(type.replace(/Input$/, 'Result'));
  const members = isUnionType(result) ? result.getTypes().map(({ name }) => name) : [];
  // The same field has other types in other members, so each gets a name of its own.
  const fragments = members.map(
    (member) =>
      `... on ${member} { ${selectionOf(member, (field) => `${member}_${field}: ${field}`)} }`,
  );
  const { names, shared } = matrix;
  const input = what.input({ names: names.A, others: names.A, shared, caller, fresh });
  const { data, errors } = await matrix.ask(
    `mutation ($input: ${type}!) { answer: ${mutation}(input: $input) { __typename ${fragments.join(' ')} } }`,
    caller,
    { input },
  );
  if (errors) {
    throw new Error(`${caller.name}: ${what.name}: ${JSON.stringify(errors)}`);
  }
  return data?.answer as Record<string, unknown>;
}
