/** What the tests of bad arguments have in common. */
import { expect } from 'vitest';
import { encodeId } from '../../src/domain/id.ts';
import { found, join } from '../domain/world.ts';
import type { Answer, TestGateway } from '../support/gateway.ts';

/** An organization with three members; returns one id of each kind. */
export async function argumentWorld(
  world: TestGateway,
): Promise<Record<'org' | 'usr' | 'mbr' | 'rol', string>> {
  const organizationId = await found(world, { displayName: 'Argument', externalId: 'argument' });
  const members = [];
  for (let n = 0; n < 3; n += 1) {
    members.push(await join(world, organizationId, { name: `Member ${n}` }));
  }
  const [role] = await world.query<{ id: string }>(`SELECT id FROM role WHERE key = 'member'`);
  return {
    org: encodeId('org', organizationId),
    usr: encodeId('usr', members[0]?.userId ?? ''),
    mbr: encodeId('mbr', members[0]?.membershipId ?? ''),
    rol: encodeId('rol', role?.id ?? ''),
  };
}

/** Expects exactly one error that names the argument; bugs would be masked, with another code. */
export function expectInvalid(
  { errors }: Answer<unknown>,
  argument: string[],
  context: string,
): void {
  expect(
    errors?.map(({ extensions }) => extensions),
    context,
  ).toEqual([{ code: 'INVALID_INPUT', argument }]);
  expect(errors?.[0]?.message, context).toContain(`Argument "${argument.join('.')}"`);
}
