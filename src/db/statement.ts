/** Statements that PostgreSQL keeps prepared. */
import { createHash } from 'node:crypto';

/** A statement with numbered parameters, as it is sent to PostgreSQL. */
export type Statement = {
  name: string;
  text: string;
  /** What it is for, in words. */
  summary?: string;
};

/** A name for the prepared form of `text`, the same wherever that text is sent. */
export function statementName(text: string): string {
  return `gh_${createHash('sha256').update(text).digest('base64url').slice(0, 20)}`;
}
