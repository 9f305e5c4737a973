/** What callers do to API keys. Ids are uuids. */
import { type Caller, perform } from './act.ts';
import { type ApiKeyInput, createApiKey, revokeApiKey } from './api-key.ts';
import { demand, organizationOf } from './authorize.ts';
import { NotFoundError } from './errors.ts';
import { loadPermissionRefusal } from './permission-rules.ts';
import type { Principal } from './principal.ts';
import { seesApiKey } from './visibility.ts';

/** Binds the acts to a caller. */
export function apiKeyActs(caller: Caller) {
  return {
    /** Creates a key. Its secret is in the answer and nowhere else. @throws RoleTooHighError, and as every act */
    create(input: ApiKeyInput): Promise<{ apiKeyId: string; secret: string }> {
      const organizationId = input.organizationId ?? null;
      return perform(caller, {
        organizations: organizationId === null ? [] : [organizationId],
        authorize: (principal) =>
          organizationId === null
            ? demand(principal, 'environment:update')
            : demand(principal, 'apikey:manage', organizationOf(organizationId)),
        async work(tx) {
          const holder = { isOfEnvironment: organizationId === null };
          const refusal = await loadPermissionRefusal(tx, input.permissions, holder);
          const { id, secret } = await createApiKey(tx, input, { atLeast: 1, refusal });
          return { apiKeyId: id, secret };
        },
      });
    },
    /** Revokes a key for good, which it may do to itself. @throws as every act */
    async revoke({ apiKeyId }: { apiKeyId: string }): Promise<{ apiKeyId: string }> {
      const [key] = await caller.runner.prisma.$queryRaw<{ organizationId: string | null }[]>`
        SELECT organization_id AS "organizationId" FROM api_key WHERE id = ${apiKeyId}::uuid`;
      if (key === undefined) {
        throw new NotFoundError('API key');
      }
      const { organizationId } = key;
      return perform(caller, {
        organizations: organizationId === null ? [] : [organizationId],
        authorize: (principal) => demandKey(principal, apiKeyId, organizationId),
        async work(tx) {
          await revokeApiKey(tx, apiKeyId);
          return { apiKeyId };
        },
      });
    },
  };
}

function demandKey(principal: Principal, apiKeyId: string, organizationId: string | null): void {
  if (principal.kind === 'apiKey' && principal.id === apiKeyId) {
    return;
  }
  demand(principal, organizationId === null ? 'environment:update' : 'apikey:manage', {
    noun: 'API key',
    organizationId: organizationId ?? undefined,
    isSeenBy: (caller) => seesApiKey(caller, { organizationId }),
  });
}
