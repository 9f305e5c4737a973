/** Keys with everything, with nothing, and with each permission alone. */
import { createApiKey } from '../../../src/domain/api-key.ts';
import { act } from '../../domain/world.ts';
import type { TestGateway } from '../../support/gateway.ts';
import {
  type Caller,
  environmentKey,
  OF_ENVIRONMENT,
  OF_ORGANIZATION,
  organizationKey,
} from './callers.ts';

/** Keys of the environment, and of the organization A (uuid). */
export async function keys(world: TestGateway, idOfA: string): Promise<Caller[]> {
  const everything = [...OF_ORGANIZATION, ...OF_ENVIRONMENT];
  return await act(world, [idOfA], async (tx) => {
    const secretOf = async (permissions: readonly string[], organizationId?: string) => {
      const input = { name: 'Key', permissions: [...permissions], organizationId };
      return (await createApiKey(tx, input)).secret;
    };
    const callers = [
      environmentKey('environment key with everything', await secretOf(['*:*']), everything),
      environmentKey('environment key with nothing', await secretOf([]), []),
      organizationKey('key of A with everything', await secretOf(['*:*'], idOfA), 'A', [
        ...OF_ORGANIZATION,
      ]),
      organizationKey(
        'key of A with what only the environment has',
        await secretOf(OF_ENVIRONMENT, idOfA),
        'A',
        [],
      ),
    ];
    for (const permission of everything) {
      const name = `environment key with ${permission}`;
      callers.push(environmentKey(name, await secretOf([permission]), [permission]));
    }
    for (const permission of OF_ORGANIZATION) {
      const secret = await secretOf([permission], idOfA);
      callers.push(organizationKey(`key of A with ${permission}`, secret, 'A', [permission]));
    }
    return callers;
  });
}
