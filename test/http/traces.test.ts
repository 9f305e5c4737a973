import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createGateway, type TestGateway } from '../support/gateway.ts';
import { bearer, openSocket, post, send } from './wire.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

/** A collector: what it was sent, as it came. */
type Collector = { server: Server; url: string; received: { path: string; body: Buffer }[] };

async function startCollector(): Promise<Collector> {
  const received: Collector['received'] = [];
  const server = createServer(async (request, response) => {
    const isProtobuf = request.headers['content-type'] === 'application/x-protobuf';
    received.push({ path: request.url ?? '', body: await buffer(request) });
    response.writeHead(isProtobuf ? 200 : 415).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, received, url: `http://127.0.0.1:${port}` };
}

type Span = { traceId: string; id: string; parent: string; name: string; text: string };

/** The fields of a protobuf message that hold bytes, by their number: all that is needed of OTLP is in them. */
function fieldsOf(message: Buffer): [number: number, value: Buffer][] {
  const fields: [number, Buffer][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        return value;
      }
    }
  };
  while (at < message.length) {
    const tag = varint();
    const [number, kind] = [tag >>> 3, tag & 7];
    if (kind === 0) {
      varint();
    } else {
      const length = kind === 2 ? varint() : kind === 1 ? 8 : 4;
      fields.push([number, message.subarray(at, at + length)]);
      at += length;
    }
  }
  return fields;
}

/** resource_spans (1), in them scope_spans (2), in them spans (2); of a span trace_id, span_id, parent, name. */
function spansIn({ received }: Collector): Span[] {
  const inside = (messages: Buffer[], number: number) =>
    messages.flatMap(fieldsOf).flatMap(([found, value]) => (found === number ? [value] : []));
  const bodies = received.map(({ body }) => body);
  return inside(inside(inside(bodies, 1), 2), 2).map((span) => {
    const fields = new Map(fieldsOf(span));
    const hex = (number: number) => fields.get(number)?.toString('hex') ?? '';
    const name = fields.get(5)?.toString() ?? '';
    return { traceId: hex(1), id: hex(2), parent: hex(4), name, text: span.toString('latin1') };
  });
}

