/** The rules of rights as they stand in the source, each with the source in which it is missing. */
import { readdirSync, readFileSync } from 'node:fs';
import { PERMISSIONS } from '../../src/domain/permission.ts';

export type RemovedRule = {
  name: string;
  /** The module, as the end of its URL. */
  module: string;
  /** The module without the rule. */
  source: string;
};

const root = new URL('../../', import.meta.url);

/** All rules, as far as they can be found by the shape of the source. */
export function removedRules(): RemovedRule[] {
  return [...permissions(), ...functions(), ...conditions(), ...guards()];
}

/** `can` says yes to one permission, whoever asks. */
function permissions(): RemovedRule[] {
  const place = /(export function can\([^{]*\): boolean \{\n)/;
  return PERMISSIONS.map(({ name }) =>
    without(
      `can ${name}`,
      'src/domain/permission.ts',
      place,
      `$1  if (permission === '${name}') return true;\n`,
    ),
  );
}

/** What asks and demands answers yes at once. */
function functions(): RemovedRule[] {
  const files: [module: string, shape: RegExp, answer: string][] = [
    ['src/domain/visibility.ts', /export function (sees\w+)\([\s\S]*?\): boolean \{\n/g, 'true'],
    ['src/domain/authorize.ts', /export function (demand\w*)\([\s\S]*?\): void \{\n/g, ''],
    ['src/domain/principal.ts', /export function (is\w+|may\w+)\([\s\S]*?\): [^{]*\{\n/g, 'true'],
    [
      'src/domain/permission.ts',
      /export function (mayTouchOwners)\([\s\S]*?\): boolean \{\n/g,
      'true',
    ],
    ['src/domain/permission.ts', /export function (lacking)\([\s\S]*?\): string\[\] \{\n/g, '[]'],
    [
      'src/domain/permission.ts',
      /export function (organizationsWhere)\([\s\S]*?\| null \{\n/g,
      'null',
    ],
    [
      'src/domain/membership-rights.ts',
      /export function (policyRefusal)\([\s\S]*?\| null \{\n/g,
      'null',
    ],
    [
      'src/domain/user-reach.ts',
      /export async function (sharesOrganization)\([\s\S]*?> \{\n/g,
      'true',
    ],
    ['src/domain/access.ts', /export function (seesAccess)\([\s\S]*?\): boolean \{\n/g, 'true'],
    ['src/domain/access.ts', /export function (ownPolicyRefusal)\([\s\S]*?\| null \{\n/g, 'null'],
    ['src/domain/organization-join.ts', /function (demandEntry)\([\s\S]*?\): void \{\n/g, ''],
    ['src/domain/organization-join.ts', /function (reaches)\([\s\S]*?\): [^{]*\{\n/g, 'true'],
    ['src/loaders/reach.ts', /export function (reachOf)\([\s\S]*?\| null \{\n/g, 'null'],
    ['src/domain/organization-acts.ts', /function (demandCreation)\([\s\S]*?\): void \{\n/g, ''],
    [
      'src/domain/membership-update-acts.ts',
      /function (isForThePerson)\([\s\S]*?\): boolean \{\n/g,
      'true',
    ],
    ['src/domain/role-acts.ts', /function (demandRole)\([\s\S]*?\): void \{\n/g, ''],
    ['src/domain/api-key-acts.ts', /function (demandKey)\([\s\S]*?\): void \{\n/g, ''],
    [
      'src/graphql/membership-list.ts',
      /function (asksForDetails)\([\s\S]*?\): boolean \{\n/g,
      'false',
    ],
    ['src/graphql/user.ts', /function (visibilityBy)\([\s\S]*?\) \{\n/g, 'seesUser'],
    [
      'src/graphql/organization.ts',
      /function (visibilityBy)\([\s\S]*?\) \{\n/g,
      'seesOrganization',
    ],
  ];
  return files.flatMap(([module, shape, answer]) =>
    [...textOf(module).matchAll(shape)].map(([head, name]) =>
      without(`${name} in ${module}`, module, head, `${head}  return ${answer};\n`),
    ),
  );
}

type Condition = [module: string, condition: string, instead: string];

/** Who invites, and who answers by what. */
const ofInvitations: Condition[] = [
  [
    'src/domain/invitation-acts.ts',
    'demandToInvite(principal, input.organizationId, [input])',
    'undefined',
  ],
  [
    'src/domain/invitation-acts.ts',
    'demandToInvite(principal, input.organizationId, input.rows)',
    'undefined',
  ],
  [
    'src/domain/invitation-acts.ts',
    'demand(principal, ORGANIZATION_ACTS.invite, organizationOf(organizationId));',
    '',
  ],
  ['src/domain/invitation-acts.ts', 'demandTrusted(principal, { metadata });', ''],
  [
    'src/domain/invitation-acts.ts',
    'demand(principal, ORGANIZATION_ACTS.invite, target)',
    'undefined',
  ],
  [
    'src/domain/membership-enter.ts',
    'demandToHoldRoles(tx, lobby.given, named ?? [], rules.id);',
    '',
  ],
  [
    'src/domain/membership-enter.ts',
    "demandOwner(tx.principal, 'membership:invite', rules.id);",
    '',
  ],
  ['src/domain/membership-enter.ts', "demandInvitable(tx, rules, entrant.email ?? '');", ''],
  ['src/domain/invitation-resend.ts', 'demandInvitable(tx, rule, email);', ''],
  ['src/domain/invitation-resend.ts', 'await demandToOffer(tx, id, organizationId);', ''],
  ['src/domain/invitation-offer.ts', 'demandToHoldRoles(tx, given, chosen, organizationId);', ''],
  [
    'src/domain/invitation-offer.ts',
    "demandOwner(tx.principal, 'membership:invite', organizationId);",
    '',
  ],
  ['src/domain/invitation-accept.ts', 'tx.principal.id !== accepted.userId', 'false'],
  [
    'src/domain/invitation-accept.ts',
    '!allowAnyAddress || !reaches(principal, organizationId)',
    '!reaches(principal, organizationId)',
  ],
  [
    'src/domain/invitation-accept.ts',
    '!allowAnyAddress || !reaches(principal, organizationId)',
    '!allowAnyAddress',
  ],
  [
    'src/domain/invitation-accept.ts',
    'demandMailbox(tx, isAddressed && (person.emailVerified || !person.signsIn));',
    '',
  ],
  ['src/domain/invitation-accept.ts', 'await demandDomain(tx, organizationId, person);', ''],
  ['src/domain/inviter.ts', 'needed.every((name) => covers(permissions, name)) && ', ''],
  ['src/domain/inviter.ts', '(makesOwners || !chosen.some(isOwnerRole))', 'true'],
  ['src/domain/inviter.ts', 'AND revoked_at IS NULL', ''],
  ['src/domain/invitation-find.ts', ' AND t.send_number = sent.send_count', ''],
  ['src/loaders/invitation.ts', ' AND i.send_count = t.send_number', ''],
  [
    'src/graphql/invitation.ts',
    'return can(principal, ORGANIZATION_ACTS.invite, organizationId)',
    'return true',
  ],
];

/** One of the conditions that only count together. */
function conditions(): RemovedRule[] {
  const lines: Condition[] = [
    ['src/domain/principal.ts', ' && principal.signIn.organizationId === null', ''],
    [
      'src/domain/principal.ts',
      "principal.kind === 'user' && principal.id === userId && principal.rights.has",
      "principal.kind === 'user' && principal.rights.has",
    ],
    ['src/domain/principal.ts', ' && principal.rights.has(organizationId)', ''],
    ['src/domain/principal.ts', "status === 'ACTIVE' && refusal === null", 'refusal === null'],
    ['src/domain/principal.ts', "status === 'ACTIVE' && refusal === null", "status === 'ACTIVE'"],
    [
      'src/domain/membership-rights.ts',
      'signIn.organizationId === null || signIn.organizationId === organizationId',
      'true',
    ],
    [
      'src/domain/membership-rights.ts',
      'refusal === null ? held.permissions : []',
      'held.permissions',
    ],
    ['src/domain/permission.ts', '(!isForKeys(permission) || isOfEnvironment(principal)) &&', ''],
    [
      'src/domain/permission.ts',
      'principal.organizationId === null || principal.organizationId === organizationId',
      'true',
    ],
    [
      'src/domain/user-acts.ts',
      'isSelf(principal, user.userId) && isForThePerson(input)',
      'isSelf(principal, user.userId)',
    ],
    ['src/domain/user-acts.ts', 'isForThePerson(input)) {', 'true) {'],
    ['src/domain/user-acts.ts', "            demand(principal, 'user:read');\n", ''],
    [
      'src/domain/user-acts.ts',
      "          demand(principal, 'user:read');\n        },",
      '        },',
    ],
    [
      'src/domain/membership-acts.ts',
      "demand(principal, 'membership:readDetails', membershipOf(place))",
      'undefined',
    ],
    ['src/domain/membership-acts.ts', "!can(principal, 'user:read')", 'false'],
    ['src/domain/membership-act.ts', '!mayTouchOwners(tx.principal, organizationId)', 'false'],
    [
      'src/domain/membership-update-acts.ts',
      "demand(principal, 'membership:readDetails', membershipOf(place))",
      'undefined',
    ],
    [
      'src/domain/membership-update-acts.ts',
      'demandOwner(principal, UPDATE.permission, place.organizationId)',
      'undefined',
    ],
    [
      'src/domain/membership-authority.ts',
      '(!isOwner || mayTouchOwners(principal, organizationId))',
      'true',
    ],
    [
      'src/graphql/viewer-can.ts',
      'mayDo(principal, authority, membership, true) ||',
      'mayDo(principal, authority, membership, false) ||',
    ],
    ['src/domain/membership-acts.ts', 'isOwnAffair: isOwnMembership', 'isOwnAffair: () => true'],
    [
      'src/domain/membership-acts.ts',
      "throw new ForbiddenError('membership:remove', 'Nobody leaves for somebody else: remove them.');",
      '',
    ],
    [
      'src/domain/organization-join.ts',
      '!(door.isOpen || seesOrganization(principal, { id: organizationId }))',
      'false',
    ],
    ...ofInvitations,
    ['src/graphql/discovery.ts', 'within: principal.signIn.organizationId', 'within: null'],
    ['src/graphql/discovery.ts', '.filter(({ status }) => status in KINDS)', ''],
    ['src/loaders/discovery.ts', ' AND u.email_verified', ''],
    [
      'src/domain/membership-role-acts.ts',
      "demandOwner(principal, 'organization:delete', organizationId)",
      'undefined',
    ],
    [
      'src/domain/membership-roles.ts',
      "demandOwner(tx.principal, 'role:assign', organizationId);\n  }\n",
      'undefined;\n  }\n',
    ],
    [
      'src/graphql/membership.ts',
      "email !== null && can(principal, 'membership:readDetails', organization)",
      'email !== null',
    ],
    [
      'src/graphql/membership.ts',
      "return can(principal, 'membership:readDetails', organization)",
      'return true',
    ],
    [
      'src/graphql/membership-list.ts',
      'searchesAddresses: detailed === null || organizations?.length === detailed.length',
      'searchesAddresses: true',
    ],
    ['src/graphql/environment.ts', "can(principal, 'environment:read')", 'true'],
    ['src/graphql/event-list.ts', "!can(principal, 'event:read', organizationId)", 'false'],
    ['src/graphql/user.ts', "return can(principal, 'user:read')", 'return true'],
    ['src/graphql/event-parts.ts', '!personal || seesPersonal(principal, event)', 'true'],
    [
      'src/graphql/event-parts.ts',
      'seesPersonal(principal, event) ? detail<string>',
      'true ? detail<string>',
    ],
    [
      'src/graphql/event.ts',
      'seesPersonal(principal, event) ? event.reason',
      'true ? event.reason',
    ],
  ];
  return lines.map(([module, condition, instead]) =>
    without(`${condition.trim()} in ${module}`, module, condition, instead),
  );
}

/** A guard of one field lets everybody through. */
function guards(): RemovedRule[] {
  const shapes: [shape: RegExp, instead: string][] = [
    [
      /\bguarded(?:<[^(]*>)?\(/g,
      '((_permission: unknown, _of: unknown, resolve: any) => resolve)(',
    ],
    [
      /\bshownIf<MembershipRow, object, Promise[^(]*>\(/g,
      '((_sees: unknown, resolve: any) => resolve)(',
    ],
    [/(?<=resolve: )shownIf\(/g, '((_sees: unknown, resolve: any) => resolve)('],
    [/(?<=resolve: )detail\(/g, '((resolve: any) => resolve)('],
    [/(?<=resolve: )shown\(\w+, /g, 'shown(() => true, '],
    [
      /\bifSeen\((?=\s*(?:context\.)?principal\b)/g,
      '((_principal: unknown, _sees: unknown, node: any) => node)(',
    ],
  ];
  const modules = readdirSync(new URL('src/graphql', root)).map((name) => `src/graphql/${name}`);
  return modules.flatMap((module) => {
    const text = textOf(module);
    return shapes.flatMap(([shape, instead]) =>
      [...text.matchAll(shape)]
        .filter(({ index }) => !/function $|import[^;]*$/.test(text.slice(0, index)))
        .map(({ 0: head, index }) => ({
          name: `the guard in ${module}:${text.slice(0, index).split('\n').length}`,
          module,
          source: text.slice(0, index) + instead + text.slice(index + head.length),
        })),
    );
  });
}

function without(
  name: string,
  module: string,
  place: string | RegExp,
  instead: string,
): RemovedRule {
  const text = textOf(module);
  const source = text.replace(place, instead);
  if (source === text) {
    throw new Error(`The rule is not there (any more): ${name}.`);
  }
  return { name, module, source };
}

function textOf(module: string): string {
  return readFileSync(new URL(module, root), 'utf8');
}
