/** What a document asks of the rows that are read for it, so that no more is read. */
import {
  type DocumentNode,
  getNamedType,
  OperationTypeNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { NarrowTable, Needs } from '../loaders/needs.ts';
import { schema } from './schema.ts';

/**
 * The fields that are answered out of the few columns of `loaders/needs.ts`, of the row itself and of those that it
 * leads to. A document with any other field has its rows read whole.
 */
export const ANSWERED: Record<string, { table?: NarrowTable; fields: readonly string[] }> = {
  Query: {
    fields: [
      'organization',
      'organizations',
      'user',
      'users',
      'membership',
      'node',
      'nodes',
      'viewer',
    ],
  },
  Viewer: { fields: ['kind', 'user', 'permissions', 'memberships'] },
  Node: { fields: ['id'] },
  Organization: {
    table: 'organization',
    fields: [
      'id',
      'displayName',
      'slug',
      'logoUrl',
      'memberships',
      'viewerMembership',
      'viewerCanUpdate',
      'viewerCanInvite',
      'viewerCanDelete',
      'viewerCanManageRoles',
    ],
  },
  User: { table: 'user', fields: ['id', 'email', 'name', 'memberships'] },
  Membership: {
    table: 'membership',
    fields: [
      'id',
      'organization',
      'user',
      'status',
      'name',
      'emailAddress',
      'roles',
      'permissions',
      'joinedAt',
      'viewerCanUpdate',
      'viewerCanSuspend',
      'viewerCanRemove',
      'viewerCanAssignRoles',
    ],
  },
  Role: { table: 'role', fields: ['id', 'key', 'displayName', 'organization'] },
  PageInfo: { fields: ['hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'] },
};
for (const noun of ['Organization', 'User', 'Membership']) {
  ANSWERED[`${noun}Connection`] = { fields: ['nodes', 'edges', 'pageInfo', 'totalCount'] };
  ANSWERED[`${noun}Edge`] = { fields: ['node', 'cursor'] };
}

/** Of these, what is answered out of the rare ones of the few columns. */
const RARE: Record<string, readonly string[]> = {
  Organization: ['logoUrl'],
  Membership: ['name', 'joinedAt'],
  Role: ['organization'],
};

/** Fields whose values are told by what the list is sorted by. */
const PLACES = new Set(['cursor', 'startCursor', 'endCursor', 'pageInfo']);

/** What fields of a membership are read with it. */
const COMPANIONS: Record<string, 'organization' | 'user' | 'role'> = {
  organization: 'organization',
  user: 'user',
  name: 'user',
  givenName: 'user',
  familyName: 'user',
  pictureUrl: 'user',
  locale: 'user',
  emailAddress: 'user',
  emailVerified: 'user',
  roles: 'role',
};

const known = new WeakMap<DocumentNode, Needs | undefined>();

/** The needs of a valid document, all its operations together. Undefined: everything, as for mutations and subscriptions. */
export function needsOf(document: DocumentNode): Needs | undefined {
  if (!known.has(document)) {
    known.set(document, findNeeds(document));
  }
  return known.get(document);
}

function findNeeds(document: DocumentNode): Needs | undefined {
  const asked = new Map<string, Set<string>>();
  let isQuery = true;
  const typeInfo = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      OperationDefinition({ operation }) {
        isQuery &&= operation === OperationTypeNode.QUERY;
      },
      Field({ name }) {
        const parent = getNamedType(typeInfo.getParentType())?.name ?? '';
        asked.set(parent, (asked.get(parent) ?? new Set()).add(name.value));
      },
    }),
  );
  if (!isQuery) {
    return undefined;
  }
  const fields = (type: string) => [...(asked.get(type) ?? [])];
  const withMemberships = new Set(fields('Membership').flatMap((name) => COMPANIONS[name] ?? []));
  const isNarrow = [...asked].every(([type, names]) =>
    [...names].every((name) => name.startsWith('__') || ANSWERED[type]?.fields.includes(name)),
  );
  const tables = Object.values(ANSWERED).flatMap(({ table }) => table ?? []);
  return {
    narrow: new Set(isNarrow ? tables : []),
    rare: [...asked].some(([type, names]) => RARE[type]?.some((name) => names.has(name))),
    places: [...asked.values()].some((names) => [...names].some((name) => PLACES.has(name))),
    withMemberships,
  };
}
