/** The node types. Each gets its fields in the file of its own name, so that types can refer to each other. */
import { builder } from './builder.ts';

export const Organization = builder.prismaNode('Organization', {
  id: { field: 'id', description: 'The id, org_….' },
  description: 'A customer of the product: the tenant that memberships belong to.',
});

export const User = builder.prismaNode('User', {
  id: { field: 'id', description: 'The id, usr_….' },
  description: 'The person behind an email address, once per environment.',
});

export const Membership = builder.prismaNode('Membership', {
  id: { field: 'id', description: 'The id, mbr_….' },
  description: 'One user in one organization.',
});

export const Invitation = builder.prismaNode('Invitation', {
  id: { field: 'id', description: 'The id, inv_….' },
  description: 'One offer to join an organization.',
});

export const Role = builder.prismaNode('Role', {
  id: { field: 'id', description: 'The id, rol_….' },
  description: 'A named set of permissions, of the environment or of one organization.',
});

export const ApiKey = builder.prismaNode('ApiKey', {
  id: { field: 'id', description: 'The id, key_….' },
  description: 'A key that a backend calls with. Its secret is shown once, when it is made.',
});
