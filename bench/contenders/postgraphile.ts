// A peer: PostGraphile 5, which makes its schema of the tables as they are.
import { createServer } from 'node:http';
import { PgSimplifyInflectionPreset } from '@graphile/simplify-inflection';
import { postgraphile } from 'postgraphile';
import { listOfCodec, TYPES } from 'postgraphile/@dataplan/pg';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { GraphQLBoolean, GraphQLID, GraphQLList, GraphQLNonNull } from 'postgraphile/graphql';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { addPgTableCondition } from 'postgraphile/utils';
import { task } from '../contender.ts';
import { CONNECTIONS, serve } from './serve.ts';

// Conditions compare with one value; these two are written as its documentation writes them.
const ListedPlugin = addPgTableCondition(
  { schemaName: 'public', tableName: 'membership' },
  'isListed',
  () => ({ type: GraphQLBoolean }),
  (isListed, { sql, sqlTableAlias }) =>
    isListed === true ? sql`${sqlTableAlias}.status <> 'REMOVED'` : null,
);

const IdInPlugin = addPgTableCondition(
  { schemaName: 'public', tableName: 'organization' },
  'idIn',
  () => ({ type: new GraphQLList(new GraphQLNonNull(GraphQLID)) }),
  (ids, { sql, sqlTableAlias, sqlValueWithCodec }) =>
    sql`${sqlTableAlias}.id = any(${sqlValueWithCodec(ids, listOfCodec(TYPES.uuid))})`,
);

// The type of a column that nobody asks for here, which it does not know.
const TransactionIdPlugin: GraphileConfig.Plugin = {
  name: 'TransactionIdPlugin',
  gather: {
    hooks: {
      pgCodecs_findPgCodec(_info, event) {
        if (event.pgType.typname === 'xid8') {
          event.pgCodec ??= TYPES.bigint;
        }
      },
    },
  },
};

const instance = postgraphile({
  extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset],
  plugins: [ListedPlugin, IdInPlugin, TransactionIdPlugin],
  pgServices: [
    makePgService({
      connectionString: task().DATABASE_URL,
      schemas: ['public'],
      poolConfig: { max: CONNECTIONS },
    }),
  ],
  grafserv: { watch: false },
});

const server = createServer();
await instance.createServ(grafserv).addTo(server);
await serve(server, '/graphql', async () => instance.release());
