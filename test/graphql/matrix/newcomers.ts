/** People whose address is of a domain that A or B lets in, and those who come short of it. */
import type { TestIssuer } from '../../support/issuer.ts';
import { type Caller, type Part, person, ROLES, type Tenant } from './callers.ts';

export type Issuers = Record<'google' | 'password' | 'ssoOfB', TestIssuer>;

/** Makes somebody a member. */
export type Enter = (
  tenant: Tenant,
  email: string,
  role: readonly string[],
  status?: Part['status'],
) => Promise<Part>;

/** The addresses of those who are yet to prove them: one who would come, and a member. */
export const UNVERIFIED = ['unverified@worda.example', 'unverified@people.example'] as const;

const MFA = { amr: ['mfa'] };

/** A token of six hours, of a sign-in with two factors unless told otherwise. */
export function tokenOf(issuer: TestIssuer, email: string, claims: object = MFA): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 6 * 3600;
  return issuer.token({ sub: email, email, email_verified: true, exp, ...claims });
}

export async function newcomers(
  enter: Enter,
  { google, password, ssoOfB }: Issuers,
): Promise<Caller[]> {
  const [stranger, member] = UNVERIFIED;
  const unverified = await enter('A', member, ROLES.member ?? []);
  const former = await enter('A', 'former@worda.example', ROLES.member ?? [], 'REMOVED');
  const come = async (
    name: string,
    email: string,
    by: TestIssuer,
    entry: Parameters<typeof person>[5] = {},
    { claims, parts = {} }: { claims?: object; parts?: Parameters<typeof person>[3] } = {},
  ) => person(name, await tokenOf(by, email, claims), email, parts, by !== ssoOfB, entry);
  const intoA = { joins: ['A'] } as const;
  const intoB = { joins: ['B'] } as const;
  return [
    await come('newcomer to A', 'new@worda.example', google, intoA),
    await come('newcomer to A by the wrong method', 'method@worda.example', password, {
      ...intoA,
      lacks: { A: 'AUTH_METHOD_NOT_ALLOWED' },
    }),
    await come(
      'newcomer to A without a factor',
      'factor@worda.example',
      google,
      { ...intoA, lacks: { A: 'MFA_REQUIRED' } },
      { claims: {} },
    ),
    await come('newcomer to A who is not verified', stranger, google),
    {
      ...(await come(
        'member of A who is not verified',
        member,
        google,
        {},
        {
          parts: { A: unverified },
        },
      )),
      mayEnter: [],
    },
    await come('newcomer to A by the SSO of B', 'sso@worda.example', ssoOfB),
    await come('former member of A', 'former@worda.example', google, intoA, {
      parts: { A: former },
    }),
    await come('newcomer to B', 'new@wordb.example', google, intoB),
    await come('newcomer to B by the SSO of B', 'sso@wordb.example', ssoOfB, intoB),
  ];
}
