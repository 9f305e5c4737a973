/** JSON as it is written: some of it is there at once, some comes later. */

/** JSON, or its pieces one after the other; an empty place is kept for what comes later. */
export type Text = string | Text[];

export function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/** A text that grows at its end. */
export type Growing = { pieces: Text[] | undefined; last: string };

export function append(growing: Growing, text: Text): void {
  if (typeof text === 'string') {
    growing.last += text;
  } else {
    growing.pieces ??= [];
    growing.pieces.push(growing.last, text);
    growing.last = '';
  }
}

export function grown({ pieces, last }: Growing): Text {
  if (pieces === undefined) {
    return last;
  }
  pieces.push(last);
  return pieces;
}

/**
 * All of a text as one string. Its pieces are taken out of their places: what waited for long is swept up late, and would
 * keep the whole answer until then.
 */
export function taken(text: Text): string {
  if (typeof text === 'string') {
    return text;
  }
  let all = '';
  for (const piece of text) {
    all += taken(piece);
  }
  text.length = 0;
  return all;
}

// What JSON.stringify writes as it is: it escapes quotes, control characters and halves of surrogate pairs.
const PLAIN = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;

/** A string in JSON, as JSON.stringify writes it. */
export function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
