/**
 * One GraphQL request. Always a POST, so that nothing of it stands in a URL.
 * @param {string} endpoint
 * @param {{ params: object, key: string | null, accept: string, signal?: AbortSignal }} request
 * @returns {Promise<Response>}
 */
export function post(endpoint, { params, key, accept, signal }) {
  return fetch(endpoint, {
    method: 'POST',
    headers: {
      accept,
      'content-type': 'application/json',
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(params),
    cache: 'no-store',
    redirect: 'error',
    signal,
  });
}
