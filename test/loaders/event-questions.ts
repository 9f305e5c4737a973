/** Questions about events. */
import { NIL_UUID } from '../../src/domain/id.ts';
import type {
  EventListFilter,
  EventListKind,
  EventPageArgs,
} from '../../src/loaders/event-list.ts';
import type { EventPlace } from '../../src/loaders/event-place.ts';
import type { TestDatabase } from '../support/database.ts';
import { idOf, LARGE_WORLD } from '../support/large-world.ts';
import { count, MOST_PAGES, nameOf, type Question, size } from './plan-questions.ts';

const { big, left, small, busyMembership, busyUser } = LARGE_WORLD;

const lists: [kind: EventListKind, parent: string, belonging: string][] = [
  ['environment', NIL_UUID, 'true'],
  ['organization', big, `organization_id = '${big}'`],
  ['organization', left, `organization_id = '${left}'`],
  ['organization', small, `organization_id = '${small}'`],
  ['membership', busyMembership, `membership_id = '${busyMembership}'`],
  ['membership', memberId(77), `membership_id = '${memberId(77)}'`],
];

/** The first and the last page of every list, one deep inside in both directions, and one between two cursors. */
export async function eventQuestions(world: TestDatabase): Promise<Question[]> {
  const questions: Question[] = [];
  for (const [kind, parent, belonging] of lists) {
    for (const args of pages(await middleOf(world, belonging))) {
      questions.push({
        name: nameOf(`events of ${kind} ${parent}`, args),
        ask: (loaders) => size(loaders.eventsOf(kind, parent, {}, args)),
      });
    }
  }
  for (const organization of [big, small]) {
    questions.push({
      name: `total of the events of ${organization}`,
      async ask(loaders) {
        await loaders.eventsOf('organization', organization, {}, first).totalCount();
        return 1;
      },
      // The organization, and the oldest of its events that is left.
      most: () => 2,
    });
  }
  return questions;
}

/** What is known of one person or membership, with more conditions and without. */
export async function eventFilterQuestions(world: TestDatabase): Promise<Question[]> {
  const questions: Question[] = [];
  const filters: [EventListFilter, string][] = [
    [{ membershipId: memberId(77) }, `membership_id = '${memberId(77)}'`],
    [{ membershipId: busyMembership }, `membership_id = '${busyMembership}'`],
    [{ userId: busyUser }, `user_id = '${busyUser}'`],
    [{ userId: busyUser, types: ['USER_CREATED'] }, `user_id = '${busyUser}'`],
    [
      { userId: idOf('user', 77), since: '2024-01-01T00:00:00Z' },
      `user_id = '${idOf('user', 77)}'`,
    ],
    [{ userId: idOf('user', 60_000) }, 'false'],
  ];
  for (const [filter, condition] of filters) {
    const matches = await count(world, `event WHERE ${condition}`);
    for (const [kind, parent] of lists.slice(0, 2)) {
      for (const args of pages(await middleOf(world, 'true'))) {
        questions.push({
          name: nameOf(`events of ${kind} ${parent} ${JSON.stringify(filter)}`, args),
          ask: (loaders) => size(loaders.eventsOf(kind, parent, filter, args)),
          // They are all read and sorted, those of the page with their details, and the epoch of the environment.
          most: (returned) => matches + 2 * returned + 1,
          mostPages: MOST_PAGES + 4 * matches,
        });
      }
    }
  }
  return questions;
}

const first: EventPageArgs = { size: 20, field: 'POSITION', descending: false, backward: false };

function pages(deep: EventPlace): EventPageArgs[] {
  const last = { ...first, backward: true };
  return [
    first,
    last,
    { ...first, after: deep },
    { ...last, before: deep },
    { ...last, after: deep },
    { ...first, after: deep, before: { ...deep, position: `${Number(deep.position) + 1000}` } },
  ];
}

async function middleOf(world: TestDatabase, belonging: string): Promise<EventPlace> {
  const [row] = await world.query<EventPlace>(
    `SELECT epoch, transaction_id::text AS "transactionId", position::text, organization_id AS "organizationId", sequence
     FROM event WHERE ${belonging} AND sequence IS NOT NULL ORDER BY position
     OFFSET (SELECT count(*) / 2 FROM event WHERE ${belonging} AND sequence IS NOT NULL) LIMIT 1`,
  );
  if (row === undefined) {
    throw new Error(`There are no events of which ${belonging}.`);
  }
  return row;
}

function memberId(n: number): string {
  return idOf('membership', 65_536 + n);
}
