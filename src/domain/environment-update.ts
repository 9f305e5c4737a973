/** Changes of the environment's settings. */
import type {
  IdentityModel,
  MembershipsPerUser,
  OrganizationCreation,
} from '../db/generated/prisma/enums.ts';
import { changesBetween } from './change.ts';
import { defaultRoleIds, demandToHoldDefaults, readDefaultRoles } from './default-role.ts';
import { ConflictError, InputError, MembershipsExistError } from './errors.ts';
import { encodeId, NIL_UUID } from './id.ts';
import { type Reader, readInput, refuseNulls } from './input.ts';
import { loadRoles, type RoleBook } from './role.ts';
import type { Transaction } from './transaction.ts';

type EnvironmentSettings = {
  identityModel: IdentityModel;
  membershipsPerUser: MembershipsPerUser;
  organizationLabel: { singular: string; plural: string };
  organizationCreation: OrganizationCreation;
  /** Seconds. */
  invitationLifetime: number;
  /** uuid */
  creatorRoleId: string;
  memberRoleId: string;
};

/** Absent leaves. Nothing can be cleared. */
export type EnvironmentChanges = {
  [Name in Exclude<keyof EnvironmentSettings, 'organizationLabel'>]?:
    | EnvironmentSettings[Name]
    | null;
} & {
  organizationLabel?: { singular?: string | null; plural?: string | null } | null;
  expectedVersion?: number | null;
};

const FIELDS = [
  'identityModel',
  'membershipsPerUser',
  'organizationLabel',
  'organizationCreation',
  'invitationLifetime',
  'creatorRoleId',
  'memberRoleId',
] as const satisfies (keyof EnvironmentSettings)[];

const SHORTEST_LIFETIME = 300;
const LONGEST_LIFETIME = 2_592_000;
const MAX_LABEL_LENGTH = 50;

/**
 * Changes the environment, which the transaction holds exclusively. The identity model and how many memberships a user
 * may have can change only while there is none, removed ones included.
 *
 * @throws ConflictError, InputError, MembershipsExistError, RoleTooHighError
 */
export async function updateEnvironment(tx: Transaction, input: EnvironmentChanges): Promise<void> {
  const { version, ...before } = await loadEnvironment(tx);
  if (input.expectedVersion != null && input.expectedVersion !== version) {
    throw new ConflictError(version);
  }
  const roles = await loadRoles(tx, [], [], defaultRoleIds(input));
  const after = readInput((read) => readChanges(read, input, before, roles));
  if (after instanceof InputError) {
    throw after;
  }
  const changes = changesBetween(told(before), told(after));
  if (changes.length === 0) {
    return;
  }
  await demandToHoldDefaults(tx, before, after);
  if (
    before.identityModel !== after.identityModel ||
    before.membershipsPerUser !== after.membershipsPerUser
  ) {
    const memberships = await tx.db.membership.count();
    if (memberships > 0) {
      throw new MembershipsExistError(memberships);
    }
  }
  const { organizationLabel, ...row } = after;
  await tx.db.environment.update({
    where: { id: NIL_UUID },
    data: {
      ...row,
      organizationLabelSingular: organizationLabel.singular,
      organizationLabelPlural: organizationLabel.plural,
      version: { increment: 1 },
      updatedAt: tx.now,
    },
  });
  tx.append({ type: 'ENVIRONMENT_UPDATED', cause: 'UPDATED', detail: { changes } });
}

async function loadEnvironment(
  tx: Transaction,
): Promise<EnvironmentSettings & { version: number }> {
  const row = await tx.db.environment.findUniqueOrThrow({ where: { id: NIL_UUID } });
  const { organizationLabelSingular: singular, organizationLabelPlural: plural } = row;
  return {
    identityModel: row.identityModel,
    membershipsPerUser: row.membershipsPerUser,
    organizationLabel: { singular, plural },
    organizationCreation: row.organizationCreation,
    invitationLifetime: row.invitationLifetime,
    creatorRoleId: row.creatorRoleId,
    memberRoleId: row.memberRoleId,
    version: row.version,
  };
}

function readChanges(
  read: Reader,
  input: EnvironmentChanges,
  before: EnvironmentSettings,
  roles: RoleBook,
): EnvironmentSettings {
  refuseNulls(read, input, FIELDS);
  const label = input.organizationLabel ?? {};
  refuseNulls(read, label, ['singular', 'plural'], ['organizationLabel']);
  const lifetime = read.integer(
    'invitationLifetime',
    input.invitationLifetime,
    SHORTEST_LIFETIME,
    LONGEST_LIFETIME,
  );
  const { creatorRoleId, memberRoleId } = readDefaultRoles(read, input, before, (id) =>
    roles.byId(NIL_UUID, id),
  );
  const readName = (name: 'singular' | 'plural') =>
    read.text(['organizationLabel', name], label[name], MAX_LABEL_LENGTH);
  return {
    identityModel: input.identityModel ?? before.identityModel,
    membershipsPerUser: input.membershipsPerUser ?? before.membershipsPerUser,
    organizationLabel: {
      singular: readName('singular') ?? before.organizationLabel.singular,
      plural: readName('plural') ?? before.organizationLabel.plural,
    },
    organizationCreation: input.organizationCreation ?? before.organizationCreation,
    invitationLifetime: lifetime ?? before.invitationLifetime,
    creatorRoleId: creatorRoleId ?? before.creatorRoleId,
    memberRoleId: memberRoleId ?? before.memberRoleId,
  };
}

/** Settings as events tell them. */
function told(settings: EnvironmentSettings) {
  return {
    ...settings,
    creatorRoleId: encodeId('rol', settings.creatorRoleId),
    memberRoleId: encodeId('rol', settings.memberRoleId),
  };
}
