/** Lets the demo's world happen, by the same acts as everything else, at the times when it did. */
import { normalizeEmail } from '../../domain/email.ts';
import { inviteMembers } from '../../domain/invitation.ts';
import { addMembers, removeMembers, suspendMembers } from '../../domain/membership.ts';
import { addOrganizations } from '../../domain/organization.ts';
import { isRefused, type Outcome } from '../../domain/outcome.ts';
import { SYSTEM } from '../../domain/principal.ts';
import {
  inTransaction,
  type Transaction,
  type TransactionRunner,
} from '../../domain/transaction.ts';
import { addUsers } from '../../domain/user.ts';
import { foundedDaysAgo, organizations, type Step, type Story, stories, users } from './world.ts';

const day = 86_400_000;

/** What is there, once the world is. */
export type Filled = {
  /** uuids by external id. */
  organizations: Map<string, string>;
  /** How many things happened that had not happened before. */
  changes: number;
};

/**
 * Makes what is missing of the demo's world. A membership that somebody has touched since is left as it is.
 *
 * @throws Error that names what of the world has no place here: a slug that is taken, say.
 */
export async function fillWorld(runner: TransactionRunner): Promise<Filled> {
  const found = await foundWorld(runner);
  let changes = found.changes;
  const steps = stories
    .flatMap((story) => story.steps.map((step, number) => ({ story, step, number })))
    .sort((one, other) => other.step.daysAgo - one.step.daysAgo);
  for (const { story, step, number } of steps) {
    const organizationId = found.organizations.get(story.organization) ?? '';
    changes += Number(await happen(runner, organizationId, story, step, number));
  }
  return { organizations: found.organizations, changes };
}

async function foundWorld(runner: TransactionRunner): Promise<Filled> {
  const made = await past(runner, foundedDaysAgo, [], async (tx) => {
    const isolated = await tx.db.environment.findFirst({ where: { identityModel: 'ISOLATED' } });
    const options = { act: 'import', existing: 'unchanged' } as const;
    const made = await addOrganizations(tx, organizations, options);
    const known = await addUsers(
      tx,
      // In the isolated model a person is an address; the organizations know the rest.
      isolated === null ? users : users.map(({ email, externalId }) => ({ email, externalId })),
      options,
    );
    return [
      ...made.map((outcome, at) => done(outcome, organizations[at]?.displayName)),
      ...known.map((outcome, at) => done(outcome, users[at]?.email)),
    ];
  });
  return {
    organizations: new Map(
      organizations.map(({ externalId }, at) => [externalId, made[at]?.id ?? '']),
    ),
    changes: made.filter(({ outcome }) => outcome !== 'unchanged').length,
  };
}

// How often its status has changed tells how far a story has got, in whichever run.
async function happen(
  runner: TransactionRunner,
  organizationId: string,
  story: Story,
  step: Step,
  number: number,
): Promise<boolean> {
  return await past(runner, step.daysAgo, [organizationId], async (tx) => {
    const membership = await tx.db.membership.findFirst({
      where: { organizationId, user: { email: normalizeEmail(story.email) ?? '' } },
      select: { id: true },
    });
    const changed =
      membership === null
        ? 0
        : await tx.db.event.count({
            where: { membershipId: membership.id, status: { not: null } },
          });
    if (changed !== number) {
      return false;
    }
    const [outcome] = await act(tx, organizationId, membership?.id ?? '', story, step);
    done(outcome, `${story.email} in ${story.organization}`);
    return true;
  });
}

function act(
  tx: Transaction,
  organizationId: string,
  membershipId: string,
  { email, member }: Story,
  step: Step,
): Promise<Outcome[]> {
  switch (step.act) {
    case 'create':
    case 'add':
      return addMembers(tx, [{ organizationId, email, ...member }], { act: step.act });
    case 'invite':
      return inviteMembers(
        tx,
        [{ organizationId, email, expiresInSeconds: 7 * 86_400, ...member }],
        { isSent: false },
      );
    case 'suspend':
      return suspendMembers(tx, [{ membershipId, reason: step.reason }]);
    case 'remove':
      return removeMembers(tx, [{ membershipId, reason: step.reason }]);
  }
}

function done(outcome: Outcome | undefined, what: string | undefined) {
  if (outcome === undefined || isRefused(outcome)) {
    throw new Error(`${what}: ${outcome?.error.message}`, { cause: outcome?.error });
  }
  return outcome;
}

function past<T>(
  runner: TransactionRunner,
  daysAgo: number,
  organizationIds: string[],
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const clock = (now: Date) => new Date(now.getTime() - daysAgo * day);
  return inTransaction(
    { ...runner, clock },
    { principal: SYSTEM, organizations: organizationIds },
    work,
  );
}
