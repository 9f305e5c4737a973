/** What became of one row of a set-based act. */
import type { DomainError } from './errors.ts';

/** `id` is the uuid of what the row stands for; `notes` say what was done to it that was not asked for. */
export type Done = { outcome: 'created' | 'unchanged' | 'changed'; id: string; notes?: string[] };

export type Refused = { outcome: 'refused'; error: DomainError };

export type Outcome = Done | Refused;

/** The refusal of a row. */
export function refused(error: DomainError): Refused {
  return { outcome: 'refused', error };
}

/** What became of an act on one row. Throws the refusal. */
export function single<Row extends Outcome>(outcomes: Row[]): Exclude<Row, { outcome: 'refused' }> {
  const [outcome] = outcomes;
  if (outcome === undefined) {
    throw new Error('An act on one row had no outcome.');
  }
  if (isRefused(outcome)) {
    throw outcome.error;
  }
  return outcome as Exclude<Row, { outcome: 'refused' }>;
}

/** Whether the row was refused. */
export function isRefused(outcome: Outcome): outcome is Refused {
  return outcome.outcome === 'refused';
}
