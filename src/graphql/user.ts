/** Users: their fields, and how they are looked up and listed. */
import type { Identity } from '../db/generated/prisma/client.ts';
import { normalizeDomain, normalizeEmail } from '../domain/email.ts';
import { InputError } from '../domain/errors.ts';
import { readInput } from '../domain/input.ts';
import { can } from '../domain/permission.ts';
import type { Principal } from '../domain/principal.ts';
import type { UserNames } from '../domain/user-directory.ts';
import { seesAddress, seesAllOfUser, seesProfile, seesUser } from '../domain/visibility.ts';
import type { MaybePromise } from '../loaders/batch.ts';
import type { UserOrderField, UserRow } from '../loaders/user.ts';
import { idArgument, idInput, metadataArgument, textArgument } from './arguments.ts';
import { builder } from './builder.ts';
import {
  connectionOf,
  connectionType,
  type ListOrder,
  pageArguments,
  readPage,
} from './connection.ts';
import type { Context } from './context.ts';
import { invalidArgument } from './errors.ts';
import { ifSeen, shownIf } from './guard.ts';
import { User } from './nodes.ts';
import { orderType } from './order.ts';
import { AuthMethod } from './organization-settings.ts';

const needs = 'Requires user:read, or that it is you.';
const shared = 'Requires membership:read where both are, user:read, or that it is you.';
const address = 'Requires membership:readDetails where the user is, user:read, or that it is you.';

/** A field that shows to those for whom `sees` is true of the user. */
function shown<Value>(
  sees: (principal: Principal, user: UserRow) => boolean,
  read: (user: UserRow, context: Context) => Value,
) {
  return shownIf<UserRow, object, Value>(sees, (user, _args, context) => read(user, context));
}

const IdentityType = builder.objectRef<Identity>('Identity').implement({
  description: 'An account at an issuer that signs in as a user.',
  fields: (t) => ({
    issuer: t.exposeString('issuer', {
      nullable: false,
      description: 'Who vouches for the account.',
    }),
    subject: t.exposeString('subject', {
      nullable: false,
      description: 'What the issuer calls the account.',
    }),
    email: t.exposeString('email', {
      description: 'The address that the issuer knows. Null when it told none.',
    }),
    authMethod: t.expose('authMethod', {
      type: AuthMethod,
      description: 'The way to sign in that it stands for. Null when it is not known.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      description: 'When it last signed in. Null when it never did.',
    }),
  }),
});

builder.prismaObjectFields(User, (t) => ({
  email: t.string({
    description: `The address, normalized. ${address}`,
    resolve: shown(seesAddress, (user) => user.email),
  }),
  emailVerified: t.boolean({
    description: `Whether the address has been proven to be theirs. ${address}`,
    resolve: shown(seesAddress, (user) => user.emailVerified),
  }),
  externalId: t.string({
    description: `The id that the product itself uses, unique. Null when none was given. ${needs}`,
    resolve: shown(seesAllOfUser, (user) => user.externalId),
  }),
  name: t.string({
    description: `The name. Null when it is not known, or kept by each organization for itself. ${shared}`,
    resolve: shown(seesProfile, (user) => user.name),
  }),
  givenName: t.string({
    description: `The given name. Null when it is not known. ${shared}`,
    resolve: shown(seesProfile, (user) => user.givenName),
  }),
  familyName: t.string({
    description: `The family name. Null when it is not known. ${shared}`,
    resolve: shown(seesProfile, (user) => user.familyName),
  }),
  pictureUrl: t.string({
    description: `Where a picture of the person is. Null when there is none. ${shared}`,
    resolve: shown(seesProfile, (user) => user.pictureUrl),
  }),
  locale: t.string({
    description: `The language of the person as a BCP 47 tag. Null when it is not known. ${shared}`,
    resolve: shown(seesProfile, (user) => user.locale),
  }),
  metadata: t.field({
    type: 'JSONObject',
    description: `Trusted metadata, which may enter tokens. ${needs}`,
    resolve: shown(seesAllOfUser, (user) => user.metadata),
  }),
  untrustedMetadata: t.field({
    type: 'JSONObject',
    description: `Metadata that the person may write too, and that never enters tokens. ${needs}`,
    resolve: shown(seesAllOfUser, (user) => user.untrustedMetadata),
  }),
  identities: t.field({
    type: [IdentityType],
    nullable: { list: true, items: false },
    description: `The accounts that sign in as this person, oldest first. ${needs}`,
    resolve: shown(seesAllOfUser, (user, { loaders }) => loaders.users.identitiesOf(user.id)),
  }),
  version: t.exposeInt('version', {
    nullable: false,
    description: 'Grows with every change, for expectedVersion.',
  }),
  createdAt: t.field({
    type: 'DateTime',
    description: `When the user was created. ${needs}`,
    resolve: shown(seesAllOfUser, (user) => user.createdAt),
  }),
  updatedAt: t.field({
    type: 'DateTime',
    description: `When the user was last changed. ${needs}`,
    resolve: shown(seesAllOfUser, (user) => user.updatedAt),
  }),
}));

