import { createFetcher } from './fetcher.js';
import { createKeyBar } from './key-bar.js';
import { createTabStorage, lastOpenTab } from './tab-storage.js';

const config = JSON.parse(document.querySelector('meta[name=gatehouse-config]').content);
const assets = new URL('.', import.meta.url);

const workers = { editorWorkerService: 'editor', json: 'json', graphql: 'graphql' };
self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_moduleId, label) => new URL(`${workers[label]}.worker.js`, assets).href,
};

const bar = createKeyBar({ endpoint: config.endpoint });

globalThis.YogaGraphiQL.renderYogaGraphiQL(document.getElementById('root'), {
  fetcher: createFetcher({ endpoint: config.endpoint, key: bar.key, onRefused: bar.refused }),
  defaultTabs: config.examples.map(({ title, query, variables }) => ({
    query: `# ${title}\n\n${query.trim()}\n`,
    variables: variables === undefined ? undefined : JSON.stringify(variables, null, 2),
  })),
  // Queries and variables can hold secrets (the token of an invitation): they stay out of the URL, where the bundle
  // would put them and look for them, and out of everything that outlives the tab.
  initialQuery: undefined,
  onEditQuery: () => undefined,
  storage: createTabStorage(),
  ...lastOpenTab(),
  // One place for credentials: the bar.
  isHeadersEditorEnabled: false,
  shouldPersistHeaders: false,
  showPersistHeadersSettings: false,
});
