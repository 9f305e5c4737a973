/** Takes a batch of rows of a file through reading, the check for duplicates, and the domain. */
import { DomainError, DuplicateError } from '../../domain/errors.ts';
import { type IdKind, kindOf } from '../../domain/id.ts';
import { type Apply, applyOrSplit, describeFailure } from './failures.ts';
import type { RowResult } from './report.ts';
import type { SeenKeys } from './seen.ts';
import type { SourceRow } from './source.ts';
import { CellError, type Cells } from './values.ts';

/** A row that can be tried. */
export type Candidate<Input> = {
  line: number;
  sourceId: string;
  /** What only one row of the file may have; undefined if that cannot be told. */
  key: string | undefined;
  input: Input;
};

/** Ids as people see them. */
export type Ids = Pick<RowResult, 'organizationId' | 'userId' | 'membershipId'>;

/** How one kind of file is imported. */
export type FileRules<Input> = {
  sourceId(cells: Cells): string;
  /** @throws CellError for a cell that cannot be read. */
  read(cells: Cells): { key: string | undefined; input: Input };
  /** Replaces what rows name by what it is. A row that names what is not there becomes its refusal. */
  resolve?(candidates: Candidate<Input>[]): Promise<(Candidate<Input> | RowResult)[]>;
  /** All or nothing, in one transaction. */
  apply: Apply<Candidate<Input>, RowResult>;
  /** What stands for rows whose key an earlier row of the file has taken, in their order. */
  winners(candidates: Candidate<Input>[]): Promise<Ids[]>;
  /** What a row waits for together with others, if anything: the organization whose lock it needs. */
  group?(candidate: Candidate<Input>): string;
  duplicate: { code: string; note: string };
};

/** Imports a batch of rows and resolves to their results, in the order of the rows. */
export type ImportBatch = (rows: SourceRow[]) => Promise<RowResult[]>;

/** An `ImportBatch` by the rules of a kind of file; `seen` holds the keys of the rows of the file until then. */
export function batchImporter<Input>(rules: FileRules<Input>, seen: SeenKeys): ImportBatch {
  const apply = applyOrSplit(rules.apply, (row) => rules.group?.(row), refuseByError);

  return async (rows) => {
    const results: RowResult[] = [];
    const note = (result: RowResult) => results.push(result);
    const candidates: Candidate<Input>[] = [];
    for (const row of rows) {
      const read = readRow(rules, row);
      if ('outcome' in read) {
        note(read);
      } else {
        candidates.push(read);
      }
    }
    let left: Candidate<Input>[] = [];
    for (const resolved of (await rules.resolve?.(candidates)) ?? candidates) {
      if ('outcome' in resolved) {
        note(resolved);
      } else {
        left.push(resolved);
      }
    }
    // A row whose key is tried by an earlier one waits: it is a duplicate only if that one gets through.
    while (left.length > 0) {
      const { first, waiting, duplicates } = sortOut(left, seen);
      const applied = await apply(first);
      for (const [at, result] of applied.entries()) {
        const key = first[at]?.key;
        if (key !== undefined && result.outcome !== 'refused') {
          seen.add(key);
        }
        note(result);
      }
      (await refuseDuplicates(rules, duplicates)).forEach(note);
      left = waiting;
    }
    return results.sort((one, other) => one.line - other.line);
  };
}

/** The result of a row that is refused. */
export function refusal(
  { line, sourceId }: { line: number; sourceId: string },
  code: string,
  reason: string,
  ids: Ids = {},
): RowResult {
  return { line, sourceId, outcome: 'refused', code, notes: [reason], ...ids };
}

/** The result of a row that an error refused; a DomainError says what stands in the way, if anything does. */
export function refuseByError(row: { line: number; sourceId: string }, error: unknown): RowResult {
  if (error instanceof DomainError) {
    return refusal(row, error.code, error.message, existingIds(error));
  }
  return refusal(row, 'FAILED', describeFailure(error));
}

function readRow<Input>(rules: FileRules<Input>, row: SourceRow): Candidate<Input> | RowResult {
  const { line, cells, problem } = row;
  if (cells === undefined) {
    return refusal({ line, sourceId: '' }, 'INVALID_INPUT', problem);
  }
  const sourceId = rules.sourceId(cells);
  try {
    return { line, sourceId, ...rules.read(cells) };
  } catch (error) {
    if (error instanceof CellError) {
      return refusal({ line, sourceId }, 'INVALID_INPUT', error.message);
    }
    throw error;
  }
}

function sortOut<Input>(candidates: Candidate<Input>[], seen: SeenKeys) {
  const tried = new Set<string>();
  const sorted: Record<'first' | 'waiting' | 'duplicates', Candidate<Input>[]> = {
    first: [],
    waiting: [],
    duplicates: [],
  };
  for (const candidate of candidates) {
    const { key } = candidate;
    if (key !== undefined && seen.has(key)) {
      sorted.duplicates.push(candidate);
    } else if (key !== undefined && tried.has(key)) {
      sorted.waiting.push(candidate);
    } else {
      sorted.first.push(candidate);
      tried.add(key ?? '');
    }
  }
  return sorted;
}

async function refuseDuplicates<Input>(
  { winners, duplicate }: FileRules<Input>,
  duplicates: Candidate<Input>[],
): Promise<RowResult[]> {
  if (duplicates.length === 0) {
    return [];
  }
  const ids = await winners(duplicates);
  return duplicates.map((row, at) => refusal(row, duplicate.code, duplicate.note, ids[at]));
}

const idFields: Partial<Record<IdKind, keyof Ids>> = {
  org: 'organizationId',
  usr: 'userId',
  mbr: 'membershipId',
};

function existingIds(error: DomainError): Ids {
  const id = error instanceof DuplicateError ? error.existingId : null;
  const kind = id === null ? null : kindOf(id);
  const field = kind === null ? undefined : idFields[kind];
  return id === null || field === undefined ? {} : { [field]: id };
}
