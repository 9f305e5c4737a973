/** Changes of users and of their accounts. */

import {
  ConflictError,
  DuplicateError,
  LastOwnerError,
  WrongIdentityModelError,
} from '../domain/errors.ts';
import { encodeId } from '../domain/id.ts';
import { idInput } from './arguments.ts';
import { builder } from './builder.ts';
import { mutation } from './mutation.ts';
import { AuthMethod } from './organization-settings.ts';
import { nodePayload } from './payload.ts';
import { readUserBy, UserBy } from './user.ts';

const expectedVersion = 'Refuse with ConflictError unless the user is at this version.';

const UserProfileInput = builder.inputType('UserProfileInput', {
  description:
    'What is known about a person. In an update, what is left out stays, and null clears it.',
  fields: (t) => ({
    name: t.string({ description: 'The name, up to 200 characters.' }),
    givenName: t.string({ description: 'The given name, up to 200 characters.' }),
    familyName: t.string({ description: 'The family name, up to 200 characters.' }),
    pictureUrl: t.string({ description: 'Where a picture is: an http or https URL.' }),
    locale: t.string({ description: 'The language as a BCP 47 tag, for example pt-BR.' }),
  }),
});

const UserCreateInput = builder.inputType('UserCreateInput', {
  description: 'Whom to create.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'The address, in any spelling.' }),
    emailVerified: t.boolean({
      description: 'Whether the address has been proven to be theirs. SHARED only.',
    }),
    externalId: t.string({
      description: 'The id that the product itself uses, unique. Needs trusted:write.',
    }),
    profile: t.field({ type: UserProfileInput, description: 'Who they are. SHARED only.' }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'Trusted metadata, which may enter tokens. Needs trusted:write.',
    }),
    untrustedMetadata: t.field({
      type: 'JSONObject',
      description: 'Metadata that the person may write too.',
    }),
  }),
});

mutation('userCreate', {
  description:
    'Creates a user, or makes one of somebody who only was invited. Requires user:create.',
  input: UserCreateInput,
  payload: nodePayload('UserCreate', 'user'),
  errors: [DuplicateError, WrongIdentityModelError],
  resolve: (input, { users }) => users.create(input),
});

const UserUpdateInput = builder.inputType('UserUpdateInput', {
  description: 'What to change of whom. What is left out stays, and null clears it.',
  fields: (t) => ({
    user: t.field({ type: UserBy, required: true, description: 'Whom to change.' }),
    email: t.string({
      description:
        'The new address, in any spelling. It is unverified unless emailVerified is given. SHARED only.',
    }),
    emailVerified: t.boolean({
      description: 'Whether the address has been proven to be theirs. SHARED only.',
    }),
    externalId: t.string({
      description: 'The id that the product itself uses, unique. Needs trusted:write.',
    }),
    profile: t.field({
      type: UserProfileInput,
      description: 'Who they are. SHARED only.',
    }),
    metadata: t.field({
      type: 'JSONObject',
      description:
        'Merged into the trusted metadata by its top-level keys; null deletes one. Needs trusted:write.',
    }),
    untrustedMetadata: t.field({
      type: 'JSONObject',
      description: 'Merged into the untrusted metadata by its top-level keys; null deletes one.',
    }),
    expectedVersion: t.int({ description: expectedVersion }),
  }),
});

mutation('userUpdate', {
  description:
    'Changes a user, and their address everywhere at once. Requires user:update, and user:read unless the user is named by id; of yourself, named by id, profile and untrustedMetadata require nothing.',
  input: UserUpdateInput,
  payload: nodePayload('UserUpdate', 'user'),
  errors: [ConflictError, DuplicateError, WrongIdentityModelError],
  resolve: (input, { users }) => users.update({ ...input, user: readUserBy(input.user, 'user') }),
});

const UserDeleteInput = builder.inputType('UserDeleteInput', {
  description: 'Whom to delete.',
  fields: (t) => ({
    userId: t.id({ required: true, description: 'The user, usr_….' }),
    confirmEmail: t.string({
      required: true,
      description: "The user's address, in any spelling, to be sure that it is the one meant.",
    }),
    expectedVersion: t.int({ description: expectedVersion }),
  }),
});

const UserDeletePayload = builder.objectRef<{ userId: string }>('UserDeletePayload').implement({
  description: 'What UserDelete deleted.',
  fields: (t) => ({
    deletedUserId: t.id({
      nullable: false,
      description: 'The id that the user had.',
      resolve: ({ userId }) => encodeId('usr', userId),
    }),
  }),
});

mutation('userDelete', {
  description:
    'Erases a person: the user, all their memberships and everything known about them, for good. Requires user:delete and user:read, or that it is you.',
  input: UserDeleteInput,
  payload: UserDeletePayload,
  errors: [ConflictError, LastOwnerError],
  resolve: ({ userId, ...input }, { users }) =>
    users.delete({ ...input, userId: idInput('usr', userId, 'userId') }),
});

const IdentityLinkInput = builder.inputType('IdentityLinkInput', {
  description: 'Which account shall sign in as whom.',
  fields: (t) => ({
    userId: t.id({ required: true, description: 'The user, usr_….' }),
    issuer: t.string({ required: true, description: 'Who vouches for the account.' }),
    subject: t.string({ required: true, description: 'What the issuer calls the account.' }),
    email: t.string({ description: 'The address that the issuer knows.' }),
    authMethod: t.field({
      type: AuthMethod,
      description: 'The way to sign in that it stands for.',
    }),
    expectedVersion: t.int({ description: expectedVersion }),
  }),
});

mutation('identityLink', {
  description: 'Lets an account sign in as a user, who can have 50 of them. Requires user:update.',
  input: IdentityLinkInput,
  payload: nodePayload('IdentityLink', 'user'),
  errors: [ConflictError, DuplicateError],
  resolve: ({ userId, ...input }, { users }) =>
    users.link({ ...input, userId: idInput('usr', userId, 'userId') }),
});

const IdentityUnlinkInput = builder.inputType('IdentityUnlinkInput', {
  description: 'Which account shall no longer sign in as whom.',
  fields: (t) => ({
    userId: t.id({ required: true, description: 'The user, usr_….' }),
    issuer: t.string({ required: true, description: 'Who vouches for the account.' }),
    subject: t.string({ required: true, description: 'What the issuer calls the account.' }),
    expectedVersion: t.int({ description: expectedVersion }),
  }),
});

mutation('identityUnlink', {
  description: 'Takes an account from a user. Requires user:update.',
  input: IdentityUnlinkInput,
  payload: nodePayload('IdentityUnlink', 'user'),
  errors: [ConflictError],
  resolve: ({ userId, ...input }, { users }) =>
    users.unlink({ ...input, userId: idInput('usr', userId, 'userId') }),
});
