/** How lists are sorted: a field and a direction. */
import type { EnumRef } from '@pothos/core';
import { builder } from './builder.ts';

const OrderDirection = builder.enumType('OrderDirection', {
  description: 'Which end of a list comes first.',
  values: {
    ASC: { description: 'The smallest, earliest or alphabetically first value comes first.' },
    DESC: { description: 'The largest, latest or alphabetically last value comes first.' },
  },
});

/** The input type `<Name>Order` of lists that can be sorted by `field`. */
export function orderType<Field extends string>(
  name: string,
  field: EnumRef<typeof builder.$inferSchemaTypes, Field>,
  noun: string,
) {
  return builder.inputType(`${name}Order`, {
    description: `How to sort ${noun}.`,
    fields: (t) => ({
      field: t.field({ type: field, required: true, description: 'What to sort by.' }),
      direction: t.field({
        type: OrderDirection,
        required: true,
        description: 'Which end comes first.',
      }),
    }),
  });
}
