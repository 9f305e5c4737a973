/** People for tests: a gateway that trusts an issuer of our own, and tokens of it. */
import { createGateway, type TestGateway } from './gateway.ts';
import { type Claims, createIssuer, type IssuerOptions, type TestIssuer } from './issuer.ts';

export type PeopleGateway = TestGateway & {
  issuer: TestIssuer;
  /** A token of the person with this address, verified by the issuer; more claims on top. */
  tokenOf(email: string, claims?: Claims): Promise<string>;
};

/** A gateway that trusts one issuer, which may link every address unless its settings say otherwise. */
export async function createPeopleGateway(
  options: IssuerOptions & { gateway?: Record<string, string> } = {},
): Promise<PeopleGateway> {
  const issuer = await createIssuer({
    ...options,
    settings: { linkingDomains: '*', authMethod: 'GOOGLE', provider: 'Test', ...options.settings },
  });
  const world = await createGateway({
    GATEHOUSE_TRUSTED_ISSUERS: issuer.settings,
    ...options.gateway,
  });
  return {
    ...world,
    issuer,
    tokenOf: (email, claims) =>
      issuer.token({ sub: email, email, email_verified: true, ...claims }),
    async close() {
      await world.close();
      await issuer.close();
    },
  };
}
