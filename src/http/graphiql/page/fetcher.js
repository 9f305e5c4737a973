import { readEvents } from './event-stream.js';
import { post } from './post.js';

const accept = 'application/graphql-response+json, application/json, text/event-stream';

/**
 * The function GraphiQL sends every operation through: one POST, whose answer is JSON for a query or mutation and an
 * event stream for a subscription. Either is given to GraphiQL as an observable, so that its stop button closes the
 * connection at once.
 * @param {{ endpoint: string, key: () => string | null, onRefused: (key: string | null) => void }} options
 */
export function createFetcher({ endpoint, key, onRefused }) {
  const answer = async (params, observer, signal) => {
    const sent = key();
    const response = await post(endpoint, {
      params: withKnownOperation(params),
      key: sent,
      accept,
      signal,
    });
    if (response.status === 401) {
      onRefused(sent);
    }
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
      observer.next(await readJson(response));
      return;
    }
    for await (const { event, data } of readEvents(response.body)) {
      if (event === 'complete') {
        return;
      }
      if (event === 'next') {
        observer.next(JSON.parse(data));
      }
    }
    throw new Error('The connection closed before the subscription was complete.');
  };

  return (params) => ({
    subscribe: (observer) => {
      const abort = new AbortController();
      answer(params, observer, abort.signal).then(
        () => observer.complete(),
        (error) => abort.signal.aborted || observer.error(error),
      );
      return { unsubscribe: () => abort.abort() };
    },
  });
}

/**
 * GraphiQL learns only a moment after a tab was opened which operation it holds: whoever runs it at once would send
 * its text with the name of an operation of the tab before.
 */
function withKnownOperation({ operationName, ...params }) {
  const named = new RegExp(`\\b(query|mutation|subscription)\\s+${operationName}\\b`);
  return named.test(params.query) ? { ...params, operationName } : params;
}

async function readJson(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(
      `The server answered ${response.status} ${response.statusText}, and not in JSON.`,
    );
  }
}
