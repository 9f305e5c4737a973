/** Changes of what an organization keeps about a member, whatever the membership's status. */
import type { IdentityModel } from '../db/generated/prisma/enums.ts';
import { changesBetween } from './change.ts';
import { settleDeadlines } from './deadline.ts';
import { type EnvironmentRules, readEnvironment } from './environment.ts';
import {
  ConflictError,
  DuplicateError,
  InputError,
  NotFoundError,
  WrongIdentityModelError,
} from './errors.ts';
import { encodeId } from './id.ts';
import { effectiveName, misplacedInMembershipUpdate } from './identity-model.ts';
import { type Reader, readInput } from './input.ts';
import { type Addressee, lockAddressee, moveToAddressee } from './membership-email.ts';
import { type JsonObject, mergeMetadata } from './metadata.ts';
import { foldText, searchText } from './text.ts';
import type { Transaction } from './transaction.ts';

/** Absent fields stay, null clears. The profile but for the name, and the address, are for ISOLATED environments. */
export type MembershipUpdate = {
  /** uuid */
  membershipId: string;
  name?: string | null;
  givenName?: string | null;
  familyName?: string | null;
  pictureUrl?: string | null;
  locale?: string | null;
  emailAddress?: string | null;
  externalId?: string | null;
  /** Merged with what is there at the top level. */
  metadata?: Record<string, unknown> | null;
  untrustedMetadata?: Record<string, unknown> | null;
  isBreakglass?: boolean | null;
  expectedVersion?: number | null;
};

/** What of a membership is changed here. */
type Values = {
  name: string | null;
  givenName: string | null;
  familyName: string | null;
  pictureUrl: string | null;
  locale: string | null;
  externalId: string | null;
  metadata: JsonObject;
  untrustedMetadata: JsonObject;
  isBreakglass: boolean;
};

type MembershipKeys = { nameKey: string; emailKey: string; searchText: string };

/**
 * Changes a membership of the organization (uuid), which is locked. Another address makes it the membership of another
 * user, with an event of its own.
 *
 * @throws NotFoundError, WrongIdentityModelError, ConflictError, InputError, DuplicateError, and as `moveToAddressee`
 */
export async function updateMembership(
  tx: Transaction,
  organizationId: string,
  input: MembershipUpdate,
): Promise<void> {
  await settleDeadlines(tx, [organizationId]);
  const environment = await readEnvironment(tx);
  demandPlace(environment, input);
  const { membershipId: id, expectedVersion } = input;
  const membership = await tx.db.membership.findFirst({ where: { id, organizationId } });
  if (membership === null) {
    throw new NotFoundError('membership');
  }
  if (expectedVersion != null && expectedVersion !== membership.version) {
    throw new ConflictError(membership.version);
  }
  const before = valuesOf(membership);
  const { email, ...after } = readUpdate(before, input);
  const person =
    input.name === undefined && email === null
      ? null
      : await lockAddressee(tx, membership.userId, email);
  const changes = changesBetween(before, after);
  const moves = person !== null && person.user !== person.former;
  if (changes.length === 0 && !moves) {
    return;
  }
  await demandFree(tx, organizationId, id, after.externalId);
  const moved = moves ? await moveToAddressee(tx, membership, person, environment) : {};
  const keys = person === null ? {} : keysOf(environment.identityModel, person, after.name);
  await tx.db.membership.update({
    where: { id },
    data: { ...after, ...moved, ...keys, version: { increment: 1 }, updatedAt: tx.now },
    select: { id: true },
  });
  if (changes.length > 0) {
    tx.append({
      type: 'MEMBERSHIP_UPDATED',
      cause: 'UPDATED',
      organizationId,
      membershipId: id,
      userId: person?.user.id ?? membership.userId,
      detail: { changes },
    });
  }
}

function demandPlace({ identityModel }: EnvironmentRules, input: MembershipUpdate): void {
  const misplaced = misplacedInMembershipUpdate(identityModel, input);
  if (misplaced !== null) {
    throw new WrongIdentityModelError(identityModel, misplaced);
  }
}

function valuesOf(
  row: Omit<Values, 'metadata' | 'untrustedMetadata'> & {
    metadata: unknown;
    untrustedMetadata: unknown;
  },
): Values {
  const { name, givenName, familyName, pictureUrl, locale, externalId, isBreakglass } = row;
  return {
    name,
    givenName,
    familyName,
    pictureUrl,
    locale,
    externalId,
    metadata: row.metadata as JsonObject,
    untrustedMetadata: row.untrustedMetadata as JsonObject,
    isBreakglass,
  };
}

/** The values after the update, and the address that it names. */
function readUpdate(before: Values, input: MembershipUpdate): Values & { email: string | null } {
  const text = (
    read: Reader,
    name: 'name' | 'givenName' | 'familyName' | 'externalId',
    max: number,
  ) => (input[name] === undefined ? before[name] : read.text(name, input[name], max));
  const after = readInput((read) => {
    if (input.isBreakglass === null) {
      read.fail('isBreakglass', 'must be true or false');
    }
    return {
      name: text(read, 'name', 200),
      givenName: text(read, 'givenName', 200),
      familyName: text(read, 'familyName', 200),
      pictureUrl:
        input.pictureUrl === undefined
          ? before.pictureUrl
          : read.url('pictureUrl', input.pictureUrl),
      locale: input.locale === undefined ? before.locale : read.locale('locale', input.locale),
      externalId: text(read, 'externalId', 255),
      metadata: merged(read, 'metadata', before, input),
      untrustedMetadata: merged(read, 'untrustedMetadata', before, input),
      isBreakglass: input.isBreakglass ?? before.isBreakglass,
      email:
        input.emailAddress === undefined ? null : read.email('emailAddress', input.emailAddress),
    };
  });
  if (after instanceof InputError) {
    throw after;
  }
  return after;
}

function merged(
  read: Reader,
  field: 'metadata' | 'untrustedMetadata',
  before: Values,
  input: MembershipUpdate,
): JsonObject {
  const patch = input[field];
  const result = patch === null ? {} : mergeMetadata(before[field], patch ?? {});
  if (typeof result === 'string') {
    read.fail(field, result);
    return {};
  }
  return result;
}

async function demandFree(
  tx: Transaction,
  organizationId: string,
  id: string,
  externalId: string | null,
): Promise<void> {
  const holder =
    externalId === null
      ? null
      : await tx.db.membership.findFirst({
          where: { organizationId, externalId, id: { not: id } },
          select: { id: true },
        });
  if (holder !== null) {
    throw new DuplicateError(
      'DUPLICATE_EXTERNAL_ID',
      'externalId',
      encodeId('mbr', holder.id),
      'Another membership of the organization has this external id.',
    );
  }
}

function keysOf(model: IdentityModel, { user }: Addressee, name: string | null): MembershipKeys {
  const shownName = effectiveName(model, user, { name });
  return {
    nameKey: foldText(shownName ?? ''),
    emailKey: user.email,
    searchText: searchText(shownName, user.email),
  };
}
