/** What a peer is: something else that a team could pick, asked in its own way for the same data. */
import type { Contender, Question, Request } from '../operations.ts';

export type Peer = {
  /** Its name in tables. */
  title: string;
  /** Its program in the folder of the benchmark. */
  program: string;
  /** What it has an equivalent of. */
  operations: readonly Question['operation'][];
  /** Whether its packages are its own, and not Gatehouse's, too. */
  needsInstall: boolean;
  /** Whether it refuses a stranger. The others ask nobody who they are. */
  authorizes: boolean;
  /** The database that it uses, by the URL of Gatehouse's. */
  databaseUrl(url: string): string;
  requestOf(contender: Contender, question: Question): Request;
  /** The data of its answer in the shape of Gatehouse's; undefined when there is none. */
  dataOf(answer: unknown, question: Question): unknown;
  /** What Gatehouse's data is without what this peer does not say. */
  said(data: unknown): unknown;
};