describe('a gateway that is told where to', () => {
  let collector: Collector;
  let world: TestGateway;
  let spans: Span[];
  const secret = 'Zebra Limited';

  beforeAll(async () => {
    collector = await startCollector();
    world = await createGateway({ OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/` });
    const url = world.gateway.localUrl;
    const traceparent = `00-${TRACE}-${PARENT}-01`;
    const query =
      'query Who($n: Int!) { viewer { kind } organizations(first: $n) { nodes { id } } }';
    const headers = { ...bearer(world.key), traceparent, 'x-request-id': 'request-one' };
    await post(url, { query, variables: { n: 7 } }, headers);
    const mutation = `mutation Make($name: String!) {
      organizationCreate(input: { displayName: $name }) { __typename } }`;
    await post(url, { query: mutation, variables: { name: secret } }, bearer(world.key));
    await send(`${url}/some/where?access_token=${world.key}`, {
      headers: { traceparent: `00-${'0'.repeat(32)}-${PARENT}-01` },
    });
    const { tell, hear, socket } = await openSocket(url);
    tell({ type: 'connection_init', payload: bearer(world.key) });
    await hear();
    const extensions = { traceparent: `00-${TRACE}-${'c'.repeat(16)}-01` };
    tell({ type: 'subscribe', id: '1', payload: { query: '{ viewer { kind } }', extensions } });
    while ((await hear()).type !== 'complete') {}
    socket.terminate();
    // What was not sent yet is sent by the stop.
    await world.close();
    spans = spansIn(collector);
  });

  afterAll(() => collector.server.close());

  const named = (name: string, traceId?: string) =>
    spans.filter((span) => span.name === name && (traceId ?? span.traceId) === span.traceId);

  it('sends them there, as protobuf, by its own name', () => {
    expect(new Set(collector.received.map(({ path }) => path))).toEqual(new Set(['/v1/traces']));
    expect(collector.received.map(({ body }) => body.toString('latin1')).join('')).toContain(
      'gatehouse',
    );
    expect(spans.length).toBeGreaterThan(8);
  });

  it('goes on with the trace of the caller, down to the statements', () => {
    const [request] = named('POST graphql', TRACE);
    expect(request).toMatchObject({ parent: PARENT });
    expect(request?.text).toContain('request-one');
    const [authentication] = named('authenticate key', TRACE);
    expect(authentication?.parent).toBe(request?.id);
    const [operation] = named('query', TRACE);
    expect(operation?.parent).toBe(request?.id);
    expect(operation?.text).toContain('Who');
    const statements = spans.filter(({ parent }) => parent === operation?.id);
    expect(statements.length).toBeGreaterThanOrEqual(1);
  });

  it('shows the wait for a turn and the transaction', () => {
    const [operation] = named('mutation');
    const turn = named('turn').find(({ parent }) => parent === operation?.id);
    const transaction = named('transaction').find(({ parent }) => parent === turn?.id);
    expect(turn).toBeDefined();
    expect(transaction?.traceId).toBe(operation?.traceId);
    expect(operation?.traceId).not.toBe(TRACE);
  });

  it('begins one for an operation on a WebSocket, too', () => {
    const [request] = named('WEBSOCKET graphql', TRACE);
    expect(request).toMatchObject({ parent: 'c'.repeat(16) });
    const [operation] = spans.filter(
      ({ parent, name }) => parent === request?.id && name === 'query',
    );
    expect(operation?.traceId).toBe(TRACE);
    expect(named('authenticate key', TRACE).map(({ parent }) => parent)).toContain(request?.id);
  });

  it('begins anew where the caller names no trace', () => {
    const [request] = named('GET other');
    expect(request).toMatchObject({ parent: '' });
    expect(request?.traceId).not.toMatch(/^0*$/);
  });

  it('says nothing of what was asked or of whom', () => {
    for (const { body } of collector.received) {
      for (const needle of [
        world.key,
        'Bearer',
        secret,
        'access_token',
        'where',
        'SELECT',
        'hunter2',
      ]) {
        expect(body.includes(needle), needle).toBe(false);
      }
    }
  });
});

describe('a gateway that is told otherwise', () => {
  it.each([
    [{}],
    [{ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'there' }],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'there' }],
    [{ OTEL_TRACES_SAMPLER: 'always_off', OTEL_EXPORTER_OTLP_ENDPOINT: 'there' }],
  ])('sends none: %j', async (settings: Record<string, string>) => {
    const collector = await startCollector();
    onTestFinished(() => void collector.server.close());
    const there = Object.entries(settings).map(([name, value]) => [
      name,
      value === 'there' ? collector.url : value,
    ]);
    const world = await createGateway(Object.fromEntries(there));
    await world.ask('{ viewer { kind } }');
    await world.close();
    expect(collector.received).toEqual([]);
  });

  it('keeps to the share it was told, whatever its callers keep', async () => {
    const collector = await startCollector();
    onTestFinished(() => void collector.server.close());
    const world = await createGateway({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/own/path`,
      OTEL_TRACES_SAMPLER: 'parentbased_always_off',
    });
    const url = world.gateway.localUrl;
    for (const flags of ['00', '01']) {
      const traceparent = `00-${TRACE}-${PARENT}-${flags}`;
      await post(url, { query: `query F${flags} { __typename }` }, { traceparent });
    }
    await post(url, { query: 'query None { __typename }' });
    await world.close();
    expect(collector.received.map(({ path }) => path)).toEqual(['/own/path']);
    const texts = spansIn(collector)
      .map(({ text }) => text)
      .join('');
    expect(texts).toContain('F01');
    expect(texts).not.toMatch(/F00|None/);
  });

  it('stops without a collector, and answers meanwhile', async () => {
    const world = await createGateway({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
    expect(await world.ask('{ viewer { kind } }')).toEqual({
      data: { viewer: { kind: 'API_KEY' } },
    });
    await world.close();
  });
});
