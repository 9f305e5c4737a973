import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { mailOf } from '../graphql/invitation-world.ts';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { csv, runImport } from './import-files.ts';

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(() => world.close());

const files = (who: string) => ({
  organizations: csv(['external_id', 'display_name'], ['M-1', 'Mailing']),
  memberships: csv(
    ['organization_external_id', 'email', 'status'],
    ['M-1', `${who}@example.com`, 'PENDING_INVITE'],
    ['M-1', `${who}-in@example.com`, 'ACTIVE'],
  ),
});

async function invitationOf(email: string) {
  const [row] = await world.query<{ id: string; send_count: number }>(
    'SELECT id, send_count FROM invitation WHERE email = $1',
    [email],
  );
  return row;
}

async function jobs() {
  const [row] = await world.query<{ count: number }>(
    `SELECT count(*)::int FROM pgboss.job WHERE name = 'mail'`,
  );
  return row?.count;
}

test('an import mails no invitation by itself', async () => {
  expect(await runImport(world.url, files('quiet'))).toMatchObject({ code: 0 });
  expect(await invitationOf('quiet@example.com')).toMatchObject({ send_count: 0 });
  expect(await jobs()).toBe(0);
});

test('a dry run mails none, whatever it is told', async () => {
  const dry = await runImport(world.url, files('dry'), '--send-invitations', '--dry-run');
  expect(dry).toMatchObject({ code: 0 });
  expect(await invitationOf('dry@example.com')).toBeUndefined();
  expect(await jobs()).toBe(0);
});

test('an import that is told to mails the invitations that it makes, once', async () => {
  const first = await runImport(world.url, files('told'), '--send-invitations');
  expect(first).toMatchObject({ code: 0 });
  const { id = '', send_count } = (await invitationOf('told@example.com')) ?? {};
  expect(send_count).toBe(1);
  const mail = await mailOf(world, encodeId('inv', id));
  expect(mail).toMatchObject({ to: { text: 'told@example.com' } });
  await runImport(world.url, files('told'), '--send-invitations');
  expect(await jobs()).toBe(1);
});
