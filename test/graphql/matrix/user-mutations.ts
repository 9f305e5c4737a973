/** The mutations of users: every part of their inputs, and who may. */
import type { Permission } from './callers.ts';
import { sees } from './rule.ts';
import { type Case, needsOfAll, type Step, verdict } from './verdict.ts';

const update = (name: string, more: object, ...steps: Step[]): Case => ({
  name,
  input: ({ names }) => ({ user: { id: names.mia.usr }, ...more }),
  verdict: verdict(needsUser('user:update'), ...steps),
});

/** Users are of no organization: what is seen of them is. */
function needsUser(permission: Permission): Step {
  return (caller, thing) =>
    caller.holds.environment.includes(permission)
      ? null
      : sees.user(caller, thing)
        ? 'FORBIDDEN'
        : 'NOT_FOUND';
}

/** What people do to their own user, if it is for them, and if the sign-in vouches for all of them. */
function ofTheirOwn(mutation: 'userUpdate' | 'userDelete', more: object, isForThem: boolean): Case {
  return {
    name: `${mutation}, of their own: ${Object.keys(more)}`,
    input: ({ caller: { userId, email } }) =>
      mutation === 'userUpdate'
        ? { user: { id: userId }, ...more }
        : { userId, confirmEmail: email },
    isFor: ({ userId }) => userId !== null,
    verdict: ({ isWhole }) => (isWhole && isForThem ? 'done' : 'FORBIDDEN'),
    isOfEnvironment: true,
  };
}

export const ofUsers: Case[] = [
  {
    name: 'userCreate',
    input: ({ fresh }) => ({
      email: `${fresh}@new.example`,
      emailVerified: true,
      untrustedMetadata: { a: 1 },
      profile: { name: 'New' },
    }),
    verdict: verdict(needsOfAll('user:create')),
    isOfEnvironment: true,
  },
  {
    name: 'userCreate, with trusted fields',
    input: ({ fresh }) => ({
      email: `${fresh}@new.example`,
      externalId: fresh,
      metadata: { a: 1 },
    }),
    verdict: verdict(needsOfAll('user:create'), needsOfAll('trusted:write')),
    isOfEnvironment: true,
  },
  update('userUpdate', {
    profile: {
      name: 'N',
      givenName: 'N',
      familyName: 'N',
      locale: 'en',
      pictureUrl: 'https://x.example',
    },
    untrustedMetadata: { a: 1 },
  }),
  update('userUpdate, of the address', { email: 'new@new.example' }),
  update('userUpdate, of whether it is verified', { emailVerified: true }),
  update('userUpdate, of metadata', { metadata: { a: 1 } }, needsOfAll('trusted:write')),
  update('userUpdate, of the external id', { externalId: 'new' }, needsOfAll('trusted:write')),
  ...(['email', 'externalId'] as const).map(
    (by): Case => ({
      name: `userUpdate, by ${by}`,
      input: ({ names }) => ({
        user:
          by === 'email' ? { email: names.ada.email } : { externalId: names.ada.userExternalId },
        untrustedMetadata: { a: 1 },
      }),
      verdict: (caller) =>
        caller.holds.environment.includes('user:read')
          ? caller.holds.environment.includes('user:update')
            ? 'done'
            : 'FORBIDDEN'
          : caller.holds.environment.includes('user:update')
            ? 'FORBIDDEN'
            : 'NOT_FOUND',
    }),
  ),
  {
    name: 'userDelete',
    input: ({ names, others }) => ({ userId: names.gone.usr, confirmEmail: others.gone.email }),
    verdict: verdict(needsUser('user:delete'), needsOfAll('user:read')),
    about: ({ gone }) => gone.email,
  },
  ofTheirOwn('userUpdate', { untrustedMetadata: { a: 1 }, profile: { name: 'New' } }, true),
  ofTheirOwn('userUpdate', { metadata: { a: 1 } }, false),
  ofTheirOwn('userUpdate', { email: 'new@new.example' }, false),
  ofTheirOwn('userUpdate', { emailVerified: true }, false),
  ofTheirOwn('userUpdate', { externalId: 'new' }, false),
  ofTheirOwn('userDelete', {}, true),
  {
    name: 'identityLink',
    input: ({ names, fresh }) => ({
      userId: names.mia.usr,
      issuer: 'https://i.example',
      subject: fresh,
      email: 'x@new.example',
      authMethod: 'GOOGLE',
    }),
    verdict: verdict(needsUser('user:update')),
  },
  {
    name: 'identityUnlink',
    input: ({ names, others }) => ({ userId: names.ada.usr, ...others.account }),
    verdict: verdict(needsUser('user:update')),
    about: ({ ada }) => ada.email,
  },
];
