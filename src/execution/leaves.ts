/** Scalars and enums in JSON. */
import { type GraphQLEnumType, type GraphQLLeafType, isEnumType } from 'graphql';
import { quote } from './text.ts';

type Write = (value: unknown) => string;

/**
 * Makes what writes the values of a scalar or enum in JSON, null and undefined apart. It throws for what is no value of
 * the type.
 */
export function leafWriter(type: GraphQLLeafType): Write {
  return isEnumType(type) ? enumWriter(type) : (SCALARS[type.name]?.(type) ?? coerced(type));
}

/** Of scalars that come most often, the values that need no coercion are written as they are. */
const SCALARS: Record<string, (type: GraphQLLeafType) => Write> = {
  ID: textWriter,
  String: textWriter,
  Boolean(type) {
    const write = coerced(type);
    return (value) => (value === true ? 'true' : value === false ? 'false' : write(value));
  },
};

function textWriter(type: GraphQLLeafType): Write {
  const write = coerced(type);
  return (value) => (typeof value === 'string' ? quote(value) : write(value));
}

function enumWriter(type: GraphQLEnumType): Write {
  const names = new Map(type.getValues().map(({ name, value }) => [value, `"${name}"`]));
  const write = coerced(type);
  return (value) => names.get(value) ?? write(value);
}

function coerced(type: GraphQLLeafType): Write {
  return (value) => {
    const text = JSON.stringify(type.coerceOutputValue(value) ?? undefined);
    if (text === undefined) {
      throw new Error(`${type} has no such value.`);
    }
    return text;
  };
}
