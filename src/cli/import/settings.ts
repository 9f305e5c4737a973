/** The `settings` of an organization, as we call them or in the snake case of other services. */
import { z } from 'zod';
import {
  AuthMethod,
  AuthMethodRule,
  EmailInvites,
  JitProvisioning,
  MfaPolicy,
} from '../../db/generated/prisma/enums.ts';
import type { OrganizationSettingsInput } from '../../domain/organization-settings.ts';
import { CellError, type Cells, jsonObject } from './values.ts';

const schema = z.strictObject({
  emailInvites: anyCase(EmailInvites).optional(),
  emailJitProvisioning: anyCase(JitProvisioning).optional(),
  allowedDomains: z.array(z.string()).optional(),
  authMethods: anyCase(AuthMethodRule).optional(),
  allowedAuthMethods: z.array(anyCase(AuthMethod)).optional(),
  mfaPolicy: anyCase(MfaPolicy).optional(),
});

const otherNames: Record<string, string> = { emailAllowedDomains: 'allowedDomains' };

/**
 * The settings in a cell (`{"emailInvites": "RESTRICTED"}`, or `{"email_invites": "restricted"}`), or undefined for an
 * empty one.
 *
 * @throws CellError for a setting that does not exist or a value that it does not have.
 */
export function settings(cells: Cells, name: string): OrganizationSettingsInput | undefined {
  const value = jsonObject(cells, name);
  if (value === undefined) {
    return undefined;
  }
  const named = Object.entries(value).map(([key, each]) => [camelCase(key), each]);
  const result = schema.safeParse(Object.fromEntries(named));
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new CellError(`"${name}": ${[...(issue?.path ?? []), ''].join(': ')}${issue?.message}.`);
  }
  return result.data;
}

function anyCase<Values extends Record<string, string>>(values: Values) {
  return z.preprocess(
    (value) => (typeof value === 'string' ? value.toUpperCase() : value),
    z.enum(values),
  );
}

function camelCase(key: string): string {
  const name = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return otherNames[name] ?? name;
}
