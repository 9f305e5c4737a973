/** The whole schema: importing a type's file registers it. */
import {
  type GraphQLObjectType,
  type GraphQLSchema,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { encodeId } from '../domain/id.ts';
import { builder, nodeKinds } from './builder.ts';
import './actor.ts';
import './api-key.ts';
import './api-key-mutations.ts';
import './discovery.ts';
import './environment.ts';
import './environment-mutations.ts';
import './error-types.ts';
import './event-list.ts';
import './event-types.ts';
import './explain-access.ts';
import './invitation.ts';
import './invitation-answer.ts';
import './invitation-bulk.ts';
import './invitation-error-types.ts';
import './invitation-mutations.ts';
import './membership.ts';
import './membership-error-types.ts';
import './membership-list.ts';
import './membership-mutations.ts';
import './membership-role-mutations.ts';
import './membership-update-mutations.ts';
import './node.ts';
import './organization.ts';
import './organization-join.ts';
import './organization-mutations.ts';
import './permission-mutations.ts';
import './role.ts';
import './role-error-types.ts';
import './role-mutations.ts';
import './subscription.ts';
import './user.ts';
import './user-mutations.ts';
import './viewer.ts';
import './viewer-can.ts';

export const schema = withPlainIds(builder.toSchema());

/** The resolvers of ids that come with the plugin wait twice for what is there at once, a thousand times in an answer. */
function withPlainIds(built: GraphQLSchema): GraphQLSchema {
  for (const [name, kind] of Object.entries(nodeKinds)) {
    const { id } = (built.getType(name) as GraphQLObjectType<{ id: string }>).getFields();
    if (id === undefined) {
      throw new Error(`${name} has no id.`);
    }
    id.resolve = (node) => encodeId(kind, node.id);
  }
  return built;
}

/** The schema as schema.graphql has it: sorted, with descriptions. */
export function printedSchema(): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
