import { post } from './post.js';

const stored = 'gatehouse:key';
const refusal = 'The server refused this key (401). Enter another one, or go on without.';
const needed = 'The server asks for a key (401). Enter one.';
const unchecked = 'The key could not be checked: the server gave no answer. Try again.';

/**
 * The bar that takes the API key (or token) once and keeps it for the browser tab. A key is kept only after the
 * server has accepted it, and dropped as soon as the server refuses it.
 * @param {{ endpoint: string }} options
 * @returns {{ key: () => string | null, refused: (key: string | null) => void }}
 */
export function createKeyBar({ endpoint }) {
  const form = document.getElementById('key-form');
  const input = document.getElementById('key-input');
  const button = form.querySelector('button');
  const held = document.getElementById('key-held');
  const notice = document.getElementById('notice');

  const key = () => sessionStorage.getItem(stored);

  const show = (message, isProblem = false) => {
    notice.textContent = message;
    notice.classList.toggle('problem', isProblem);
    form.hidden = key() !== null;
    held.hidden = key() === null;
    document.getElementById('key-label').textContent = key() === null ? '' : mask(key());
  };

  const showCaller = () =>
    show(key() === null ? 'No key: requests are anonymous.' : 'Every request carries this key.');

  const drop = (message) => {
    sessionStorage.removeItem(stored);
    if (message) {
      show(message, true);
    } else {
      showCaller();
    }
    input.focus();
  };

  const refused = (refusedKey) => {
    // An answer to a request from before the key was changed says nothing about the present one.
    if (refusedKey === key()) {
      drop(refusedKey === null ? needed : refusal);
    }
  };

  const take = async () => {
    const candidate = input.value.trim().replace(/^Bearer\s+/i, '');
    if (!/^[\x21-\x7e]+$/.test(candidate)) {
      show('A key has no spaces and only plain characters.', true);
      return;
    }
    show('Checking the key…');
    button.disabled = true;
    const verdict = await probe(endpoint, candidate);
    button.disabled = false;
    if (verdict === 'accepted') {
      sessionStorage.setItem(stored, candidate);
      input.value = '';
      showCaller();
    } else {
      show(verdict === 'refused' ? refusal : unchecked, true);
      input.select();
    }
  };

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    take();
  });
  document.getElementById('key-forget').addEventListener('click', () => drop());
  showCaller();

  return { key, refused };
}

async function probe(endpoint, key) {
  try {
    const response = await post(endpoint, {
      params: { query: '{ __typename }' },
      key,
      accept: 'application/json',
    });
    return response.status === 401 ? 'refused' : response.ok ? 'accepted' : 'unchecked';
  } catch {
    return 'unchecked';
  }
}

function mask(key) {
  const prefix = /^[a-z]{2,8}_/.exec(key)?.[0] ?? '';
  return key.length < 16 ? `${prefix}…` : `${prefix}…${key.slice(-4)}`;
}
