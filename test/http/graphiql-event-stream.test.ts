import { expect, it } from 'vitest';

type ReadEvents = (
  body: ReadableStream<Uint8Array>,
) => AsyncIterable<{ event: string; data: string }>;

// A script of the page: plain JavaScript, so its type is given here.
const script = new URL('../../src/http/graphiql/page/event-stream.js', import.meta.url).href;
const { readEvents }: { readEvents: ReadEvents } = await import(script);

function streamOf(text: string, size: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) {
        controller.enqueue(bytes.slice(at, at + size));
      }
      controller.close();
    },
  });
}

it.each([1, 2, 3, 1000])('reads events out of pieces of %i bytes', async (size) => {
  const text =
    ':\r\n\r\nevent: next\r\ndata: {"ü":\r\ndata: "a: b"}\r\n\r\nevent:complete\ndata:\n\nunfinished';
  const found = [];
  for await (const event of readEvents(streamOf(text, size))) {
    found.push(event);
  }
  expect(found).toEqual([
    { event: 'message', data: '' },
    { event: 'next', data: '{"ü":\n"a: b"}' },
    { event: 'complete', data: '' },
  ]);
});
