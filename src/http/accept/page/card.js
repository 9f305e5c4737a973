const element = (id) => document.getElementById(id);

// The page speaks English; what is left to the reader's taste is which kind.
const language = navigator.languages.find((tag) => tag.startsWith('en')) ?? 'en-GB';
const dates = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short' });

/**
 * A text with names in it that somebody chose: each becomes a text node in an element of its own, so that it is never
 * markup and does not turn the direction of what surrounds it. An array is a part of our own.
 * @param {TemplateStringsArray} strings
 * @param {...(string | Said)} parts
 * @returns {Said}
 * @typedef {(string | HTMLElement)[]} Said
 */
export function say(strings, ...parts) {
  return strings.flatMap((text, index) => {
    const part = parts[index] ?? [];
    return [text, ...(Array.isArray(part) ? part : [nameElement(part)])];
  });
}

function nameElement(name) {
  const element = document.createElement('bdi');
  element.textContent = name;
  return element;
}

/** A point in time as people here write it. */
export function formatTime(iso) {
  return dates.format(new Date(iso));
}

/**
 * What stands on the card. `action.run` shows another screen; until then no button can be pressed, and `action.progress`
 * says what is going on.
 * @typedef {{
 *   tone?: 'good' | 'ended' | 'problem',
 *   heading: Said,
 *   text?: Said[],
 *   facts?: { email: string, expiresAt: string },
 *   notice?: Said,
 *   actions?: {
 *     label: Said,
 *     kind?: 'primary' | 'danger',
 *     progress?: string,
 *     run: () => void,
 *   }[],
 * }} Screen
 */

/** @param {Screen} screen */
export function show({ tone = 'open', heading, text = [], facts, notice = [], actions = [] }) {
  element('card').dataset.tone = tone;
  element('heading').replaceChildren(...heading);
  document.title = element('heading').textContent;
  element('text').replaceChildren(...text.map((parts) => make('p', parts)));
  element('facts').hidden = facts === undefined;
  if (facts !== undefined) {
    element('email').textContent = facts.email;
    element('until').textContent = formatTime(facts.expiresAt);
    element('until').dateTime = facts.expiresAt;
  }
  tell(notice, notice.length > 0);
  const buttons = actions.map(makeButton);
  element('actions').replaceChildren(...buttons);
  // What failed is tried again from where one is; everything else is read from its beginning.
  (notice.length > 0 ? buttons[0] : element('heading')).focus();
}

/** Shows the logo in the place of the icon as soon as it is there, which may be never. */
export function showLogo(url) {
  const logo = element('logo');
  logo.hidden = true;
  logo.removeAttribute('src');
  if (/^https:\/\//i.test(url ?? '')) {
    logo.onload = () => {
      logo.hidden = false;
    };
    logo.src = url;
  }
}

function makeButton({ label, kind, progress = '', run }) {
  const button = make('button', label);
  button.type = 'button';
  button.className = kind ?? '';
  button.addEventListener('click', ({ detail }) => {
    // The second half of a double click may land on a button that has only just come.
    if (detail > 1) {
      return;
    }
    for (const each of element('actions').children) {
      each.disabled = true;
    }
    tell([progress], false);
    run();
  });
  return button;
}

function tell(parts, isProblem) {
  element('notice').replaceChildren(...parts);
  element('notice').classList.toggle('problem', isProblem);
}

function make(tag, parts) {
  const made = document.createElement(tag);
  made.append(...parts);
  return made;
}
