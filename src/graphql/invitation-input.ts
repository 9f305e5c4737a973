/** How inputs say whom to invite, be it one or many. */
import type { InputFieldBuilder } from '@pothos/core';
import type { builder } from './builder.ts';

type ExtendedTypes = typeof builder.$inferSchemaTypes;

/** What the fields are for. */
export const texts = {
  invitationId: 'The invitation, inv_….',
  email: 'The address to invite: one plain address, in any spelling.',
  roleIds:
    'The roles to offer, rol_…, instead of the default one. Or roleKeys. You must hold what they give, now and when they are accepted.',
  roleKeys:
    "The roles to offer by their keys; the organization's own come first. Or roleIds. Only owners invite owners.",
  name: 'What the organization calls them, up to 200 characters. It enters nobody’s own profile.',
  message: 'What the mail says besides, up to 2,000 characters.',
  locale:
    'The language of the mail as a BCP 47 tag. Left out: the language of the person, or else English.',
  expiresInSeconds:
    'For how long it can be answered: 300 to 2,592,000 seconds. Left out: as long as the environment says.',
  redirectUrl:
    'Where the link of the mail leads, with ?token=… added: at or below a URL that the operator allows. Left out: a page of the gateway.',
  allowAnyAddress:
    'Whether somebody who is signed in under another address may accept it. Left out: no.',
  metadata: 'Trusted metadata of the membership. Requires trusted:write.',
  untrustedMetadata: 'Metadata of the membership that the member may write too.',
};

/** The fields that say whom to invite, and as what. */
export function offerFields(t: InputFieldBuilder<ExtendedTypes, 'InputObject'>) {
  return {
    email: t.string({ required: true, description: texts.email }),
    roleIds: t.idList({ description: texts.roleIds }),
    roleKeys: t.stringList({ description: texts.roleKeys }),
    name: t.string({ description: texts.name }),
    message: t.string({ description: texts.message }),
    locale: t.string({ description: texts.locale }),
    expiresInSeconds: t.int({ description: texts.expiresInSeconds }),
    redirectUrl: t.string({ description: texts.redirectUrl }),
    allowAnyAddress: t.boolean({ description: texts.allowAnyAddress }),
    metadata: t.field({ type: 'JSONObject', description: texts.metadata }),
    untrustedMetadata: t.field({ type: 'JSONObject', description: texts.untrustedMetadata }),
  };
}
