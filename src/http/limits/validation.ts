/** How documents are validated, and how much they learn from it. */
import { NoSchemaIntrospectionCustomRule, validate } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Whoever has more mistakes than this reads no more of them either. */
const MOST_ERRORS = 20;

/** Validates, with the schema hidden as far as the settings want it. */
export function validateDocuments(settings: {
  introspection: boolean;
  suggestions: boolean;
}): Plugin {
  const options = { maxErrors: MOST_ERRORS, hideSuggestions: !settings.suggestions };
  return {
    onValidate({ setValidationFn, addValidationRule }) {
      setValidationFn((schema, document, rules) => validate(schema, document, rules, options));
      if (!settings.introspection) {
        addValidationRule(NoSchemaIntrospectionCustomRule);
      }
    },
    onExecute({ args }) {
      // The values of variables get suggestions, too.
      Object.assign(args, { hideSuggestions: options.hideSuggestions });
    },
  };
}