const UserConnection = connectionType<UserRow>('User', User, 'users');

const UserOrderFieldType = builder.enumType('UserOrderField', {
  description: 'What users can be sorted by.',
  values: {
    CREATED_AT: { description: 'When they were created.' },
    EMAIL: { description: 'The address.' },
    NAME: { description: 'The name, without case and accents; who has none comes first.' },
  },
});

const UserOrder = orderType('User', UserOrderFieldType, 'users');

const UserFilter = builder.inputType('UserFilter', {
  description: 'Which users to list. All conditions must hold.',
  fields: (t) => ({
    search: t.string({ description: 'Part of the name or address, in any case, accents ignored.' }),
    metadata: t.field({
      type: 'JSONObject',
      description: 'What the trusted metadata must contain.',
    }),
    emailDomain: t.string({ description: 'The domain of the address, for example example.com.' }),
    withoutMemberships: t.boolean({
      description: 'Whether to list only who belongs to no organization, or only who does.',
    }),
  }),
});

/** Which user an input is about. */
export const UserBy = builder.inputType('UserBy', {
  description: 'Names a user in exactly one way.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'By id, usr_….' }),
    email: t.string({ description: 'By address, in any spelling.' }),
    externalId: t.string({ description: 'By the id that the product itself uses.' }),
  }),
});

const keys: Record<UserOrderField, Pick<ListOrder<UserOrderField, UserRow>, 'type' | 'keyOf'>> = {
  CREATED_AT: { type: 'timestamptz', keyOf: (user) => user.createdAt },
  EMAIL: { type: 'text', keyOf: (user) => user.email },
  NAME: { type: 'text', keyOf: (user) => user.nameKey },
};

function findUser(
  by: typeof UserBy.$inferInput,
  { loaders }: Context,
): MaybePromise<UserRow | null> {
  if (by.id != null) {
    return loaders.users.byId(idArgument('usr', by.id, ['by', 'id']));
  }
  if (by.email != null) {
    const email = normalizeEmail(by.email);
    return email === null ? null : loaders.users.byEmail(email);
  }
  return loaders.users.byExternalId(textArgument(by.externalId ?? '', ['by', 'externalId']));
}

/** Who may look somebody up by an address may read it, and so with the others. */
function visibilityBy(by: typeof UserBy.$inferInput) {
  if (by.id != null) {
    return seesUser;
  }
  return by.email != null ? seesAddress : seesAllOfUser;
}

/**
 * How the input of a mutation names a user, with the path of that name in it.
 *
 * @throws InputError for a broken id, for what is no address, and for text that nobody can have as an external id.
 */
export function readUserBy(by: typeof UserBy.$inferInput, ...path: string[]): UserNames {
  const names = readInput((read) => ({
    email: by.email == null ? null : read.email('email', by.email),
    userExternalId: read.text('externalId', by.externalId, 255),
  }));
  if (names instanceof InputError) {
    throw new InputError(
      names.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] })),
    );
  }
  return { ...names, userId: idInput('usr', by.id ?? null, ...path, 'id') };
}

function readDomain(domain: string | null | undefined): string | undefined {
  const normalized = domain == null ? undefined : normalizeDomain(domain);
  if (normalized === null) {
    throw invalidArgument(['filter', 'emailDomain'], 'must be a mail domain such as example.com');
  }
  return normalized;
}

builder.queryFields((t) => ({
  user: t.field({
    type: User,
    args: { by: t.arg({ type: UserBy, required: true, description: 'Which user.' }) },
    description: `A user. Null when there is none or it may not be seen. ${needs}`,
    resolve: async (_root, { by }, context) =>
      ifSeen(context.principal, visibilityBy(by), await findUser(by, context)),
  }),
  users: t.field({
    type: UserConnection,
    args: {
      ...pageArguments,
      filter: t.arg({ type: UserFilter, description: 'Which to list. All by default.' }),
      orderBy: t.arg({ type: UserOrder, description: 'Oldest first by default.' }),
    },
    description: `All users but those who only were invited. Null for those who may not list them. ${needs}`,
    resolve: (_root, { filter, orderBy, ...page }, { principal, loaders }) => {
      const field = orderBy?.field ?? 'CREATED_AT';
      const order = {
        ...keys[field],
        list: 'users',
        field,
        descending: orderBy?.direction === 'DESC',
      };
      const args = readPage(page, order);
      const conditions = {
        search: textArgument(filter?.search, ['filter', 'search']),
        metadata: metadataArgument(filter?.metadata, ['filter', 'metadata']),
        emailDomain: readDomain(filter?.emailDomain),
        withoutMemberships: filter?.withoutMemberships,
      };
      return can(principal, 'user:read')
        ? connectionOf(loaders.users.list(conditions, args), order)
        : null;
    },
  }),
}));
