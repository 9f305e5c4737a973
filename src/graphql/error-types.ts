/** What every mutation, or every change of something, can refuse. */
import {
  BusyError,
  ConflictError,
  DuplicateError,
  ForbiddenError,
  InputError,
  type InputIssue,
  NotFoundError,
  PolicyError,
} from '../domain/errors.ts';
import { builder } from './builder.ts';
import { interfaces, nodeOf } from './error-interface.ts';
import { AuthMethod } from './organization-settings.ts';

builder.objectType(ForbiddenError, {
  name: 'ForbiddenError',
  description: 'The caller sees it, and may not do this.',
  interfaces,
  fields: (t) => ({
    permission: t.exposeString('permission', {
      nullable: false,
      description: 'The permission that it needs.',
    }),
  }),
});

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  description: 'What the input names does not exist, or the caller may not see it.',
  interfaces,
});

builder.objectType(PolicyError, {
  name: 'PolicyError',
  description:
    'The caller did not sign in as the organization asks for, and so has no rights there.',
  interfaces,
  fields: (t) => ({
    allowedAuthMethods: t.field({
      type: [AuthMethod],
      nullable: { list: true, items: false },
      description: 'The ways to sign in that the organization allows. Null when it allows any.',
      resolve: (error) => error.allowedAuthMethods,
    }),
  }),
});

const InputIssueType = builder.objectRef<InputIssue>('InputIssue').implement({
  description: 'A field of the input that is wrong.',
  fields: (t) => ({
    path: t.exposeStringList('path', {
      nullable: false,
      description: 'Where it stands in the input, from the outside in.',
    }),
    message: t.exposeString('message', {
      nullable: false,
      description: 'What was expected, as a phrase that follows the name of the field.',
    }),
  }),
});

builder.objectType(InputError, {
  name: 'InputError',
  description: 'The input is wrong.',
  interfaces,
  fields: (t) => ({
    issues: t.field({
      type: [InputIssueType],
      nullable: false,
      description: 'Everything that is wrong with it.',
      resolve: ({ issues }) => issues,
    }),
  }),
});

builder.objectType(ConflictError, {
  name: 'ConflictError',
  description: 'It is not at the version that was expected.',
  interfaces,
  fields: (t) => ({
    currentVersion: t.exposeInt('currentVersion', {
      nullable: false,
      description: 'The version that it is at.',
    }),
  }),
});

builder.objectType(BusyError, {
  name: 'BusyError',
  description: 'Too many changes are waiting for the same thing. Trying again may succeed.',
  interfaces,
  fields: (t) => ({
    retryAfterMs: t.exposeInt('retryAfterMs', {
      nullable: false,
      description: 'After how many milliseconds to try again.',
    }),
  }),
});

builder.objectType(DuplicateError, {
  name: 'DuplicateError',
  description: 'Something else has a value that must be unique.',
  interfaces,
  fields: (t) => ({
    field: t.exposeString('field', {
      nullable: false,
      description: 'The field of the input with that value.',
    }),
    existing: t.field({
      type: builder.nodeInterfaceRef(),
      description: 'What has the value already. Null for those who may not see it.',
      resolve: ({ existingId }, _args, context) => nodeOf(existingId, context),
    }),
  }),
});
