import { readFile } from 'node:fs/promises';
import {
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { expect, it } from 'vitest';
import { printedSchema, schema } from '../../src/graphql/schema.ts';

/** Every element that people meet, by its coordinate, with its description. */
function* described(of: GraphQLSchema): Generator<[string, string | null | undefined]> {
  for (const type of Object.values(of.getTypeMap())) {
    if (isIntrospectionType(type) || isSpecifiedScalarType(type)) {
      continue;
    }
    yield [type.name, type.description];
    if (isEnumType(type)) {
      for (const value of type.getValues()) {
        yield [`${type.name}.${value.name}`, value.description];
      }
    }
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) {
        yield [`${type.name}.${field.name}`, field.description];
      }
    }
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        yield [`${type.name}.${field.name}`, field.description];
        for (const argument of field.args) {
          yield [`${type.name}.${field.name}(${argument.name}:)`, argument.description];
        }
      }
    }
  }
}

it('is what schema.graphql says', async () => {
  const file = await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8');
  expect(printedSchema()).toBe(file);
});

it('describes every type, field, argument and value in a sentence', () => {
  const elements = [...described(schema)];
  expect(elements.length).toBeGreaterThan(200);
  const undescribed = elements.filter(
    ([, description]) => !/^[A-Z].*[.…]$/s.test(description ?? ''),
  );
  expect(undescribed).toEqual([]);
});

it('says when a time is null', () => {
  const silent = [...described(schema)].filter(([coordinate, description]) => {
    const [typeName = '', fieldName = ''] = coordinate.split('.');
    const type = schema.getType(typeName);
    const field = isObjectType(type) ? type.getFields()[fieldName] : undefined;
    const mayBeNull = field !== undefined && String(field.type) === 'DateTime';
    return mayBeNull && !/\bNull\b|Requires/.test(description ?? '');
  });
  expect(silent).toEqual([]);
});
