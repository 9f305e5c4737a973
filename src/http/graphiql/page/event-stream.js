/**
 * Reads a stream of server-sent events.
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<{ event: string, data: string }>}
 */
export async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = '';
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      // A CR at the end may be half of a CRLF; it is harmless until the next part.
      pending += part.value;
      const blocks = pending.replaceAll('\r\n', '\n').split('\n\n');
      pending = blocks.pop();
      for (const block of blocks) {
        yield readEvent(block);
      }
    }
  } finally {
    await reader.cancel();
  }
}

function readEvent(block) {
  const found = { event: 'message', data: [] };
  for (const line of block.split('\n')) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === 'event') {
      found.event = value;
    } else if (name === 'data') {
      found.data.push(value);
    }
  }
  return { event: found.event, data: found.data.join('\n') };
}
