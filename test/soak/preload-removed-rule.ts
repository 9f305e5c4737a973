/** Loaded before the program: in the place of one of its modules it gives another source, in which a rule is missing. */
import { registerHooks } from 'node:module';

const { REPLACED_MODULE: replaced = '', REPLACED_SOURCE: source = '' } = process.env;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    return url.endsWith(replaced) ? { ...loaded, source } : loaded;
  },
});
