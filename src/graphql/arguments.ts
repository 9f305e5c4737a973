/** Arguments of queries, read into what the loaders take. */
import { InputError } from '../domain/errors.ts';
import { decodeId, type IdKind } from '../domain/id.ts';
import { isStorableText } from '../domain/text.ts';
import { invalidArgument } from './errors.ts';

const LONGEST_TEXT = 1000;
const LONGEST_METADATA = 4096;

const nouns: Record<IdKind, string> = {
  org: 'an organization',
  usr: 'a user',
  mbr: 'a membership',
  inv: 'an invitation',
  rol: 'a role',
  key: 'an API key',
  evt: 'an event',
};

/**
 * The uuid of an id of that kind.
 *
 * @throws GraphQLError INVALID_INPUT for a broken id and for one of another kind.
 */
export function idArgument(kind: IdKind, id: string, argument: string[]): string {
  const uuid = decodeId(kind, id);
  if (uuid === null) {
    throw invalidArgument(argument, expectedId(kind));
  }
  return uuid;
}

/**
 * The uuid of an id in the input of a mutation; null and undefined stay what they are.
 *
 * @throws InputError for a broken id and for one of another kind.
 */
export function idInput<Id extends string | null | undefined>(
  kind: IdKind,
  id: Id,
  ...path: string[]
): Id extends string ? string : Id {
  const uuid = id == null ? id : decodeId(kind, id);
  if (id != null && uuid === null) {
    throw new InputError([{ path, message: expectedId(kind) }]);
  }
  return uuid as Id extends string ? string : Id;
}

/**
 * The uuids of a list of ids in the input of a mutation; null and undefined stay what they are.
 *
 * @throws InputError for all that are broken or of another kind.
 */
export function idListInput<Ids extends readonly string[] | null | undefined>(
  kind: IdKind,
  ids: Ids,
  ...path: string[]
): Ids extends readonly string[] ? string[] : Ids {
  const uuids = ids?.map((id) => decodeId(kind, id));
  const issues = (uuids ?? []).flatMap((uuid, index) =>
    uuid === null ? [{ path: [...path, String(index)], message: expectedId(kind) }] : [],
  );
  if (issues.length > 0) {
    throw new InputError(issues);
  }
  return (uuids ?? ids) as Ids extends readonly string[] ? string[] : Ids;
}

function expectedId(kind: IdKind): string {
  return `must be the id of ${nouns[kind]}: ${kind}_ and 26 characters`;
}

/**
 * Text to look for.
 *
 * @throws GraphQLError INVALID_INPUT for text that PostgreSQL cannot hold, or that is longer than anything stored.
 */
export function textArgument<Text extends string | null | undefined>(
  text: Text,
  argument: string[],
): Text {
  if (text != null && (text.length > LONGEST_TEXT || !isStorableText(text))) {
    throw invalidArgument(
      argument,
      `must be at most ${LONGEST_TEXT} characters, without NUL and unpaired surrogates`,
    );
  }
  return text;
}

/**
 * Metadata to look for.
 *
 * @throws GraphQLError INVALID_INPUT for what no metadata can contain.
 */
export function metadataArgument<Filter extends object | null | undefined>(
  filter: Filter,
  argument: string[],
): Filter {
  const text = JSON.stringify(filter ?? {});
  const storable = isStorableText(text) && !/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i.test(text);
  if (Buffer.byteLength(text) > LONGEST_METADATA || !storable) {
    throw invalidArgument(
      argument,
      `must be at most ${LONGEST_METADATA} bytes of JSON, without NUL and unpaired surrogates`,
    );
  }
  return filter;
}
