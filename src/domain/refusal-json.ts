/** Refusals as JSON, so that what came of many rows can be kept for an idempotency key. */
import * as errors from './errors.ts';
import * as invitationErrors from './invitation-errors.ts';

/** What is kept of a refusal: its class, its message and its fields. */
export type RefusalJson = { name: string; message: string; fields: Record<string, unknown> };

/** A refusal as JSON, whose fields must be JSON themselves. */
export function refusalToJson(error: errors.DomainError): RefusalJson {
  return { name: error.name, message: error.message, fields: { ...error } };
}

const classes: Record<string, unknown> = { ...errors, ...invitationErrors };

/** The refusal again. @throws Error for what `refusalToJson` has not made. */
export function refusalOfJson({ name, message, fields }: RefusalJson): errors.DomainError {
  const Class = classes[name];
  if (typeof Class !== 'function' || !(Class.prototype instanceof errors.DomainError)) {
    throw new Error(`There is no refusal ${name}.`);
  }
  const error = Object.create(Class.prototype) as errors.DomainError;
  return Object.assign(error, fields, { message });
}
