/** What the schema has, as coordinates: what a table of rules must not leave out, nor have beyond it. */
import {
  type GraphQLObjectType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { schema } from '../../../src/graphql/schema.ts';

/** Types that only mutations answer with. */
export const ANSWERS = /(?:Payload|Error|Issue)$/;

/** The object types, without the roots and those of introspection. */
export function objectTypes(): GraphQLObjectType[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  return Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLObjectType =>
      isObjectType(type) && !isIntrospectionType(type) && !roots.includes(type),
  );
}

/** The arguments of all fields of queries, the fields of their inputs, and the values of their orders. */
export function queryArguments(): string[] {
  const coordinates = new Set<string>();
  const inputs = new Set<string>();
  const enter = (type: unknown): void => {
    if (isInputObjectType(type) && !inputs.has(type.name)) {
      inputs.add(type.name);
      for (const field of Object.values(type.getFields())) {
        coordinates.add(`${type.name}.${field.name}`);
        enter(getNamedType(field.type));
      }
    }
    if (isEnumType(type) && type.name.endsWith('OrderField')) {
      for (const value of type.getValues()) {
        coordinates.add(`${type.name}.${value.name}`);
      }
    }
  };
  const asked = objectTypes().filter(({ name }) => !ANSWERS.test(name));
  for (const type of [...asked, schema.getQueryType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      if (type === schema.getQueryType()) {
        coordinates.add(`Query.${field.name}`);
      }
      for (const argument of field.args) {
        coordinates.add(`${type?.name}.${field.name}(${argument.name}:)`);
        enter(getNamedType(argument.type));
      }
    }
  }
  return [...coordinates].sort();
}

/** Those of them that a document gives, written out in it. */
export function givenIn(document: string): string[] {
  const info = new TypeInfo(schema);
  const given = new Set<string>();
  visit(
    parse(document),
    visitWithTypeInfo(info, {
      Field({ name }) {
        if (info.getParentType() === schema.getQueryType()) {
          given.add(`Query.${name.value}`);
        }
      },
      Argument({ name }) {
        given.add(`${info.getParentType()?.name}.${info.getFieldDef()?.name}(${name.value}:)`);
      },
      ObjectField({ name }) {
        const parent = getNamedType(info.getParentInputType() ?? null);
        given.add(`${parent?.name}.${name.value}`);
      },
      EnumValue({ value }) {
        const type = getNamedType(info.getInputType() ?? null);
        given.add(`${type?.name}.${value}`);
      },
    }),
  );
  return [...given];
}

/** The fields of the inputs of mutations, those of their parts too. */
export function mutationInputs(): string[] {
  const coordinates = new Set<string>();
  const enter = (type: unknown): void => {
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) {
        const coordinate = `${type.name}.${field.name}`;
        if (!coordinates.has(coordinate)) {
          coordinates.add(coordinate);
          enter(getNamedType(field.type));
        }
      }
    }
  };
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    for (const argument of field.args) {
      enter(getNamedType(argument.type));
    }
  }
  return [...coordinates].sort();
}

/** Those of them that the input of a mutation gives. */
export function givenTo(mutation: string, input: object): string[] {
  const given = new Set<string>();
  const enter = (type: unknown, value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) {
        enter(type, item);
      }
    } else if (isInputObjectType(type) && typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        const field = type.getFields()[name];
        if (inner !== undefined) {
          given.add(`${type.name}.${name}`);
          enter(field && getNamedType(field.type), inner);
        }
      }
    }
  };
  const field = schema.getMutationType()?.getFields()[mutation];
  enter(field?.args[0] && getNamedType(field.args[0].type), input);
  return [...given];
}
