/** Takes a window of rows of a file through reading, the check for duplicates, and the domain. */
import { DomainError, DuplicateError, InputError } from '../../domain/errors.ts';
import { decodeId, type IdKind, kindOf } from '../../domain/id.ts';
import { type Apply, applyOrSplit, describeFailure } from './failures.ts';
import type { RowResult } from './report.ts';
import type { SeenKeys } from './seen.ts';
import type { Session } from './session.ts';
import type { SourceRow } from './source.ts';
import { CellError, type Cells } from './values.ts';

/** A row that can be tried. */
export type Candidate<Input> = {
  line: number;
  sourceId: string;
  /** What only one row of the file may have; undefined if that cannot be told. */
  key: string | undefined;
  /** What else is unique: of rows that share it, one is tried after the other. */
  claims?: string[];
  input: Input;
};

type Read<Input> = Omit<Candidate<Input>, 'line' | 'sourceId'>;

/** Ids as people see them. */
export type Ids = Pick<RowResult, 'organizationId' | 'userId' | 'membershipId'>;

/** How one kind of file is imported. */
export type FileRules<Input> = {
  sourceId(cells: Cells): string;
  /** @throws CellError for a cell that cannot be read. */
  read(cells: Cells): Read<Input>;
  /** Replaces what rows name by what it is. A row that names what is not there becomes its refusal. */
  resolve?(candidates: Candidate<Input>[]): Promise<(Candidate<Input> | RowResult)[]>;
  /** Divides rows into lanes that can be written at the same time, each in its order. @default one lane */
  lanes?(candidates: Candidate<Input>[]): Candidate<Input>[][];
  /** All or nothing, in one transaction. */
  apply: Apply<Candidate<Input>, RowResult>;
  /** What stands for rows whose key an earlier row of the file has taken, in their order. */
  winners(candidates: Candidate<Input>[]): Promise<Ids[]>;
  /** What a row waits for together with others, if anything: the organization whose lock it needs. */
  group?(candidate: Candidate<Input>): string;
  duplicate: { code: string; note: string };
};

/** The results of a window in the order of its rows, as far as it got before `failure` stopped it. */
export type WindowResult = { results: RowResult[]; failure?: unknown };

/** Imports a window of rows; `onDone` is told of every batch of so many rows that is through. */
export type ImportWindow = (
  rows: SourceRow[],
  signal: AbortSignal,
  onDone: (rows: number) => void,
) => Promise<WindowResult>;

const batchSize = 1000;

/** An `ImportWindow` by the rules of a kind of file; `seen` holds the keys of the rows of the file until then. */
export function windowImporter<Input>(
  rules: FileRules<Input>,
  session: Session,
  seen: SeenKeys,
): ImportWindow {
  const apply = applyOrSplit(
    rules.apply,
    (row) => rules.group?.(row),
    (row, error) => refuseByError(session, row, error),
  );

  return async (rows, signal, onDone) => {
    const results: RowResult[] = [];
    const note = (...batch: RowResult[]) => {
      results.push(...batch);
      onDone(batch.length);
    };
    const applyLane = async (lane: Candidate<Input>[]) => {
      for (let at = 0; at < lane.length && !signal.aborted; at += batchSize) {
        const batch = lane.slice(at, at + batchSize);
        const applied = await apply(batch);
        for (const [place, { outcome }] of applied.entries()) {
          const key = batch[place]?.key;
          if (key !== undefined && outcome !== 'refused') {
            seen.add(key);
          }
        }
        note(...applied);
      }
    };
    const work = async () => {
      const [candidates, unread] = divide(rows.map((row) => readRow(rules, row)));
      note(...unread);
      const [found, unresolved] = divide((await rules.resolve?.(candidates)) ?? candidates);
      note(...unresolved);
      // A row whose key is tried by an earlier one waits: it is a duplicate only if that one gets through.
      for (let left = found; left.length > 0 && !signal.aborted; ) {
        const { first, waiting, duplicates } = sortOut(left, seen);
        await allEnded((rules.lanes?.(first) ?? [first]).map(applyLane));
        note(...(await refuseDuplicates(rules, duplicates)));
        left = waiting;
      }
    };
    const failure = await work().then(
      () => undefined,
      (error: unknown) => error,
    );
    return { results: results.sort((one, other) => one.line - other.line), failure };
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
export function refuseByError(
  session: Session,
  row: { line: number; sourceId: string },
  error: unknown,
): RowResult {
  if (error instanceof InputError) {
    const said = error.issues.map(({ path, message }) => `"${columnOf(path)}" ${message}.`);
    return refusal(row, error.code, said.join(' '));
  }
  if (error instanceof DomainError) {
    return refusal(row, error.code, error.message, existingIds(session, error));
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

function divide<Input>(
  rows: (Candidate<Input> | RowResult)[],
): [candidates: Candidate<Input>[], results: RowResult[]] {
  const candidates: Candidate<Input>[] = [];
  const results: RowResult[] = [];
  for (const row of rows) {
    if ('outcome' in row) {
      results.push(row);
    } else {
      candidates.push(row);
    }
  }
  return [candidates, results];
}

// Waits for all, so that nothing is still being written when the first failure is thrown.
async function allEnded(work: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') {
    throw failed.reason;
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
    const { key, claims = [] } = candidate;
    const wanted = key === undefined ? claims : [key, ...claims];
    if (key !== undefined && seen.has(key)) {
      sorted.duplicates.push(candidate);
    } else if (wanted.some((claim) => tried.has(claim))) {
      sorted.waiting.push(candidate);
    } else {
      sorted.first.push(candidate);
    }
    for (const claim of wanted) {
      tried.add(claim);
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

function existingIds(session: Session, error: DomainError): Ids {
  const id = error instanceof DuplicateError ? error.existingId : null;
  const kind = id === null ? null : kindOf(id);
  const field = kind === null ? undefined : idFields[kind];
  const uuid = id === null || kind === null ? null : decodeId(kind, id);
  return field !== undefined && uuid !== null && session.lasts(uuid) ? { [field]: id } : {};
}

const otherColumns: Record<string, string> = { roleKeys: 'roles' };

// The domain speaks of fields, whoever made the file of columns.
function columnOf([field = '', ...inside]: string[]): string {
  const column =
    otherColumns[field] ?? field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return [column, ...inside].join('.');
}
