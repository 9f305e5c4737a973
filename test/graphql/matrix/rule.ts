/** The vocabulary of the table of rights: what a caller needs of a thing. Written from the design, not from the code. */
import type { Caller, Permission, Tenant } from './callers.ts';

/** What a rule is asked about. */
export type Thing = {
  /** Left out: it is the environment's. */
  tenant?: Tenant;
  /** The address of the person that a user or membership is of. */
  whose?: string;
  /** Where that person has a membership. */
  in?: readonly Tenant[];
  /** Whether they have the owner's role there. */
  isOwner?: true;
  /** Whether their membership has the permission that is explained. */
  isAllowed?: true;
};

export type Rule = (caller: Caller, thing: Thing) => boolean;

/** Whoever sees the thing that it stands on. */
export const open: Rule = () => true;

/** Holds it where the thing is; of a thing of the environment, in the environment. */
export const has =
  (permission: Permission): Rule =>
  ({ holds }, { tenant }) =>
    holds[tenant ?? 'environment'].includes(permission);

/** Holds it in the environment, wherever the thing is. */
export const hasOfAll =
  (permission: Permission): Rule =>
  ({ holds }) =>
    holds.environment.includes(permission);

export const any =
  (...rules: Rule[]): Rule =>
  (caller, thing) =>
    rules.some((rule) => rule(caller, thing));

export const all =
  (...rules: Rule[]): Rule =>
  (caller, thing) =>
    rules.every((rule) => rule(caller, thing));

/** It is their own membership, whatever its status, where the sign-in reaches. */
export const own: Rule = ({ email, own: parts }, { tenant, whose }) =>
  email !== null && email === whose && tenant !== undefined && parts[tenant] !== undefined;

/** It is the user that they are, by whatever sign-in. */
export const person: Rule = ({ email }, { whose }) => email !== null && email === whose;

/** It is the user that they are, as a whole. */
export const self: Rule = (caller, thing) => caller.isWhole && person(caller, thing);

/** Holds all of them in one organization that the person has a membership in. */
const meets =
  (...permissions: Permission[]): Rule =>
  ({ holds }, { in: tenants = [] }) =>
    tenants.some((tenant) => permissions.every((name) => holds[tenant].includes(name)));

const somewhere =
  (permission: Permission): Rule =>
  ({ holds }) =>
    [...holds.A, ...holds.B, ...holds.environment].includes(permission);

/** They have a membership there, whatever its status. */
export const belongs: Rule = ({ own: parts }, { tenant }) =>
  tenant !== undefined && parts[tenant] !== undefined;

/** Whether a thing of that kind is there for the caller. */
export const sees = {
  environment: hasOfAll('environment:read'),
  organization: any(has('organization:read'), has('membership:read'), belongs),
  membership: any(has('membership:read'), own),
  /** Which roles give a membership what. */
  access: any(all(has('membership:read'), has('membership:readDetails')), own),
  /** That they may come into the organization, or are in. */
  entrance: ({ mayEnter }, { tenant }) => tenant !== undefined && mayEnter.includes(tenant),
  /** What only people have. */
  ofPeople: ({ kind }) => kind === 'person',
  invitation: all(has('membership:read'), has('membership:readDetails')),
  user: any(meets('membership:read'), hasOfAll('user:read'), person),
  ownRole: any(has('role:read'), hasOfAll('environment:read')),
  sharedRole: any(somewhere('role:read'), hasOfAll('environment:read')),
  ownKey: any(has('apikey:manage'), hasOfAll('environment:read')),
  sharedKey: hasOfAll('environment:read'),
  event: has('event:read'),
  users: hasOfAll('user:read'),
  anOrganization: somewhere('organization:read'),
} satisfies Record<string, Rule>;

/** Of a membership, a user or an event that is seen. */
export const details = any(has('membership:readDetails'), own);
export const profile = any(meets('membership:read'), hasOfAll('user:read'), self);
export const address = any(
  meets('membership:read', 'membership:readDetails'),
  hasOfAll('user:read'),
  self,
);
export const wholeUser = any(hasOfAll('user:read'), self);
export const memberships = any(meets('membership:read'), person);
export const personal: Rule = (caller, thing) =>
  (thing.tenant === undefined ? hasOfAll('user:read') : has('membership:readDetails'))(
    caller,
    thing,
  );

/** Only owners touch owners. Owners who hold a permission touch themselves. */
const touches: Rule = ({ mayTouchOwners }, { tenant, isOwner }) =>
  isOwner !== true || (tenant !== undefined && mayTouchOwners.includes(tenant));

/** May do to a membership what the permission opens. */
export const mayDo = (permission: Permission) => all(has(permission), touches);

/** It is their own, and they are in as the organization wants it. */
export const ownInside: Rule = (caller, thing) =>
  own(caller, thing) &&
  thing.tenant !== undefined &&
  caller.own[thing.tenant]?.isActive === true &&
  caller.refused[thing.tenant] === undefined;

/** What the matrix has explained. */
export const EXPLAINED: Permission = 'organization:read';

/** Of their own membership people are told whether they have it by this sign-in. */
export const allowed: Rule = (caller, thing) =>
  own(caller, thing) ? has(EXPLAINED)(caller, thing) : thing.isAllowed === true;
