/** New users: many at once, of which one is a set of one. */
import type { IdentityModel } from '../db/generated/prisma/enums.ts';
import { readEnvironment } from './environment.ts';
import { DuplicateError, WrongIdentityModelError } from './errors.ts';
import { encodeId } from './id.ts';
import { misplacedField } from './identity-model.ts';
import { type Reader, readRow } from './input.ts';
import { type Outcome, type Refused, refused } from './outcome.ts';
import type { Transaction } from './transaction.ts';
import {
  enroll,
  loadRegister,
  type Register,
  saveDrafts,
  type UserDraft,
  type UserToSave,
} from './user-store.ts';

/** Null and absent are the same: this is about new users. */
export type UserInput = {
  email: string;
  emailVerified?: boolean | null;
  externalId?: string | null;
  name?: string | null;
  givenName?: string | null;
  familyName?: string | null;
  pictureUrl?: string | null;
  locale?: string | null;
  metadata?: Record<string, unknown> | null;
  untrustedMetadata?: Record<string, unknown> | null;
  /** With `subject`: an account that signs in as this user. */
  issuer?: string | null;
  subject?: string | null;
};

export type AddUsersOptions = {
  act: 'create' | 'import';
  /** What a row is that names a user who is there already. @default 'refuse' */
  existing?: 'refuse' | 'unchanged';
};

/**
 * Creates users, each with their event. Somebody who only was invited before is made a user like any other. The
 * outcomes are in the order of the rows; a refused row (InputError, WrongIdentityModelError, DuplicateError) stops no
 * other. With `existing: 'unchanged'` a user is known by the address, together with the external id in rows that have
 * one.
 */
export async function addUsers(
  tx: Transaction,
  rows: UserInput[],
  options: AddUsersOptions,
): Promise<Outcome[]> {
  const { act, existing = 'refuse' } = options;
  const { identityModel } = await readEnvironment(tx);
  const drafts = rows.map((row) => readUser(row, identityModel));
  const register = await loadRegister(
    tx,
    drafts.filter((draft) => 'email' in draft),
  );
  const created: UserToSave[] = [];
  const outcomes = drafts.map((draft): Outcome => {
    if ('outcome' in draft) {
      return draft;
    }
    const collision = collide(draft, register, existing);
    if (collision !== null) {
      return refused(collision);
    }
    const present = register.byEmail.get(draft.email);
    if (present !== undefined && !present.invitedOnly) {
      const isUnlinked = draft.identity !== null && !register.linked(draft.identity);
      return {
        outcome: 'unchanged',
        id: present.id,
        ...(isUnlinked && { notes: ['The account was not linked: the user was there already.'] }),
      };
    }
    const id = present?.id ?? tx.newId();
    created.push({ ...draft, id, isNew: present === undefined });
    enroll(register, draft, id);
    const cause = act === 'import' ? 'IMPORTED' : 'CREATED';
    tx.append({ type: 'USER_CREATED', cause, userId: id });
    if (draft.identity !== null) {
      tx.append({
        type: 'IDENTITY_LINKED',
        cause: 'LINKED',
        userId: id,
        detail: { issuer: draft.identity.issuer },
      });
    }
    return { outcome: 'created', id };
  });
  if (created.length > 0) {
    await saveDrafts(tx, created, identityModel);
  }
  return outcomes;
}

function readUser(row: UserInput, identityModel: IdentityModel): UserDraft | Refused {
  const misplaced = misplacedField(identityModel, 'user', row);
  if (misplaced !== null) {
    return refused(new WrongIdentityModelError(identityModel, misplaced));
  }
  return readRow((read) => ({
    email: read.email('email', row.email),
    emailVerified: row.emailVerified ?? false,
    externalId: read.text('externalId', row.externalId, 255),
    name: read.text('name', row.name, 200),
    givenName: read.text('givenName', row.givenName, 200),
    familyName: read.text('familyName', row.familyName, 200),
    pictureUrl: read.url('pictureUrl', row.pictureUrl),
    locale: read.locale('locale', row.locale),
    metadata: read.metadata('metadata', row.metadata),
    untrustedMetadata: read.metadata('untrustedMetadata', row.untrustedMetadata),
    identity: readIdentity(read, row),
  }));
}

function readIdentity(read: Reader, row: UserInput): UserDraft['identity'] {
  const issuer = read.text('issuer', row.issuer, 255);
  const subject = read.text('subject', row.subject, 255);
  if (issuer !== null && subject !== null) {
    return { issuer, subject };
  }
  if (issuer !== null || subject !== null) {
    read.fail(issuer === null ? 'issuer' : 'subject', 'must be given too');
  }
  return null;
}

/** What keeps the row from being created and from being what is there already. */
function collide(
  { email, externalId, identity }: UserDraft,
  register: Register,
  existing: 'refuse' | 'unchanged',
): DuplicateError | null {
  const present = register.byEmail.get(email);
  const mayBeSame = externalId === null || externalId === present?.externalId;
  if (present && !present.invitedOnly && !(existing === 'unchanged' && mayBeSame)) {
    return new DuplicateError(
      'DUPLICATE_EMAIL',
      'email',
      encodeId('usr', present.id),
      'Another user has this address.',
    );
  }
  const holder = externalId === null ? undefined : register.byExternalId.get(externalId);
  if (holder !== undefined && holder !== present?.id) {
    return new DuplicateError(
      'DUPLICATE_EXTERNAL_ID',
      'externalId',
      encodeId('usr', holder),
      'Another user has this external id.',
    );
  }
  const linked = identity === null ? undefined : register.linked(identity);
  return linked === undefined || linked === present?.id
    ? null
    : new DuplicateError(
        'DUPLICATE_KEY',
        'subject',
        encodeId('usr', linked),
        'This account signs in as another user.',
      );
}
