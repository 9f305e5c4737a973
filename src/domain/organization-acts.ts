/** What callers do to organizations. Ids are uuids. */
import { type Caller, perform } from './act.ts';
import { demand, demandTrusted, organizationOf } from './authorize.ts';
import { demandToHoldDefaults } from './default-role.ts';
import { readEnvironment } from './environment.ts';
import { ForbiddenError, InputError, NotFoundError } from './errors.ts';
import { readInput } from './input.ts';
import { addMembers } from './membership.ts';
import { enterThemselves } from './membership-self.ts';
import { addOrganizations, type OrganizationInput } from './organization.ts';
import { ORGANIZATION_ACTS } from './organization-authority.ts';
import { deleteOrganization, type OrganizationDeletion } from './organization-delete.ts';
import { findOrganizationId, type OrganizationNames } from './organization-find.ts';
import { DEFAULT_SETTINGS, demandWayIn } from './organization-settings.ts';
import { type OrganizationChanges, updateOrganization } from './organization-update.ts';
import { isRefused, type Outcome, single } from './outcome.ts';
import type { PermissionName } from './permission.ts';
import type { Principal } from './principal.ts';
import type { Transaction } from './transaction.ts';

export type OrganizationCreateInput = OrganizationInput & {
  /** Whose organization it is: found, or created. */
  ownerEmail?: string | null;
};

export type OrganizationUpdateInput = OrganizationChanges & {
  organization: OrganizationNames;
  expectedVersion?: number | null;
};

/** What each field takes to be changed. */
const NEEDED: Record<keyof OrganizationChanges, PermissionName> = {
  displayName: ORGANIZATION_ACTS.update,
  slug: ORGANIZATION_ACTS.update,
  logoUrl: ORGANIZATION_ACTS.update,
  settings: 'settings:update',
  externalId: 'trusted:write',
  metadata: 'trusted:write',
  seatLimit: 'trusted:write',
};

/** Binds the acts to a caller. */
export function organizationActs(caller: Caller) {
  return {
    /**
     * Creates an organization, with its owner: the person who creates it, or whoever a key names.
     *
     * @throws DuplicateError, RoleTooHighError, SeatLimitError, SingleMembershipError, and as every act
     */
    create: (input: OrganizationCreateInput) =>
      perform(caller, {
        authorize(principal) {
          const { externalId, metadata, seatLimit, ownerEmail } = input;
          demandCreation(principal, ownerEmail);
          demandTrusted(principal, { externalId, metadata, seatLimit });
        },
        work: (tx) => createOrganization(tx, input),
      }),

    /** Changes an organization. @throws ConflictError, DuplicateError, RoleTooHighError, and as every act */
    async update({ organization, ...input }: OrganizationUpdateInput) {
      const permissions = permissionsFor(input);
      const organizationId = await findExisting(caller, organization);
      return perform(caller, {
        organizations: [organizationId],
        authorize(principal) {
          for (const permission of permissions) {
            demand(principal, permission, organizationOf(organizationId));
          }
        },
        async work(tx) {
          await updateOrganization(tx, organizationId, input);
          return { organizationId };
        },
      });
    },

    /** Deletes an organization. @throws ConflictError, and as every act */
    async delete(input: OrganizationDeletion) {
      const organizationId = await findExisting(caller, { id: input.organizationId });
      return perform(caller, {
        organizations: [organizationId],
        authorize: (principal) =>
          demand(principal, ORGANIZATION_ACTS.delete, organizationOf(organizationId)),
        async work(tx) {
          await deleteOrganization(tx, input);
          return { organizationId };
        },
      });
    },
  };
}

async function createOrganization(
  tx: Transaction,
  { ownerEmail, ...input }: OrganizationCreateInput,
): Promise<{ organizationId: string; membershipId: string | null }> {
  const { principal } = tx;
  const environment = await readEnvironment(tx);
  if (principal.kind === 'user' && environment.organizationCreation === 'KEYS_ONLY') {
    throw new ForbiddenError('organization:create', 'Only API keys create organizations here.');
  }
  const email = readInput((read) =>
    ownerEmail == null ? null : read.email('ownerEmail', ownerEmail),
  );
  const outcomes = await addOrganizations(tx, [input], { act: 'create' });
  if (email instanceof InputError) {
    throw new InputError([...issuesOf(outcomes), ...email.issues]);
  }
  const { id } = single(outcomes);
  const settings = { ...DEFAULT_SETTINGS, ...input.settings };
  demandWayIn(principal, id, settings);
  await demandToHoldDefaults(tx, DEFAULT_SETTINGS, settings, id);
  if (principal.kind === 'user') {
    return { organizationId: id, membershipId: await enterThemselves(tx, id, principal, 'create') };
  }
  if (email === null) {
    return { organizationId: id, membershipId: null };
  }
  const owner = single(await addMembers(tx, [{ organizationId: id, email }], { act: 'create' }));
  return { organizationId: id, membershipId: owner.membershipId };
}

/** Keys create organizations for others, people for themselves. @throws ForbiddenError */
function demandCreation(principal: Principal, ownerEmail: string | null | undefined): void {
  if (principal.kind !== 'user' || principal.signIn.organizationId !== null || ownerEmail != null) {
    demand(principal, 'organization:create');
  }
}

function issuesOf(outcomes: Outcome[]) {
  return outcomes.flatMap((row) =>
    isRefused(row) && row.error instanceof InputError ? row.error.issues : [],
  );
}

/** What the fields that are given take, each permission once. @throws InputError when none is given */
function permissionsFor(input: OrganizationChanges): Set<PermissionName> {
  const fields = Object.keys(NEEDED) as (keyof OrganizationChanges)[];
  const given = fields.filter((name) => input[name] !== undefined);
  if (given.length === 0) {
    throw new InputError([
      { path: ['displayName'], message: 'or another field to change must be given' },
    ]);
  }
  return new Set(given.map((name) => NEEDED[name]));
}

/** @throws NotFoundError */
async function findExisting({ runner }: Caller, names: OrganizationNames): Promise<string> {
  const id = await findOrganizationId(runner.prisma, names);
  if (id === null) {
    throw new NotFoundError('organization');
  }
  return id;
}
