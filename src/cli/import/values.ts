/** Cells into values. What a value may be is the domain's business; here it is only given its type. */
import type { JsonObject } from '../../domain/metadata.ts';

/** A cell that cannot be read; the message names its column. */
export class CellError extends Error {
  override readonly name = 'CellError';
}

/** A row by its columns, without the empty cells. */
export type Cells = Record<string, string>;

/** The cell of a column that may not be empty. @throws CellError */
export function required(cells: Cells, name: string): string {
  const cell = cells[name];
  if (cell === undefined) {
    throw new CellError(`"${name}" is empty.`);
  }
  return cell;
}

/** A JSON object, or undefined for an empty cell. @throws CellError */
export function jsonObject(cells: Cells, name: string): JsonObject | undefined {
  const cell = cells[name];
  if (cell === undefined) {
    return undefined;
  }
  let value: unknown;
  try {
    value = JSON.parse(cell);
  } catch {
    throw new CellError(`"${name}" is not JSON.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CellError(`"${name}" is not a JSON object.`);
  }
  return value as JsonObject;
}

/** `true` or `false` as databases and spreadsheets write them, or undefined for an empty cell. @throws CellError */
export function boolean(cells: Cells, name: string): boolean | undefined {
  const cell = cells[name];
  if (cell === undefined) {
    return undefined;
  }
  if (/^(true|t|yes|1)$/i.test(cell)) {
    return true;
  }
  if (/^(false|f|no|0)$/i.test(cell)) {
    return false;
  }
  throw new CellError(`"${name}" is neither true nor false.`);
}

/** A whole number from 0 on, or undefined for an empty cell. @throws CellError */
export function wholeNumber(cells: Cells, name: string): number | undefined {
  const cell = cells[name];
  if (cell === undefined) {
    return undefined;
  }
  if (!/^\d{1,9}$/.test(cell)) {
    throw new CellError(`"${name}" is not a whole number.`);
  }
  return Number(cell);
}

/** One of `values`, in any case, or undefined for an empty cell. @throws CellError */
export function oneOf<Value extends string>(
  cells: Cells,
  name: string,
  values: readonly Value[],
): Value | undefined {
  const cell = cells[name];
  if (cell === undefined) {
    return undefined;
  }
  const value = values.find((each) => each === cell.toUpperCase());
  if (value === undefined) {
    throw new CellError(`"${name}" is none of ${values.join(', ')}.`);
  }
  return value;
}

const datePattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * A point in time in ISO 8601, or undefined for an empty cell. A date alone is its first moment; without a zone it is
 * UTC, so that the same file means the same on every machine.
 *
 * @throws CellError
 */
export function dateTime(cells: Cells, name: string): Date | undefined {
  const cell = cells[name];
  if (cell === undefined) {
    return undefined;
  }
  const date = parseDateTime(cell);
  if (date === undefined) {
    throw new CellError(
      `"${name}" is not a date and time like 2025-06-27T10:57:43Z or 2025-06-27.`,
    );
  }
  return date;
}

function parseDateTime(text: string): Date | undefined {
  const match = datePattern.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone] =
    match;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}`;
  const utc = new Date(`${local}Z`);
  // Date makes March 2 of February 30.
  if (Number.isNaN(utc.getTime()) || !utc.toISOString().startsWith(local.slice(0, 19))) {
    return undefined;
  }
  return new Date(utc.getTime() - zoneOffset(zone));
}

// In milliseconds, positive to the east.
function zoneOffset(zone = 'Z'): number {
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (match === null) {
    return 0;
  }
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return (match[1] === '-' ? -minutes : minutes) * 60_000;
}

/** Several values in one cell, separated by `|` or `;`; undefined for an empty cell. */
export function list(cells: Cells, name: string): string[] | undefined {
  const values = cells[name]
    ?.split(/[|;]/)
    .map((each) => each.trim())
    .filter((each) => each !== '');
  return values?.length === 0 ? undefined : values;
}
