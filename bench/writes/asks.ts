/** How a contender is asked for one thing after the other. */

/** The numbers of the requests that are made before anything is timed. */
export const UNTIMED = { agreement: 0, statements: [1, 2] };

/** The number of the first one that is timed. */
export const FIRST_TIMED = 3;

/** Every request is another one, also in later turns. */
export type Asks = {
  url: string;
  headers: Record<string, string>;
  /** What each target has besides. */
  headersOf?: Record<string, string>[];
  /** With `$target`, `$number` (of the request) and `$lap` (how often all targets were taken before). */
  body: string;
  targets: string[];
  /** What only an answer that says yes has in it. Any other answer ends the run. */
  expected: string;
  /** How many requests a turn may have. @default any number */
  perTurn?: number;
};

/** The body of the `number`th request. */
export function bodyOf({ body, targets }: Pick<Asks, 'body' | 'targets'>, number: number): string {
  const values: Record<string, string> = {
    target: targets[number % targets.length] ?? '',
    number: String(number),
    lap: String(Math.floor(number / targets.length)),
  };
  return body.replaceAll(/\$(target|number|lap)\b/g, (_all, name: string) => values[name] ?? '');
}

/** The headers of the `number`th request. */
export function headersOf(
  { headers, headersOf, targets }: Pick<Asks, 'headers' | 'headersOf' | 'targets'>,
  number: number,
): Record<string, string> {
  return { ...headers, ...headersOf?.[number % targets.length] };
}

/** Asks for the `number`th thing, once. */
export function postOnce(asks: Asks, number: number): Promise<Response> {
  const headers = headersOf(asks, number);
  return fetch(asks.url, { method: 'POST', headers, body: bodyOf(asks, number) });
}
