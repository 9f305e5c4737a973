/** What mutations show of what they changed: the node, read anew, as far as the caller may see it. */
import { builder } from './builder.ts';
import { seenNode } from './node.ts';
import { ApiKey, Invitation, Membership, Organization, Role, User } from './nodes.ts';

const nodes = {
  apiKey: { kind: 'key', type: ApiKey, noun: 'The key' },
  invitation: { kind: 'inv', type: Invitation, noun: 'The invitation' },
  membership: { kind: 'mbr', type: Membership, noun: 'The membership' },
  organization: { kind: 'org', type: Organization, noun: 'The organization' },
  role: { kind: 'rol', type: Role, noun: 'The role' },
  user: { kind: 'usr', type: User, noun: 'The user' },
} as const;

type NodeField = keyof typeof nodes;

/** What an act returns whose payload is one node: the uuid of it, as `membershipId` and the like. */
export type NodeResult<Field extends NodeField> = { [Key in `${Field}Id`]: string };

/** The type `<Act>Payload` of an act that changes one node. */
export function nodePayload<Field extends NodeField>(act: string, field: Field) {
  const { kind, type, noun } = nodes[field];
  return builder.objectRef<NodeResult<Field>>(`${act}Payload`).implement({
    description: `What ${act} changed.`,
    fields: (t) => ({
      [field]: t.field({
        type,
        description: `${noun} as it is now. Null for those who may not see it.`,
        resolve: (result, _args, context) =>
          seenNode(kind, result[`${field}Id`], context) as Promise<never>,
      }),
    }),
  });
}
