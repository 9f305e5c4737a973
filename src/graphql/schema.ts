/** The whole schema: importing a type's file registers it. */
import { lexicographicSortSchema, printSchema } from 'graphql';
import { builder } from './builder.ts';
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

export const schema = builder.toSchema();

/** The schema as schema.graphql has it: sorted, with descriptions. */
export function printedSchema(): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
