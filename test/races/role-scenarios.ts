/** Roles that change while they are used. */
import { fresh } from '../domain/world.ts';
import { addMember, createRole, createUser, foundOrganization, uuid } from './cast.ts';
import type { Scenario } from './scenario.ts';

const assignRole = `
  INSERT INTO role_assignment (organization_id, membership_id, role_scope_id, role_id, source, granted_by_kind,
    granted_at)
  VALUES ($1, $2, $1, $3, 'DIRECT', 'SYSTEM', now())`;

export const roleGoes: Scenario = {
  name: 'a role is deleted while it is assigned: nobody holds a role that is gone',
  answers: [
    'MembershipRoleAssignPayload',
    'InputError',
    'RoleDeletePayload',
    'RoleInUseError',
    'NotFoundError',
  ],
  sabotage:
    'ALTER TABLE role_assignment DROP CONSTRAINT role_assignment_role_scope_id_role_id_fkey',
  async prepare(world) {
    const organizationId = await foundOrganization(world);
    const membershipId = await addMember(world, organizationId);
    const roleId = await createRole(world, organizationId);
    const id = uuid('rol', roleId);
    const held = 'SELECT FROM role_assignment WHERE role_id = $1';
    return {
      acts: [
        (gateway) =>
          world.mutate(gateway, 'membershipRoleAssign', { membershipId, roleIds: [roleId] }),
        (gateway) => world.mutate(gateway, 'roleDelete', { roleId }),
      ],
      naive: [
        async (client) => {
          const { rowCount } = await client.query('SELECT FROM role WHERE id = $1', [id]);
          if (rowCount === 1) {
            await client.query(assignRole, [
              uuid('org', organizationId),
              uuid('mbr', membershipId),
              id,
            ]);
          }
        },
        async (client) => {
          const { rowCount } = await client.query(held, [id]);
          if (rowCount === 0) {
            await client.query('DELETE FROM role WHERE id = $1', [id]);
          }
        },
      ],
      wrong: () =>
        world.query(
          'SELECT FROM role_assignment WHERE role_id = $1 AND NOT EXISTS (SELECT FROM role WHERE id = $1)',
          [id],
        ),
    };
  },
};

export const rolesInACircle: Scenario = {
  name: 'two roles are made to extend each other: never both',
  answers: ['RoleUpdatePayload', 'RoleCycleError'],
  async prepare(world) {
    const organizationId = await foundOrganization(world);
    const roles = await Promise.all([1, 2].map(() => createRole(world, organizationId)));
    const pairs = [roles, roles.toReversed()].map(([roleId, extendsRoleId]) => ({
      roleId,
      extendsRoleId,
    }));
    return {
      acts: pairs.map((input) => (gateway) => world.mutate(gateway, 'roleUpdate', input)),
      naive: pairs.map(({ roleId, extendsRoleId }) => async (client) => {
        const ids = [uuid('rol', roleId), uuid('rol', extendsRoleId)];
        const { rowCount } = await client.query(
          'SELECT FROM role WHERE id = $2 AND extends_role_id = $1',
          ids,
        );
        if (rowCount === 0) {
          await client.query(
            'UPDATE role SET extends_role_id = $2, extends_scope_id = scope_id WHERE id = $1',
            ids,
          );
        }
      }),
      wrong: () =>
        world.query(
          'SELECT a.id FROM role a JOIN role b ON b.id = a.extends_role_id WHERE a.scope_id = $1 AND b.extends_role_id = a.id',
          [uuid('org', organizationId)],
        ),
    };
  },
};

export const renamedMember: Scenario = {
  name: 'somebody gets a role while they change their name: lists by role sort by the new one',
  answers: ['MembershipRoleAssignPayload', 'UserUpdatePayload'],
  async prepare(world) {
    const organizationId = await foundOrganization(world);
    const person = await createUser(world);
    const membershipId = await addMember(world, organizationId, { user: { id: person.id } });
    const roleId = await createRole(world, organizationId);
    const id = uuid('mbr', membershipId);
    return {
      acts: [
        (gateway) =>
          world.mutate(gateway, 'membershipRoleAssign', { membershipId, roleIds: [roleId] }),
        (gateway) =>
          world.mutate(gateway, 'userUpdate', {
            user: { id: person.id },
            profile: { name: fresh('Name ') },
          }),
      ],
      naive: [
        async (client) => {
          await client.query(assignRole, [uuid('org', organizationId), id, uuid('rol', roleId)]);
        },
        async (client) => {
          await client.query('UPDATE membership SET name_key = $2 WHERE id = $1', [id, 'renamed']);
        },
      ],
      wrong: () =>
        world.query(
          `SELECT FROM membership JOIN role_assignment ON membership_id = id
          WHERE id = $1 AND membership.name_key <> role_assignment.name_key`,
          [id],
        ),
    };
  },
};
