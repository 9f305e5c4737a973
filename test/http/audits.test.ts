import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway, type TestGateway } from '../support/gateway.ts';

/** The audits that say MAY and are not met, by their id, each with the reason. There are none. */
const unmet: Record<string, string> = {};

let world: TestGateway;

beforeAll(async () => {
  world = await createGateway();
});

afterAll(() => world.close());

describe('the audits of GraphQL over HTTP', () => {
  const audits = serverAudits({ url: () => `${world.gateway.localUrl}/graphql` });
  const levelled = (level: string) => audits.filter(({ name }) => name.startsWith(`${level} `));

  it('are as many as were looked at', () => {
    const counts = ['MUST', 'SHOULD', 'MAY'].map((level) => levelled(level).length);
    expect(counts).toEqual([13, 23, 25]);
    expect(audits).toHaveLength(61);
  });

  it.each(audits.map((audit) => [audit.id, audit.name, audit] as const))(
    '%s: %s',
    async (id, _name, audit) => {
      const result = await audit.fn();
      const reason = 'reason' in result ? result.reason : '';
      expect(result.status, reason).toBe(id in unmet ? 'notice' : 'ok');
    },
  );

  it('lacks nothing but what may be lacked', () => {
    const optional = levelled('MAY').map(({ id }) => id);
    expect(optional).toEqual(expect.arrayContaining(Object.keys(unmet)));
  });
});
