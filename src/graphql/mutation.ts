/** Mutations: one input, and a union of a payload and what can be refused. */
import type { InputObjectRef, ObjectRef } from '@pothos/core';
import type { Acts } from '../domain/acts.ts';
import {
  BusyError,
  type DomainError,
  ForbiddenError,
  InputError,
  NotFoundError,
  PolicyError,
} from '../domain/errors.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';

type Types = typeof builder.$inferSchemaTypes;

type MutationOptions<Input extends object, Payload extends object> = {
  /** Ends with the permission that it needs. */
  description: string;
  input: InputObjectRef<Types, Input>;
  payload: ObjectRef<Types, Payload>;
  /** What it can refuse besides what every mutation can. */
  errors?: (new (
    ...args: never[]
  ) => DomainError)[];
  /** Reads the ids of the input, does the act, and returns what came of it, as it is: the payload shows that. */
  resolve(input: Input, acts: Acts, context: Context): Promise<Payload>;
};

/** Adds the mutation `name`, whose result is the union `<Name>Result`. */
export function mutation<Input extends object, Payload extends object>(
  name: string,
  options: MutationOptions<Input, Payload>,
): void {
  const { description, errors = [], resolve } = options;
  // The builder's types cannot follow type parameters.
  const input = options.input as InputObjectRef<Types, object>;
  const payload = options.payload as ObjectRef<Types, object>;
  builder.mutationField(name, (t) =>
    t.field({
      type: payload,
      nullable: false,
      description,
      args: { input: t.arg({ type: input, required: true, description: 'What to do.' }) },
      errors: {
        types: [ForbiddenError, PolicyError, NotFoundError, InputError, BusyError, ...errors],
        union: {
          name: `${name.charAt(0).toUpperCase()}${name.slice(1)}Result`,
          description: `What came of ${name}: the payload, or why nothing has changed.`,
        },
      },
      resolve: async (_root, args, context) => {
        const { acts } = context;
        const result = await acts.once(() => resolve(args.input as Input, acts, context));
        await context.renew();
        return result;
      },
    }),
  );
}
