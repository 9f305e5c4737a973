const patience = 30_000;

/** Why there is no answer: RATE_LIMITED, UNREACHABLE, or FAILED. */
export class Trouble extends Error {
  name = 'Trouble';

  /**
   * @param {'RATE_LIMITED' | 'UNREACHABLE' | 'FAILED'} code
   * @param {number} [seconds] until it is worth another try
   */
  constructor(code, seconds) {
    super(code);
    this.code = code;
    this.seconds = seconds;
  }
}

/**
 * Makes the function that sends one operation and resolves to what its only field holds. Always a POST, so that the
 * token stands in no further URL, and without whatever the browser knows of this origin: the token is all that counts.
 * It rejects with Trouble.
 * @param {string} endpoint
 * @returns {(query: string, variables: object) => Promise<object | null>}
 */
export function createAsk(endpoint) {
  return async (query, variables) => {
    const answer = await send(endpoint, JSON.stringify({ query, variables }));
    const [error] = answer.errors ?? [];
    if (error?.extensions?.code === 'RATE_LIMITED') {
      throw new Trouble('RATE_LIMITED', Math.ceil(error.extensions.retryAfterMs / 1000));
    }
    if (error?.extensions?.code === 'UNAVAILABLE') {
      throw new Trouble('UNREACHABLE');
    }
    if (error !== undefined || !answer.data) {
      throw new Trouble('FAILED');
    }
    return Object.values(answer.data)[0];
  };
}

async function send(endpoint, body) {
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      signal: AbortSignal.timeout(patience),
    });
    return await response.json();
  } catch {
    // No connection, too late, or a proxy's own page: all the same to whoever waits.
    throw new Trouble('UNREACHABLE');
  }
}
