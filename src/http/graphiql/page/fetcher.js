import { readEvents } from './event-stream.js';
import { post } from './post.js';

const json = 'application/graphql-response+json, application/json';

/**
 * The function GraphiQL sends every operation through. A query or mutation is one POST and its answer as it came; a
 * subscription is a POST answered as an event stream, given to GraphiQL as an observable, so that its stop button
 * closes the connection at once.
 * @param {{ endpoint: string, key: () => string | null, onRefused: (key: string | null) => void }} options
 */
export function createFetcher({ endpoint, key, onRefused }) {
  const send = async (params, accept, signal) => {
    const sent = key();
    const response = await post(endpoint, { params, key: sent, accept, signal });
    if (response.status === 401) {
      onRefused(sent);
    }
    return response;
  };

  const stream = async (params, observer, signal) => {
    const response = await send(params, 'text/event-stream', signal);
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

  const subscribe = (params) => ({
    subscribe: (observer) => {
      const abort = new AbortController();
      stream(params, observer, abort.signal).then(
        () => observer.complete(),
        (error) => abort.signal.aborted || observer.error(error),
      );
      return { unsubscribe: () => abort.abort() };
    },
  });

  return async (params, options) =>
    isSubscription(params, options?.documentAST)
      ? subscribe(params)
      : readJson(await send(params, json));
}

function isSubscription({ operationName }, document) {
  const operations = document?.definitions.filter(({ kind }) => kind === 'OperationDefinition');
  const chosen = operationName
    ? operations?.find(({ name }) => name?.value === operationName)
    : operations?.[0];
  return chosen?.operation === 'subscription';
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
