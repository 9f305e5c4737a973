/** What the settings of mail accept. */
import { type Expectation, rate } from './limit-expectations.ts';

export const mailExpectations: Record<string, Expectation> = {
  GATEHOUSE_SMTP_URL: {
    field: 'smtpUrl',
    byDefault: undefined,
    good: [
      'smtp://localhost',
      'smtp://mail.example:25',
      'smtps://user%40x:p%25w@mail.example:465/',
      'SMTP://[::1]:2525',
    ].map((url) => [url, url]),
    bad: [
      'mail.example',
      'http://mail.example',
      'smtp:mail.example',
      'smtp://',
      'smtp://:587',
      'smtp://u:hunter2@',
      'smtp://mail.example:0',
      'smtp://mail.example:65536',
      'smtp://mail.example/path',
      'smtp://mail.example?tls.rejectUnauthorized=hunter2',
      'smtp://mail.example#hunter2',
      'smtp://u:hunter2%@mail.example',
      'smtp://u:hunter2%E0@mail.example',
      'smtp://u:hunter2@a b',
      'smtp://a\nb',
    ],
  },
  GATEHOUSE_MAIL_FROM: {
    field: 'mailFrom',
    byDefault: undefined,
    good: [
      ['no-reply@example.com', { name: undefined, address: 'no-reply@example.com' }],
      ['Gate & Söhne <a.b+c@x-y.example>', { name: 'Gate & Söhne', address: 'a.b+c@x-y.example' }],
      ['"Acme, Inc." <a@b.example>', { name: 'Acme, Inc.', address: 'a@b.example' }],
      [' root@localhost ', { name: undefined, address: 'root@localhost' }],
    ],
    bad: [
      'hunter2',
      '@example.com',
      'a@',
      'a@b@c.example',
      'a b@c.example',
      'a@b.example, c@d.example',
      'Name a@b.example',
      'Name <a@b.example',
      'Name <a@b.example> x',
      'Name <<a@b.example>>',
      '<a@b.example>',
      '"Name <a@b.example>',
      'Na\nme <a@b.example>',
      'a@b.example\nBcc: hunter2@b.example',
      'a@b_c.example',
      'a@-b.example',
    ],
  },
  GATEHOUSE_MAIL_TEMPLATES: {
    field: 'mailTemplates',
    byDefault: undefined,
    good: ['/etc/mail', 'a b', 'ü'].map((path) => [path, path]),
    bad: ['a\0b'],
  },
  GATEHOUSE_REDIRECT_URLS: {
    field: 'redirectUrls',
    byDefault: [],
    good: [
      ['https://app.example', ['https://app.example']],
      [
        'https://app.example/join, http://localhost:3000/',
        ['https://app.example/join', 'http://localhost:3000/'],
      ],
      ['https://bücher.example:8443/a%20b', ['https://bücher.example:8443/a%20b']],
    ],
    bad: [
      '*',
      'app.example',
      '//app.example',
      'https:app.example',
      'https://*.app.example',
      'https://u:hunter2@app.example',
      'https://app.example?hunter2',
      'https://app.example/#hunter2',
      'https://app.example/a b',
      'https://app.example\\join',
      'https://app.example,',
      'javascript:alert(1)',
      'myapp://join',
      'https://',
    ],
  },
  GATEHOUSE_INVITATIONS_PER_INVITER: small('invitationsPerInviter', 1000),
  GATEHOUSE_INVITATIONS_PER_ORGANIZATION: small('invitationsPerOrganization', 2000),
  GATEHOUSE_INVITATIONS_PER_RECIPIENT: small('invitationsPerRecipient', 5),
};

function small(field: Expectation['field'], byDefault: number): Expectation {
  const expectation = rate(field, byDefault);
  return { ...expectation, bad: [...expectation.bad, '1000000001'] };
}
