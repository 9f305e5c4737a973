/** What comes of a mutation for whom: the vocabulary of its rules. Written from the design, not from the code. */
import { type Caller, OF_ENVIRONMENT, type Permission } from './callers.ts';
import type { Names } from './names.ts';
import type { Rule, Thing } from './rule.ts';
import type { Shared } from './world.ts';

/** What an input is made of. */
export type Given = {
  names: Names;
  /** Names of what the input refers to besides, which could be another organization's. */
  others: Names;
  shared: Shared;
  caller: Caller;
  /** Text that no other input has. */
  fresh: string;
};

/** What comes of it: `done`, be it that the domain refuses it, or the code of the refusal. */
export type Verdict = (caller: Caller, thing: Thing) => string;

export type Case = {
  /** The mutation, and, after a comma, what is particular. */
  name: string;
  input(given: Given): object;
  verdict: Verdict;
  /** Left out: every caller, with each organization. */
  isFor?(caller: Caller, names: Names): boolean;
  /** Whom it is about: Mia, if nobody else. */
  about?(names: Names, caller: Caller): string;
  /** It is about nothing of an organization. */
  isOfEnvironment?: true;
  /** It takes no version that would stop it, and is done once: left to the walk of answers. */
  isOnce?: true;
  /** It names a secret, which is worth the same to whoever has it: nobody is a stranger to what it is for. */
  isByToken?: true;
  /** It is refused, and ends what it is about: left to a walk of its own. */
  isEnding?: true;
};

export type Step = (caller: Caller, thing: Thing) => string | null;

/** What keeps somebody who lacks a permission: the thing is not there, or the sign-in, or the permission. */
export const needs =
  (permission: Permission, isSeen?: Rule): Step =>
  (caller, thing) => {
    const isOfEnvironment = OF_ENVIRONMENT.some((name) => name === permission);
    const where = isOfEnvironment ? 'environment' : (thing.tenant ?? 'environment');
    if (caller.holds[where].includes(permission)) {
      return null;
    }
    return isSeen !== undefined && !isSeen(caller, thing)
      ? 'NOT_FOUND'
      : ((thing.tenant && caller.refused[thing.tenant]) ?? 'FORBIDDEN');
  };

export const needsOfAll =
  (permission: Permission, otherwise = 'FORBIDDEN'): Step =>
  ({ holds }) =>
    holds.environment.includes(permission) ? null : otherwise;

export const needsOwner: Step = ({ mayTouchOwners }, { tenant }) =>
  tenant !== undefined && mayTouchOwners.includes(tenant) ? null : 'FORBIDDEN';

/** Nobody grants what they do not hold. */
export const grants =
  (permissions: readonly Permission[]): Step =>
  ({ holds }, { tenant }) =>
    permissions.every((name) => holds[tenant ?? 'environment'].includes(name))
      ? null
      : 'ROLE_TOO_HIGH';

export const verdict =
  (...steps: Step[]): Verdict =>
  (caller, thing) => {
    for (const step of steps) {
      const refusal = step(caller, thing);
      if (refusal !== null) {
        return refusal;
      }
    }
    return 'done';
  };

/** How the thing of an input is named there. */
export const org = ({ names }: Given) => ({ organization: { id: names.org } });

/** What the role of each organization's own gives: what members have. */
export const MEMBER: readonly Permission[] = ['organization:read', 'membership:read', 'role:read'];
