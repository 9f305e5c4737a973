import type { ExecutionResult } from 'graphql';
import type { Caller } from '../auth/caller.ts';
import type { Exchange } from '../telemetry/exchange.ts';

/** What a transport knows about an operation before it runs. */
export type Operation = {
  caller: Caller;
  /** The remote address, of whoever is connected to us. */
  address: string;
  requestId: string;
  exchange: Exchange;
  /** The header of this name, where the transport has headers. */
  idempotencyKey?: string;
  /** Calls once nobody waits for the answer any more, where the transport does not close streams by itself. */
  whenGone?(then: () => void): void;
  /** What it came to, where it was executed already and still has to be answered. */
  result?: ExecutionResult;
};
