/** Profiles as inputs have them: an object of its own beside the other fields. */
import { InputError } from './errors.ts';
import type { ProfileField } from './identity-model.ts';

/** What clears these fields. */
export function clearedProfile<Field extends ProfileField>(
  fields: readonly Field[],
): { [Name in Field]: null } {
  return Object.fromEntries(fields.map((field) => [field, null])) as { [Name in Field]: null };
}

/**
 * Does `work`, in which the fields of the profile stand among the others.
 *
 * @throws what `work` throws; what is wrong with one of `fields` is said with its path, as the caller gave it.
 */
export async function inProfile<Result>(
  fields: readonly ProfileField[],
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError)) {
      throw error;
    }
    throw new InputError(
      error.issues.map(({ path, message }) => ({
        path: fields.some((field) => field === path[0]) ? ['profile', ...path] : path,
        message,
      })),
    );
  }
}
