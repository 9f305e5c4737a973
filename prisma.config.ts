import { defineConfig } from 'prisma/config';

/** What `prisma` reads when it is run by hand, e.g. `prisma migrate deploy`; the gateway migrates by itself. */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(process.env.DATABASE_URL ? { datasource: { url: process.env.DATABASE_URL } } : {}),
});
