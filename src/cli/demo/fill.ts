/** Lets the demo's world happen, by the same acts as everything else, at the times when it did. */
import { normalizeEmail } from '../../domain/email.ts';
import { inviteMembers } from '../../domain/invitation.ts';
import { addMembers, removeMembers, suspendMembers } from '../../domain/membership.ts';
import { addOrganizations } from '../../domain/organization.ts';
import { type Outcome, single } from '../../domain/outcome.ts';
import { inTransaction, type Transaction } from '../../domain/transaction.ts';
import { addUsers } from '../../domain/user.ts';
import type { Connection } from '../connect.ts';
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
 * @throws DomainError when something else already has a slug or an external id of the world.
 */
export async function fillWorld(connection: Connection): Promise<Filled> {
  const found = await foundWorld(connection);
  let changes = found.changes;
  const steps = stories
    .flatMap((story) => story.steps.map((step, number) => ({ story, step, number })))
    .sort((one, other) => other.step.daysAgo - one.step.daysAgo);
  for (const { story, step, number } of steps) {
    const organizationId = found.organizations.get(story.organization) ?? '';
    changes += Number(await happen(connection, organizationId, story, step, number));
  }
  return { organizations: found.organizations, changes };
}

async function foundWorld(connection: Connection): Promise<Filled> {
  const made = await past(connection, foundedDaysAgo, [], async (tx) => {
    const isolated = await tx.db.environment.findFirst({ where: { identityModel: 'ISOLATED' } });
    const options = { act: 'import', existing: 'unchanged' } as const;
    return [
      ...(await addOrganizations(tx, organizations, options)).map((each) => single([each])),
      ...(
        await addUsers(
          tx,
          // In the isolated model a person is an address; the organizations know the rest.
          isolated === null ? users : users.map(({ email, externalId }) => ({ email, externalId })),
          options,
        )
      ).map((each) => single([each])),
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
  connection: Connection,
  organizationId: string,
  story: Story,
  step: Step,
  number: number,
): Promise<boolean> {
  return await past(connection, step.daysAgo, [organizationId], async (tx) => {
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
    single(await act(tx, organizationId, membership?.id ?? '', story, step));
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
      return inviteMembers(tx, [
        { organizationId, email, expiresInSeconds: 7 * 86_400, ...member },
      ]);
    case 'suspend':
      return suspendMembers(tx, [{ membershipId, reason: step.reason }]);
    case 'remove':
      return removeMembers(tx, [{ membershipId, reason: step.reason }]);
  }
}

function past<T>(
  { runner }: Connection,
  daysAgo: number,
  organizationIds: string[],
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const clock = (now: Date) => new Date(now.getTime() - daysAgo * day);
  return inTransaction(
    { ...runner, clock },
    { actor: { kind: 'SYSTEM' }, organizations: organizationIds },
    work,
  );
}
