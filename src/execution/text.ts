/** JSON as it is written: some of it is there at once, some comes later. */

/** JSON, or a part of it. */
export type Text = string | Promise<string>;

/** What was written so far: up to what comes later, and since. */
export type Pieces = { before: Text[] | undefined; last: string };

export function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

export function append(pieces: Pieces, text: Text): void {
  if (typeof text === 'string') {
    pieces.last += text;
  } else {
    pieces.before ??= [];
    pieces.before.push(pieces.last, text);
    pieces.last = '';
  }
}

/** The pieces one after the other, once the last of them is there. Rejects as the first of them does. */
export function joined({ before, last }: Pieces): Text {
  return before === undefined ? last : concatenate([...before, last]);
}

/** Nobody waits for these any more. */
export function abandon({ before = [] }: Pieces): void {
  for (const text of before) {
    if (typeof text !== 'string') {
      text.catch(() => {});
    }
  }
}

function concatenate(parts: Text[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let missing = 0;
    for (const [at, part] of parts.entries()) {
      if (typeof part !== 'string') {
        missing += 1;
        part.then((text) => {
          parts[at] = text;
          missing -= 1;
          if (missing === 0) {
            resolve(parts.join(''));
          }
        }, reject);
      }
    }
  });
}

// What JSON.stringify writes as it is: it escapes quotes, control characters and halves of surrogate pairs.
const PLAIN = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;

/** A string in JSON, as JSON.stringify writes it. */
export function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
