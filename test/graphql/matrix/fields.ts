/** Asks for every field of every object as every caller, and compares what shows with the table. */
import { getNamedType, isLeafType, isObjectType } from 'graphql';
import { schema } from '../../../src/graphql/schema.ts';
import type { Caller } from './callers.ts';
import { forEachAtOnce } from './crowd.ts';
import { fieldRules } from './field-rules.ts';
import { ownPlaces, type Place, places } from './places.ts';
import type { Matrix } from './world.ts';

export type Findings = {
  cells: number;
  /** What was not as the table says. */
  wrong: string[];
  /** Fields that somebody saw, as `Type.field`. */
  shown: Set<string>;
};

/** How many places are asked in one document. */
const PLACES_AT_ONCE = 60;

/** What the callers see of the fields, against the rules. Stops after `most` that are wrong. */
export async function walkFields(
  matrix: Matrix,
  callers: Caller[] = matrix.callers,
  most = Number.POSITIVE_INFINITY,
): Promise<Findings> {
  const common = places(matrix);
  const findings: Findings = { cells: 0, wrong: [], shown: new Set() };
  const truth = await see(matrix, matrix.master, common);
  await forEachAtOnce(
    callers,
    async (caller) => {
      compare(caller, common, await see(matrix, caller, common), truth, findings);
      const own = ownPlaces(caller);
      // Of what is nobody's but their own, what stands there is what they see themselves.
      const seen = await see(matrix, caller, own);
      compare(caller, own, seen, await see(matrix, matrix.master, own), findings);
    },
    () => findings.wrong.length >= most,
  );
  return findings;
}

function compare(
  caller: Caller,
  all: Place[],
  seen: (Record<string, unknown> | null)[],
  truth: (Record<string, unknown> | null)[],
  findings: Findings,
): void {
  for (const [index, { type, sees, thing, way, isOfViewer }] of all.entries()) {
    for (const [field, rule] of Object.entries(fieldRules[type] ?? {})) {
      const name = `${type}.${field}`;
      const isThere =
        isOfViewer === true || field.startsWith('viewer') || shows(name, truth[index]?.[field]);
      const expected = sees(caller, thing) && rule(caller, thing);
      const found = shows(name, seen[index]?.[field]);
      if (found) {
        findings.shown.add(name);
      }
      if (!isThere && !found) {
        continue;
      }
      findings.cells += 1;
      if (found !== expected) {
        const place = `${thing.tenant ?? 'the environment'} by ${way.replace(/\s+/g, ' ')}`;
        findings.wrong.push(
          `${caller.name}: ${name} of ${place} ${found ? 'shows' : 'does not show'}`,
        );
      }
    }
  }
}

/** Fields that answer everybody, and of which a no is what others see as null. */
const NEVER_NULL =
  /\.viewerCan|^DiscoveredOrganization\.mfa$|^AccessExplanation\.allowed$|^Viewer\.discoveredOrganizations$/;

function shows(name: string, value: unknown): boolean {
  return NEVER_NULL.test(name)
    ? value === true || (Array.isArray(value) && value.length > 0)
    : (value ?? null) !== null;
}

/** What a caller sees in each place: its fields, or null where there is nothing for them. */
async function see(matrix: Matrix, caller: Caller, all: Place[]) {
  const seen: (Record<string, unknown> | null)[] = [];
  for (let start = 0; start < all.length; start += PLACES_AT_ONCE) {
    const some = all.slice(start, start + PLACES_AT_ONCE);
    const asked = some.map(
      ({ type, way }, index) => `p${index}: ${way.replace('…', selectionOf(type))}`,
    );
    const { data, errors } = await matrix.ask(`{ ${asked.join('\n')} }`, caller);
    if (errors) {
      throw new Error(`${caller.name}: ${JSON.stringify(errors.slice(0, 3))}`);
    }
    seen.push(...some.map(({ at }, index) => follow(data?.[`p${index}`], at)));
  }
  return seen;
}

function follow(value: unknown, at: Place['at']): Record<string, unknown> | null {
  const found = at.reduce<unknown>((inner, step) => {
    if (typeof step !== 'object') {
      return Reflect.get(Object(inner ?? {}), step) ?? null;
    }
    const [[field, id] = []] = Object.entries(step);
    const items = Array.isArray(inner) ? inner : [];
    return items.find((item) => Reflect.get(item, String(field)) === id) ?? null;
  }, value);
  return (found ?? null) as Record<string, unknown> | null;
}

/** All fields of a type, as they are to be named, those with objects by their type alone. */
export function selectionOf(
  typeName: string,
  named: (field: string) => string = (field) => field,
): string {
  const type = schema.getType(typeName);
  if (!isObjectType(type)) {
    throw new Error(`${typeName} is no object type.`);
  }
  return Object.values(type.getFields())
    .map(({ name, type: its }) =>
      isLeafType(getNamedType(its)) ? named(name) : `${named(name)} { __typename }`,
    )
    .join(' ');
}
