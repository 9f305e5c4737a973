/** What a membership can be, and how it came to be. */
import { builder } from './builder.ts';

export const MembershipStatus = builder.enumType('MembershipStatus', {
  description: 'Where a membership stands in its life.',
  values: {
    PENDING_INVITE: { description: 'Invited; the invitation is open.' },
    INVITE_EXPIRED: { description: 'Invited; the invitation was not answered in time.' },
    ACTIVE: { description: 'A member, with the rights of their roles.' },
    SUSPENDED: { description: 'A member without rights until reinstated.' },
    REMOVED: { description: 'No longer a member. The membership stays for its history.' },
  },
});

export const ProvisioningMethod = builder.enumType('ProvisioningMethod', {
  description: 'How a person came into an organization.',
  values: {
    CREATOR: { description: 'They created it.' },
    INVITATION: { description: 'They were invited.' },
    ADDED: { description: 'They were added without an invitation.' },
    JIT: { description: 'They joined by the domain of their address.' },
    IMPORT: { description: 'They were imported.' },
    SCIM: { description: 'A directory provisioned them.' },
  },
});
