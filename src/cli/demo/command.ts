/** `gatehouse demo`: a small world to look at. */
import { Command } from 'commander';
import { statementName } from '../../db/statement.ts';
import { encodeId } from '../../domain/id.ts';
import type { Connect, Connection } from '../connect.ts';
import { type Filled, fillWorld } from './fill.ts';
import { organizations } from './world.ts';

const example = `{
  organization(by: { slug: "megasoft" }) {
    displayName
    metadata
    memberships(
      first: 10
      filter: { status: [ACTIVE, SUSPENDED, PENDING_INVITE, INVITE_EXPIRED, REMOVED] }
    ) {
      nodes { status name emailAddress joinedAt roles { key } metadata }
    }
  }
  user(by: { email: "adalovelace@stytch.com" }) {
    memberships { nodes { name untrustedMetadata organization { slug } } }
  }
}`;

/** The command `demo`. It can be run again: what is there stays as it is. */
export function demoCommand(connect: Connect): Command {
  return new Command('demo')
    .description('Fills in a small world to look at: four organizations with everything in them.')
    .action(async () => {
      const connection = await connect();
      try {
        const filled = await fillWorld(connection.runner);
        process.stdout.write(`${(await describe(connection, filled)).join('\n')}\n`);
      } finally {
        await connection.close();
      }
    });
}

type Listed = { id: string; organizationId: string; email: string; status: string };

async function describe(
  { database }: Connection,
  { organizations: ids, changes }: Filled,
): Promise<string[]> {
  const text = `SELECT membership.id, organization_id AS "organizationId", "user".email,
      membership_status_at(status, status_deadline, now()) AS status
    FROM membership JOIN "user" ON "user".id = user_id
    WHERE organization_id = ANY($1::uuid[]) ORDER BY membership.id`;
  const rows = await database.read<Listed>({ name: statementName(text), text }, [
    [...ids.values()],
  ]);
  const lines = organizations.flatMap(({ externalId, displayName, slug }) => {
    const organizationId = ids.get(externalId) ?? '';
    const members = rows.filter((row) => row.organizationId === organizationId);
    return [
      '',
      `${displayName}  (${slug}, ${encodeId('org', organizationId)})`,
      ...members.map(
        ({ id, status, email }) =>
          `  ${status.padEnd(15)} ${email.padEnd(28)} ${encodeId('mbr', id)}`,
      ),
    ];
  });
  return [
    changes === 0 ? 'The demo was here already.' : 'The demo is ready.',
    ...lines,
    '',
    'Start the gateway with "npm start", open GraphiQL, and try:',
    '',
    example,
  ];
}
