// A peer: yoga, Pothos and its Prisma plugin as their documentation shows them. Nested selections become nested includes.
import { createServer } from 'node:http';
import SchemaBuilder from '@pothos/core';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import { PrismaPg } from '@prisma/adapter-pg';
import { createYoga } from 'graphql-yoga';
import type PrismaTypes from '../../src/db/generated/pothos.ts';
import { getDatamodel } from '../../src/db/generated/pothos.ts';
import { type Prisma, PrismaClient } from '../../src/db/generated/prisma/client.ts';
import { task } from '../contender.ts';
import { CONNECTIONS, serve } from './serve.ts';

const adapter = new PrismaPg({ connectionString: task().DATABASE_URL, max: CONNECTIONS });
const prisma = new PrismaClient({ adapter });

const builder = new SchemaBuilder<{ PrismaTypes: PrismaTypes }>({
  plugins: [RelayPlugin, PrismaPlugin],
  relay: { nodesOnConnection: true },
  prisma: { client: prisma, dmmf: getDatamodel() },
});

const members = {
  where: { status: { not: 'REMOVED' } },
  orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
} satisfies Prisma.MembershipFindManyArgs;

const Role = builder.prismaObject('Role', {
  fields: (t) => ({
    id: t.exposeID('id'),
    key: t.exposeString('key'),
    displayName: t.exposeString('displayName'),
  }),
});

builder.prismaObject('Membership', {
  fields: (t) => ({
    id: t.exposeID('id'),
    status: t.exposeString('status'),
    organization: t.relation('organization'),
    user: t.relation('user'),
    roles: t.field({
      type: [Role],
      select: (_args, _context, nestedSelection) => ({
        roleAssignments: { select: { role: nestedSelection(true) } },
      }),
      resolve: (membership) => membership.roleAssignments.map(({ role }) => role),
    }),
  }),
});

builder.prismaObject('User', {
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name', { nullable: true }),
    email: t.exposeString('email'),
    memberships: t.relatedConnection('memberships', { cursor: 'id', query: members }),
  }),
});

builder.prismaObject('Organization', {
  fields: (t) => ({
    id: t.exposeID('id'),
    displayName: t.exposeString('displayName'),
    slug: t.exposeString('slug'),
    memberships: t.relatedConnection('memberships', {
      cursor: 'id',
      totalCount: true,
      query: members,
    }),
  }),
});

builder.queryType({
  fields: (t) => ({
    user: t.prismaField({
      type: 'User',
      nullable: true,
      args: { id: t.arg.id({ required: true }) },
      resolve: (query, _root, { id }) => prisma.user.findUnique({ ...query, where: { id } }),
    }),
    organization: t.prismaField({
      type: 'Organization',
      nullable: true,
      args: { id: t.arg.id({ required: true }) },
      resolve: (query, _root, { id }) =>
        prisma.organization.findUnique({ ...query, where: { id } }),
    }),
    organizations: t.prismaField({
      type: ['Organization'],
      args: { ids: t.arg.idList({ required: true }) },
      resolve: (query, _root, { ids }) =>
        prisma.organization.findMany({ ...query, where: { id: { in: ids } } }),
    }),
  }),
});

const yoga = createYoga({ schema: builder.toSchema() });
await serve(createServer(yoga), yoga.graphqlEndpoint, () => prisma.$disconnect());
