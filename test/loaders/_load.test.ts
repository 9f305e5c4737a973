import { it } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { loadLargeWorld } from '../support/large-world.ts';
it('loads', async () => {
  const db = await createDatabase();
  const t = Date.now();
  await loadLargeWorld(db.url);
  console.log('ms', Date.now() - t);
  console.log(await db.query(`select status, count(*), count(status_deadline) d, sum((status_deadline<=now())::int) o from membership where organization_id = md5('organization 1')::uuid group by 1`));
  console.log(await db.query(`select (select count(*) from membership) m,(select count(*) from organization) o,(select count(*) from "user") u,(select count(*) from role_assignment) r,(select count(*) from invitation) i`));
  await db.close();
}, 120000);
