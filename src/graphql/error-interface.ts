/** What all refusals have in common. */
import type { DomainError, ErrorCode as ErrorCodeName } from '../domain/errors.ts';
import { decodeId, kindOf } from '../domain/id.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';
import { seenNode } from './node.ts';

/** The codes of the refusals that can happen so far. */
const codes = {
  ALREADY_INVITED: { description: 'The person has an open invitation already.' },
  ALREADY_MEMBER: { description: 'The person is a member already.' },
  AUTH_METHOD_NOT_ALLOWED: {
    description: 'The organization does not allow the way in which the caller signed in.',
  },
  BUSY: { description: 'Too many changes are waiting for the same thing; try again.' },
  CONFLICT: { description: 'Somebody changed it meanwhile; expectedVersion did not match.' },
  DOMAIN_NOT_ALLOWED: {
    description: 'The organization does not take in addresses of this domain, or not unverified.',
  },
  DUPLICATE_EMAIL: { description: 'Somebody else has this address.' },
  DUPLICATE_EXTERNAL_ID: { description: 'Something else has this external id.' },
  DUPLICATE_KEY: { description: 'Something else has this key.' },
  DUPLICATE_SLUG: { description: 'Another organization has or had this slug.' },
  FORBIDDEN: { description: 'The caller lacks a permission.' },
  INVALID_INPUT: { description: 'A field of the input is wrong.' },
  INVALID_TRANSITION: { description: 'The membership cannot make this move from its status.' },
  INVITATION_DECLINED: { description: 'The invitation was declined.' },
  INVITATION_EXPIRED: { description: 'The invitation was not answered in time.' },
  INVITATION_INVALID: {
    description:
      'There is no invitation that could be answered or sent: it was accepted, or the token is good for none.',
  },
  INVITATION_REVOKED: { description: 'The invitation was taken back.' },
  INVITES_NOT_ALLOWED: { description: 'The organization does not allow invitations.' },
  LAST_OWNER: { description: 'An organization would be left without an owner.' },
  MEMBERSHIPS_EXIST: { description: 'It can change only while there is no membership.' },
  MFA_REQUIRED: { description: 'The organization asks for a sign-in with several factors.' },
  NOT_FOUND: { description: 'It does not exist, or the caller may not see it.' },
  PERMISSION_IN_USE: { description: 'Roles or keys name the permission.' },
  RATE_LIMITED: {
    description: 'So many invitations were sent of late that there is no more for a while.',
  },
  ROLE_CYCLE: { description: 'The role would extend itself.' },
  ROLE_IN_USE: { description: 'Something uses the role.' },
  ROLE_TOO_HIGH: { description: 'It would grant what the caller does not hold.' },
  SEAT_LIMIT: { description: 'All seats of the organization are taken.' },
  SINGLE_MEMBERSHIP: { description: 'The person may belong to one organization only.' },
  WRONG_ACCOUNT: {
    description:
      'The invitation is for somebody else than whoever is signed in, or for an account that has to sign in first.',
  },
  WRONG_IDENTITY_MODEL: { description: 'The field belongs to the other identity model.' },
} as const satisfies Partial<Record<ErrorCodeName, { description: string }>>;

const ErrorCode = builder.enumType('ErrorCode', {
  description: 'What kind of refusal it is.',
  values: codes,
});

const ErrorInterface = builder.interfaceRef<DomainError>('Error').implement({
  description: 'A refusal: nothing has changed.',
  fields: (t) => ({
    code: t.field({
      type: ErrorCode,
      nullable: false,
      description: 'What programs go by.',
      resolve: ({ code }) => {
        if (!(code in codes)) {
          throw new Error(`The code ${code} is not in the schema.`);
        }
        return code as keyof typeof codes;
      },
    }),
    message: t.exposeString('message', {
      nullable: false,
      description: 'One sentence for people.',
    }),
  }),
});

/** The node of an error's TypeID, for those who may see it. */
export function nodeOf(id: string | null, context: Context): Promise<object | null> {
  const kind = id === null ? null : kindOf(id);
  const uuid = id === null || kind === null ? null : decodeId(kind, id);
  return kind === null || uuid === null ? Promise.resolve(null) : seenNode(kind, uuid, context);
}

/** For `interfaces` of the type of a refusal. */
export const interfaces = [ErrorInterface];
