import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ObservedGateway, observeGateway } from './observed-gateway.ts';
import { bearer, get, openSocket, post, type Reply, send, sendBytes, transports } from './wire.ts';

const viewer = '{ viewer { kind } }';
const JWT = 'eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLXRoYXQtaXMtbm9uZQ';

let world: ObservedGateway;
/** All that was said to callers, close codes included. */
const said: string[] = [];

beforeAll(async () => {
  world = await observeGateway();
});

afterAll(() => world.close());

async function listen(...replies: Promise<Reply | string | unknown>[]): Promise<void> {
  for (const reply of replies) {
    said.push(JSON.stringify(await reply) ?? '');
  }
}

/** Puts the secret wherever something can be put. */
async function spread(secret: string): Promise<void> {
  const { url } = world;
  const wherever = [
    `Bearer ${secret}`,
    secret,
    `Basic ${secret}`,
    `bearer ${secret} ${secret}`,
    `DPoP ${secret}`,
  ];
  for (const authorization of wherever) {
    await listen(post(url, { query: viewer }, { authorization }));
    await listen(get(url, { query: viewer }, { authorization }));
    await onSocket({ type: 'connection_init', payload: { authorization } });
  }
  const name = secret.replaceAll(/\W/g, '_');
  const operations = [
    { query: viewer, variables: { secret } },
    { query: viewer, operationName: secret },
    { query: `query ${name} { viewer { kind } }` },
    { query: `{ node(id: ${JSON.stringify(secret)}) { id } }` },
    { query: `{ users(first: ${JSON.stringify(secret)}) { totalCount } }` },
    { query: `{ ${name} }` },
    { query: `{ viewer { ...${name} } }` },
    { query: secret },
    { query: `{ viewer(${secret}` },
    { query: 'query ($n: Int) { users(first: $n) { totalCount } }', variables: { n: secret } },
    {
      query: 'query ($by: UserBy!) { user(by: $by) { id } }',
      variables: { by: { [secret]: secret } },
    },
    {
      query: 'query ($after: String) { users(after: $after) { totalCount } }',
      variables: { after: secret },
    },
    { query: `{ invitationPreview(token: ${JSON.stringify(secret)}) { email } }` },
    ...['invitationAccept', 'invitationDecline'].map((name) => ({
      query: `mutation ($token: String!) { ${name}(input: { token: $token }) { ... on Error { message } } }`,
      variables: { token: secret },
    })),
    { query: viewer, extensions: { idempotencyKey: secret } },
    { query: viewer, [secret]: secret },
  ];
  for (const operation of operations) {
    for (const transport of Object.values(transports)) {
      await listen(transport(url, operation, world.key));
    }
  }
  const headers = bearer(world.key);
  await listen(
    post(url, `{"query": "${secret}`, headers),
    post(url, `${secret}`, headers),
    post(url, `{"query": ${secret}}`, headers),
    post(url, { query: viewer }, { 'content-type': secret }),
    post(url, { query: viewer }, { accept: secret }),
    post(url, { query: viewer }, { origin: secret }),
    post(url, { query: viewer }, { ...headers, 'idempotency-key': secret }),
    post(url, { query: viewer }, { 'x-request-id': secret }),
    post(url, { query: viewer }, { cookie: secret, 'x-api-key': secret, [name]: secret }),
    send(`${url}/graphql?access_token=${secret}&query=${secret}&variables=${secret}`),
    send(`${url}/graphql?query={viewer{kind}}&variables={"a":"${encodeURIComponent(secret)}`),
    send(`${url}/graphql/${encodeURIComponent(secret)}`),
    send(`${url}/${encodeURIComponent(secret)}?${encodeURIComponent(secret)}`),
    send(`${url}/graphiql/${encodeURIComponent(secret)}`),
    send(`${url}/accept?token=${encodeURIComponent(secret)}`),
    send(`${url}/accept/${encodeURIComponent(secret)}`),
    send(`${url}/health/${encodeURIComponent(secret)}`),
    sendBytes(url, `${secret} / HTTP/1.1\r\n\r\n`),
    sendBytes(url, `GET / HTTP/1.1\r\nHost: x\r\n${secret}\r\n\r\n`),
  );
  const init = { type: 'connection_init', payload: headers };
  await onSocket({ type: secret });
  await onSocket(init, { type: 'subscribe', id: '1', payload: { query: 1, secret } });
  await onSocket(init, { type: secret });
  await onSocket(init, { type: 'next', id: secret, payload: secret });
}

/** Says all of it on a WebSocket of its own, hears what is answered, and how it ends. */
async function onSocket(...messages: object[]): Promise<void> {
  const { tell, hear, socket, closed } = await openSocket(world.url);
  for (const message of messages) {
    tell(message);
  }
  const heard = await hear().catch(() => undefined);
  if (messages.length === 1 && heard !== undefined) {
    socket.close(1000);
  }
  await listen(Promise.resolve(heard), closed);
}

function secrets(): Record<string, string> {
  return {
    'a key': world.key,
    'a key that is none': `ghk_${'Zz9-_'.repeat(9)}`,
    'a token': JWT,
    'a token that is cut off': JWT.slice(0, 70),
    'the token of an invitation': 'P-rhFJSXKPyfB2S9LUYsaxURlxk2vsWZv3CY6imDdUU',
    'the address of a database': 'postgresql://gatehouse:hunter2-correct-horse@db.example:5432/gh',
  };
}

it('lets no secret into a log or an error, wherever it was put', async () => {
  for (const secret of Object.values(secrets())) {
    await spread(secret);
  }
  await world.cut();
  for (const secret of Object.values(secrets())) {
    await listen(post(world.url, { query: viewer, variables: { secret } }, bearer(secret)));
    await onSocket({ type: 'connection_init', payload: bearer(secret) });
  }
  await listen(send(`${world.url}/health/ready`));
  await world.mend();

  const log = JSON.stringify(world.log);
  const heard = said.join('\n');
  // Something was there to be found.
  expect(world.log.length).toBeGreaterThan(200);
  expect(said.length).toBeGreaterThan(300);
  expect(log).toContain('A request failed');
  expect(heard).toContain('gh?_…');
  const needles: Record<string, string> = {
    ...secrets(),
    'a signature': JWT.split('.')[2] ?? '',
    'a password': 'hunter2-correct-horse',
    'the password of the database': new URL(world.database.url).password,
  };
  for (const [what, secret] of Object.entries(needles)) {
    expect(secret.length, what).toBeGreaterThan(3);
    for (const needle of [secret, encodeURIComponent(secret)]) {
      const lines = world.log.filter((line) => JSON.stringify(line).includes(needle));
      expect(lines, `${what} in the log`).toEqual([]);
      const telling = said.filter((text) => text.includes(needle));
      expect(telling, `${what} in an answer`).toEqual([]);
    }
  }
});
