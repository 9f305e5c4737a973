const prefix = 'graphiql:';

const ownKeys = () => Object.keys(sessionStorage).filter((name) => name.startsWith(prefix));

/**
 * What GraphiQL remembers (tabs, history, theme), kept for the browser tab. GraphiQL's "clear storage" empties only
 * its own entries: the key has a button of its own.
 * @returns {Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'clear' | 'length'>}
 */
export function createTabStorage() {
  return {
    getItem: (name) => sessionStorage.getItem(name),
    setItem: (name, value) => sessionStorage.setItem(name, value),
    removeItem: (name) => sessionStorage.removeItem(name),
    clear: () => {
      for (const name of ownKeys()) {
        sessionStorage.removeItem(name);
      }
    },
    get length() {
      return ownKeys().length;
    },
  };
}

/**
 * What the tab that was open last holds, or nothing at the first visit. GraphiQL looks for it in an entry that it
 * writes only when somebody types, and opens an empty tab at every reload until then; so it is told.
 * @returns {{ initialQuery?: string, initialVariables?: string }}
 */
export function lastOpenTab() {
  const { tabs, activeTabIndex } = JSON.parse(sessionStorage.getItem(`${prefix}tabState`) ?? '{}');
  const tab = tabs?.[activeTabIndex];
  return tab === undefined
    ? {}
    : { initialQuery: tab.query ?? '', initialVariables: tab.variables ?? '' };
}
