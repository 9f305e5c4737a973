/** The schema builder: plugins, scalars and defaults. The types register themselves in files of their own. */
import SchemaBuilder from '@pothos/core';
import ErrorsPlugin from '@pothos/plugin-errors';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import { DateTimeResolver, JSONObjectResolver, JSONResolver } from 'graphql-scalars';
import type PrismaTypes from '../db/generated/pothos.ts';
import { getDatamodel } from '../db/generated/pothos.ts';
import type { RowOf } from '../db/tables.ts';
import { encodeId, type IdKind } from '../domain/id.ts';
import type { Met } from '../domain/visibility.ts';
import type { Context } from './context.ts';

/** The types that have an id of their own, and the prefix of it. */
export const nodeKinds = {
  Organization: 'org',
  User: 'usr',
  Membership: 'mbr',
  Invitation: 'inv',
  Role: 'rol',
  ApiKey: 'key',
} as const satisfies Record<string, IdKind>;

/** The Prisma models as the loaders return them. */
type RowTypes = {
  [Name in keyof PrismaTypes]: Omit<PrismaTypes[Name], 'Shape'> & {
    Shape: RowOf<PrismaTypes[Name]['Shape']> & (Name extends 'User' ? Met : unknown);
  };
};

function isNodeType(typename: string): typename is keyof typeof nodeKinds {
  return typename in nodeKinds;
}

export type SchemaTypes = {
  Context: Context;
  PrismaTypes: RowTypes;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    JSON: { Input: unknown; Output: unknown };
    JSONObject: { Input: Record<string, unknown>; Output: unknown };
  };
};

export const builder = new SchemaBuilder<SchemaTypes>({
  // The plugin that catches refusals must come first.
  plugins: [ErrorsPlugin, RelayPlugin, PrismaPlugin],
  errors: { directResult: true },
  relay: {
    nodeTypeOptions: { description: 'An object with an id of its own.' },
    idFieldOptions: { description: 'The id: a TypeID, whose prefix names the kind of object.' },
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    encodeGlobalID: (typename, id) => {
      if (!isNodeType(typename)) {
        throw new Error(`${typename} has no kind of id.`);
      }
      return encodeId(nodeKinds[typename], String(id));
    },
    decodeGlobalID: () => {
      throw new Error('Ids are read by idArgument, which knows the kind that is expected.');
    },
  },
  prisma: {
    client: () => {
      throw new Error('Reads go through the loaders.');
    },
    dmmf: getDatamodel(),
  },
});

builder.addScalarType('DateTime', DateTimeResolver, {
  description: 'A time in RFC 3339: UTC, with milliseconds, for example 2026-11-22T09:30:00.000Z.',
});
builder.addScalarType('JSON', JSONResolver, { description: 'Any JSON value.' });
builder.addScalarType('JSONObject', JSONObjectResolver, { description: 'A JSON object.' });
builder.queryType({ description: 'Everything that can be read.' });
builder.mutationType({
  description: 'Everything that can be changed. Each act is one transaction, with its events.',
});
