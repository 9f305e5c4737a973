/** Which names and wildcards may stand among the permissions of a role or key. */
import type { Reader } from './input.ts';
import { ALL_PERMISSIONS, isPermissionPattern, PERMISSIONS } from './permission.ts';
import type { Transaction } from './transaction.ts';

/** What is wrong with a name or wildcard, as a phrase that follows its place; null: nothing is. */
export type PermissionRefusal = (name: string) => string | null;

const MAX_PERMISSIONS = 500;
const FORM = 'must be a permission such as invoice:approve or invoice:*';

/** Resources of Gatehouse, and whether anything of theirs belongs to organizations. */
const RESOURCES = new Map<string, boolean>();
for (const { name, scope } of PERMISSIONS) {
  const resource = resourceOf(name);
  RESOURCES.set(resource, (RESOURCES.get(resource) ?? false) || scope === 'organization');
}
const OF_ENVIRONMENT = new Set<string>([
  ...PERMISSIONS.flatMap(({ name, scope }) => (scope === 'environment' ? [name] : [])),
  ...[...RESOURCES].flatMap(([resource, isMixed]) => (isMixed ? [] : [`${resource}:*`])),
]);

/** Whether Gatehouse keeps the resource of this permission for itself, in whatever case it is written. */
export function isReserved(name: string): boolean {
  return RESOURCES.has(resourceOf(name).toLowerCase());
}

/** Refuses what has not the form of a permission. */
export function refuseMalformed(name: string): string | null {
  return isPermissionPattern(name) ? null : FORM;
}

/**
 * What refuses the names that are not known and, of a holder in an organization, those that only keys of the
 * environment hold. What is `kept` may stay, as its permission may have gone meanwhile.
 */
export async function loadPermissionRefusal(
  tx: Transaction,
  names: readonly string[],
  holder: { isOfEnvironment: boolean; kept?: readonly string[] },
): Promise<PermissionRefusal> {
  const wellFormed = names.filter(isPermissionPattern);
  const resources = wellFormed.flatMap((name) => (name.endsWith(':*') ? [resourceOf(name)] : []));
  const rows = await tx.db.$queryRaw<{ name: string }[]>`
    SELECT name FROM permission WHERE name = ANY(${wellFormed}::text[])
    UNION SELECT split_part(name, ':', 1) || ':*' FROM permission
    WHERE split_part(name, ':', 1) = ANY(${resources}::text[])`;
  const known = new Set([ALL_PERMISSIONS, ...(holder.kept ?? []), ...rows.map(({ name }) => name)]);
  return (name) => {
    if (!isPermissionPattern(name)) {
      return FORM;
    }
    if (!holder.isOfEnvironment && OF_ENVIRONMENT.has(name)) {
      return 'must not be one of those that only keys of the environment hold';
    }
    return known.has(name) ? null : 'must be a permission that there is, or a wildcard for some';
  };
}

/** Reads the permissions of a role or key: each once, in their order. */
export function readPermissions(
  read: Reader,
  names: readonly string[] | null | undefined,
  refusal: PermissionRefusal,
): string[] {
  if (!names || names.length > MAX_PERMISSIONS) {
    read.fail('permissions', `must be a list of at most ${MAX_PERMISSIONS}`);
    return [];
  }
  for (const [index, name] of names.entries()) {
    const wrong = refusal(name);
    if (wrong !== null) {
      read.fail(['permissions', String(index)], wrong);
    }
  }
  return [...new Set(names)];
}

function resourceOf(name: string): string {
  return name.slice(0, name.indexOf(':'));
}
