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
