/** What a setting is made of. */
import { z } from 'zod';

/** A setting: its meaning, its default as it would be written, how it is read, and what is said to be expected. */
export function setting<Value>(
  meaning: string,
  byDefault: string | undefined,
  schema: z.ZodType<Value>,
  expected: string,
) {
  return { meaning, byDefault, schema, expected };
}

/** A setting that is a whole number from `least` to `most`. */
export function countSetting(meaning: string, byDefault: string, least: number, most: number) {
  return setting(
    meaning,
    byDefault,
    countFrom(least, most),
    `a whole number from ${least} to ${most}`,
  );
}

/** A setting that is a whole number from 1 (or `least`) to `most`, or undefined where it says "off". */
export function rateSetting(meaning: string, byDefault: string, most: number, least = 1) {
  const off = z.literal('off').transform(() => undefined);
  const expected = `"off" or a whole number from ${least} to ${most}`;
  return setting(meaning, byDefault, z.union([off, countFrom(least, most)]), expected);
}

/** A setting that is "on" or "off". */
export function switchSetting(meaning: string, byDefault: 'on' | 'off') {
  const schema = z.enum(['on', 'off']).transform((value) => value === 'on');
  return setting(meaning, byDefault, schema, '"on" or "off"');
}

function countFrom(least: number, most: number) {
  return z
    .string()
    .regex(/^\d{1,13}$/)
    .transform(Number)
    .refine((count) => count >= least && count <= most);
}
